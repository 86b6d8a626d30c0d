#include "json_text.h"

#include "number.h"
#include "plain.h"

#include <errno.h>
#include <stdio.h>
#include <stdint.h>

enum { INTEGER_BYTES = 24 };

static int write_value(struct bytes *out, const json_t *value, int depth);

/* ---- strings ---- */

static void
write_escaped(struct bytes *out, unsigned char byte)
{
	static const char named[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
	const char *found = byte ? strchr(named, byte) : NULL;
	char text[8];

	if (found)
		snprintf(text, sizeof(text), "\\%c", names[found - named]);
	else
		snprintf(text, sizeof(text), "\\u%04x", byte);
	bytes_add(out, text, strlen(text));
}

static void
write_string(struct bytes *out, const char *text, size_t size)
{
	bytes_put(out, '"');
	for (size_t at = 0; at < size; at++) {
		size_t run = plain_run(text + at, size - at, false);

		bytes_add(out, text + at, run);
		at += run;
		if (at < size)
			write_escaped(out, (unsigned char)text[at]);
	}
	bytes_put(out, '"');
}

/* ---- numbers ---- */

static void
write_integer(struct bytes *out, json_int_t value)
{
	char text[INTEGER_BYTES], *at = text + sizeof(text);
	uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;

	do {
		*--at = (char)('0' + left % 10);
		left /= 10;
	} while (left);
	if (value < 0)
		*--at = '-';
	bytes_add(out, at, (size_t)(text + sizeof(text) - at));
}

static void
write_real(struct bytes *out, double value)
{
	char text[NUMBER_TEXT];
	size_t size = number_write(text, value);

	bytes_add(out, text, size);
}

/* ---- what holds others ---- */

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

	bytes_put(out, '[');
	for (size_t i = 0; i < count && !error; i++) {
		if (i)
			bytes_put(out, ',');
		error = write_value(out, json_array_get(array, i), depth);
	}
	bytes_put(out, ']');
	return error;
}

static int
write_object(struct bytes *out, const json_t *value, int depth)
{
	json_t *object = (json_t *)value;
	void *member = json_object_iter(object);
	bool first = true;
	int error = 0;

	bytes_put(out, '{');
	for (; member && !error;
	     member = json_object_iter_next(object, member)) {
		if (!first)
			bytes_put(out, ',');
		first = false;
		write_string(out, json_object_iter_key(member),
		             json_object_iter_key_len(member));
		bytes_put(out, ':');
		error = write_value(out, json_object_iter_value(member), depth);
	}
	bytes_put(out, '}');
	return error;
}

static int
write_value(struct bytes *out, const json_t *value, int depth)
{
	if (depth == JSON_TEXT_DEPTH && is_holder(value))
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
		write_real(out, json_real_value(value));
		return 0;
	case JSON_TRUE:
		bytes_add(out, "true", 4);
		return 0;
	case JSON_FALSE:
		bytes_add(out, "false", 5);
		return 0;
	case JSON_NULL:
		break;
	}
	bytes_add(out, "null", 4);
	return 0;
}

int
json_text_write(struct bytes *out, const json_t *value)
{
	int error = write_value(out, value, 0);

	return out->failed ? -ENOMEM : error;
}
