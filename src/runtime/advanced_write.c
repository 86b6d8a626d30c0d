#include "advanced.h"

#include "v8_tags.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

enum { DEPTH = 2048 };

static int write_value(struct bytes *out, const json_t *value, int depth);

static void
write_varint(struct bytes *out, uint32_t value)
{
	for (; value >= 0x80; value >>= 7)
		bytes_put(out, (char)(value | 0x80));
	bytes_put(out, (char)value);
}

static void
write_double(struct bytes *out, double value)
{
	char bytes[sizeof(value)];

	memcpy(bytes, &value, sizeof(value));
	bytes_put(out, V8_DOUBLE);
	bytes_add(out, bytes, sizeof(bytes));
}

static void
write_int32(struct bytes *out, int32_t value)
{
	bytes_put(out, V8_INT32);
	write_varint(
	    out, value < 0 ? ~((uint32_t)value << 1) : (uint32_t)value << 1);
}

static void
write_integer(struct bytes *out, json_int_t value)
{
	if (value >= INT32_MIN && value <= INT32_MAX)
		write_int32(out, (int32_t)value);
	else
		write_double(out, (double)value);
}

/* V8 reads UTF-8 as well, and Latin-1 faster: ASCII is both. */
static void
write_string(struct bytes *out, const char *text, size_t size)
{
	unsigned char any = 0;

	for (size_t i = 0; i < size; i++)
		any |= (unsigned char)text[i];
	bytes_put(out, any < 0x80 ? V8_ONE_BYTE : V8_UTF8);
	write_varint(out, (uint32_t)size);
	bytes_add(out, text, size);
}

static bool
is_holder(const json_t *value)
{
	return json_is_array(value) || json_is_object(value);
}

static int
write_array(struct bytes *out, const json_t *array, int depth)
{
	size_t count = json_array_size(array);
	int error = 0;

	bytes_put(out, V8_DENSE);
	write_varint(out, (uint32_t)count);
	for (size_t i = 0; i < count && !error; i++)
		error = write_value(out, json_array_get(array, i), depth);
	bytes_put(out, V8_DENSE_END);
	write_varint(out, 0);
	write_varint(out, (uint32_t)count);
	return error;
}

static int
write_object(struct bytes *out, const json_t *value, int depth)
{
	json_t *object = (json_t *)value;
	void *member = json_object_iter(object);
	int error = 0;

	bytes_put(out, V8_OBJECT);
	for (; member && !error;
	     member = json_object_iter_next(object, member)) {
		write_string(out, json_object_iter_key(member),
		             json_object_iter_key_len(member));
		error = write_value(out, json_object_iter_value(member), depth);
	}
	bytes_put(out, V8_OBJECT_END);
	write_varint(out, (uint32_t)json_object_size(object));
	return error;
}

static int
write_value(struct bytes *out, const json_t *value, int depth)
{
	if (depth == DEPTH && is_holder(value))
		return -ELOOP;
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return write_object(out, value, depth + 1);
	case JSON_ARRAY:
		return write_array(out, value, depth + 1);
	case JSON_STRING:
		write_string(out, json_string_value(value),
		             json_string_length(value));
		return 0;
	case JSON_INTEGER:
		write_integer(out, json_integer_value(value));
		return 0;
	case JSON_REAL:
		write_double(out, json_real_value(value));
		return 0;
	case JSON_TRUE:
		bytes_put(out, V8_TRUE);
		return 0;
	case JSON_FALSE:
		bytes_put(out, V8_FALSE);
		return 0;
	case JSON_NULL:
		break;
	}
	bytes_put(out, V8_NULL);
	return 0;
}

int
advanced_write(struct bytes *out, const json_t *value)
{
	int error;

	bytes_put(out, (char)V8_VERSION);
	bytes_put(out, V8_NEWEST);
	error = write_value(out, value, 0);
	return out->failed ? -ENOMEM : error;
}
