/*
 * Failures, before line one: a length promises more than there is; a tag is
 * unknown; an object holds itself; repetition makes little into much (a list of
 * the same list twice, and so on). All end the reading of this one message.
 */
#include "advanced.h"

#include "core/text.h"
#include "v8_tags.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Values beyond the bytes of the message that repetition and sparse arrays may
 * make; nesting, as in json_text.h. */
enum { SPARE_VALUES = 1 << 20, DEPTH = 2048 };

/* An object that a later V8_REFERENCE can mean. */
struct known {
	json_t *value; /* ours, for it may be dropped; NULL while it is read */
	size_t weight; /* values in it */
};

struct reader {
	const unsigned char *at, *end;
	struct bytes text; /* of a string that is not a copy of its source */
	struct known *known;
	size_t known_count, known_room;
	size_t values, values_most;
	int depth;
	int error;
};

struct piece {
	const char *at;
	size_t size;
};

static json_t *read_value(struct reader *reader);

/* ---- parts ---- */

static void *
fail(struct reader *reader, int error)
{
	if (!reader->error)
		reader->error = error;
	return NULL;
}

static size_t
left(const struct reader *reader)
{
	return (size_t)(reader->end - reader->at);
}

/* A tag, behind padding; -1: there is none. */
static int
take_tag(struct reader *reader)
{
	while (reader->at < reader->end && *reader->at == V8_PADDING)
		reader->at++;
	return reader->at < reader->end ? *reader->at++ : -1;
}

static int
peek_tag(struct reader *reader)
{
	int tag = take_tag(reader);

	if (tag >= 0)
		reader->at--;
	return tag;
}

/* Seven bits a byte, the lowest first; the top bit says that more follow. */
static bool
take_varint(struct reader *reader, uint32_t *value)
{
	*value = 0;
	for (int shift = 0; shift < 32; shift += 7) {
		unsigned char byte;

		if (reader->at == reader->end)
			break;
		byte = *reader->at++;
		*value |= (uint32_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	fail(reader, -EPROTO);
	return false;
}

static const unsigned char *
take_bytes(struct reader *reader, size_t size)
{
	const unsigned char *start = reader->at;

	if (left(reader) < size)
		return fail(reader, -EPROTO);
	reader->at += size;
	return start;
}

static bool
take_double(struct reader *reader, double *value)
{
	const unsigned char *bytes = take_bytes(reader, sizeof(*value));

	if (bytes)
		memcpy(value, bytes, sizeof(*value));
	return bytes != NULL;
}

/* ---- what references mean ---- */

/* The number of a new object; SIZE_MAX: no memory. */
static size_t
know(struct reader *reader)
{
	if (reader->known_count == reader->known_room) {
		size_t room = reader->known_room * 2 + 16;
		struct known *known =
		    realloc(reader->known, room * sizeof(*known));

		if (!known) {
			fail(reader, -ENOMEM);
			return SIZE_MAX;
		}
		reader->known = known;
		reader->known_room = room;
	}
	reader->known[reader->known_count] = (struct known){0};
	return reader->known_count++;
}

static bool
count_values(struct reader *reader, size_t count)
{
	if (count > reader->values_most - reader->values)
		return fail(reader, -ENOTSUP) != NULL;
	reader->values += count;
	return true;
}

static json_t *
read_reference(struct reader *reader)
{
	uint32_t number;

	if (!take_varint(reader, &number))
		return NULL;
	if (number >= reader->known_count)
		return fail(reader, -EPROTO);
	if (!reader->known[number].value)
		return fail(reader, -ENOTSUP);
	if (!count_values(reader, reader->known[number].weight))
		return NULL;
	return json_incref(reader->known[number].value);
}

/* ---- numbers ---- */

/* JavaScript has one kind of number; what is whole is an integer here, as it
 * would be in JSON. */
static json_t *
number_of(double value)
{
	static const double most = 9007199254740992.0;

	if (!isfinite(value))
		return json_null();
	if (value >= -most && value <= most && value == floor(value) &&
	    !(value == 0 && signbit(value)))
		return json_integer((json_int_t)value);
	return json_real(value);
}

static json_t *
read_number(struct reader *reader, int tag)
{
	uint32_t number;
	double value;

	if (tag == V8_DOUBLE || tag == V8_DATE || tag == V8_NUMBER_OBJECT)
		return take_double(reader, &value) ? number_of(value) : NULL;
	if (!take_varint(reader, &number))
		return NULL;
	if (tag == V8_UINT32)
		return json_integer(number);
	return json_integer((int32_t)(number >> 1) ^ -(int32_t)(number & 1));
}

/* A bit of sign, the number of bytes above it, then the bytes. */
static json_t *
read_bigint(struct reader *reader)
{
	const unsigned char *bytes;
	uint64_t value = 0;
	uint32_t field;
	size_t size;

	if (!take_varint(reader, &field))
		return NULL;
	size = field >> 1;
	bytes = take_bytes(reader, size);
	if (!bytes)
		return NULL;
	for (size_t i = 0; i < size; i++) {
		if (i >= sizeof(value) && bytes[i])
			return fail(reader, -ENOTSUP);
		if (i < sizeof(value))
			value |= (uint64_t)bytes[i] << (8 * i);
	}
	if (value > INT64_MAX)
		return fail(reader, -ENOTSUP);
	return json_integer(field & 1 ? -(json_int_t)value : (json_int_t)value);
}

/* ---- strings ---- */

static void
add_point(struct reader *reader, uint32_t point)
{
	char bytes[4];

	bytes_add(&reader->text, bytes, text_encode(point, bytes));
}

static bool
is_ascii(const unsigned char *bytes, size_t size)
{
	unsigned char any = 0;

	for (size_t i = 0; i < size; i++)
		any |= bytes[i];
	return any < 0x80;
}

/* A surrogate without its other half is U+FFFD. */
static void
add_two_byte(struct reader *reader, const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i += 2) {
		uint32_t unit = bytes[i] | (uint32_t)bytes[i + 1] << 8, low;

		low = i + 2 < size ? bytes[i + 2] | (uint32_t)bytes[i + 3] << 8
		                   : 0;
		if (unit >= 0xd800 && unit < 0xdc00 && low >= 0xdc00 &&
		    low < 0xe000) {
			unit =
			    0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
			i += 2;
		} else if (unit >= 0xd800 && unit < 0xe000) {
			unit = TEXT_REPLACEMENT;
		}
		add_point(reader, unit);
	}
}

static void
add_utf8(struct reader *reader, const unsigned char *bytes, size_t size)
{
	for (size_t at = 0; at < size;) {
		uint32_t point;

		at += text_decode((const char *)bytes + at, size - at, &point);
		add_point(reader, point);
	}
}

/* Behind its tag. The piece is valid until the next string. */
static bool
read_string(struct reader *reader, int tag, struct piece *piece)
{
	const unsigned char *bytes;
	uint32_t size;

	if (!take_varint(reader, &size))
		return false;
	bytes = take_bytes(reader, size);
	if (!bytes)
		return false;
	*piece = (struct piece){(const char *)bytes, size};
	if (tag != V8_TWO_BYTE && is_ascii(bytes, size))
		return true;
	if (tag == V8_TWO_BYTE && size % 2)
		return fail(reader, -EPROTO) != NULL;
	reader->text.used = 0;
	if (tag == V8_TWO_BYTE)
		add_two_byte(reader, bytes, size);
	else if (tag == V8_UTF8)
		add_utf8(reader, bytes, size);
	else
		for (size_t i = 0; i < size; i++)
			add_point(reader, bytes[i]);
	*piece = (struct piece){reader->text.at ? reader->text.at : "",
	                        reader->text.used};
	return !reader->text.failed || fail(reader, -ENOMEM);
}

static json_t *
read_text(struct reader *reader, int tag)
{
	struct piece piece;

	return read_string(reader, tag, &piece)
	           ? json_stringn_nocheck(piece.at, piece.size)
	           : NULL;
}

static bool
is_string(int tag)
{
	return tag == V8_ONE_BYTE || tag == V8_TWO_BYTE || tag == V8_UTF8;
}

/* ---- what holds others ---- */

/* A name, or a number: JavaScript's keys that look like one. */
static bool
read_key(struct reader *reader, struct piece *key, char number[24])
{
	int tag = take_tag(reader);
	json_t *value;

	if (is_string(tag))
		return read_string(reader, tag, key);
	if (tag != V8_INT32 && tag != V8_UINT32 && tag != V8_DOUBLE)
		return fail(reader, -EPROTO) != NULL;
	value = read_number(reader, tag);
	if (!json_is_integer(value)) {
		json_decref(value);
		return fail(reader, -EPROTO) != NULL;
	}
	key->at = number;
	key->size = (size_t)snprintf(number, 24, "%" JSON_INTEGER_FORMAT,
	                             json_integer_value(value));
	json_decref(value);
	return true;
}

/* Reads key and value; puts them into `into`, an object, or where the key says
 * in an array; beside its elements they are dropped. */
static bool
read_member(struct reader *reader, json_t *into)
{
	char number[24], *own = NULL;
	struct piece key;
	json_t *value;
	bool ok;

	if (!read_key(reader, &key, number))
		return false;
	if (key.at == reader->text.at) {
		own = reader->text.at;
		reader->text = (struct bytes){0};
	}
	value = read_value(reader);
	ok = value != NULL;
	if (ok && json_is_object(into))
		ok = json_object_setn_new_nocheck(into, key.at, key.size,
		                                  value) == 0;
	else if (ok && key.at == number &&
	         (size_t)atoll(number) < json_array_size(into))
		ok =
		    json_array_set_new(into, (size_t)atoll(number), value) == 0;
	else
		json_decref(value);
	free(own);
	return ok || fail(reader, -ENOMEM);
}

/* Members until the tag that ends them, and how many it says they were. */
static bool
read_members(struct reader *reader, json_t *into, int end)
{
	uint32_t count, members = 0;
	int tag;

	while ((tag = peek_tag(reader)) != end) {
		if (tag < 0)
			return fail(reader, -EPROTO) != NULL;
		if (!read_member(reader, into))
			return false;
		members++;
	}
	take_tag(reader);
	if (!take_varint(reader, &count))
		return false;
	return count == members || fail(reader, -EPROTO);
}

/* Behind members of an array its length stands once more. */
static bool
ends_array(struct reader *reader, json_t *array, int end, uint32_t length)
{
	uint32_t again;

	if (!read_members(reader, array, end) || !take_varint(reader, &again))
		return false;
	return again == length || fail(reader, -EPROTO);
}

static bool
read_dense(struct reader *reader, json_t *array)
{
	uint32_t length;

	if (!take_varint(reader, &length))
		return false;
	if (length > left(reader))
		return fail(reader, -EPROTO) != NULL;
	for (uint32_t i = 0; i < length; i++) {
		if (peek_tag(reader) == V8_HOLE) {
			take_tag(reader);
			json_array_append_new(array, json_null());
		} else if (json_array_append_new(array, read_value(reader))) {
			return fail(reader, -ENOMEM) != NULL;
		}
	}
	return ends_array(reader, array, V8_DENSE_END, length);
}

static bool
read_sparse(struct reader *reader, json_t *array)
{
	uint32_t length;

	if (!take_varint(reader, &length) || !count_values(reader, length))
		return false;
	for (uint32_t i = 0; i < length; i++)
		if (json_array_append_new(array, json_null()))
			return fail(reader, -ENOMEM) != NULL;
	return ends_array(reader, array, V8_SPARSE_END, length);
}

static json_t *
read_holder(struct reader *reader, int tag)
{
	json_t *holder = tag == V8_OBJECT ? json_object() : json_array();
	bool whole = holder != NULL;

	if (!holder)
		fail(reader, -ENOMEM);
	else if (tag == V8_OBJECT)
		whole = read_members(reader, holder, V8_OBJECT_END);
	else if (tag == V8_DENSE)
		whole = read_dense(reader, holder);
	else
		whole = read_sparse(reader, holder);
	if (whole)
		return holder;
	json_decref(holder);
	return NULL;
}

/* ---- what has identity ---- */

/* What Node adds to the format: views on bytes, and copies of its own objects.
 */
static json_t *
read_host(struct reader *reader)
{
	uint32_t kind, view;

	if (!take_varint(reader, &kind))
		return NULL;
	if (kind == HOST_PLAIN)
		return read_value(reader);
	if (kind != HOST_VIEW)
		return fail(reader, -EPROTO);
	if (!take_varint(reader, &view))
		return NULL;
	if (view != VIEW_UINT8 && view != VIEW_UINT8_CLAMPED &&
	    view != VIEW_BUFFER)
		return fail(reader, -ENOTSUP);
	return read_text(reader, V8_ONE_BYTE);
}

static json_t *
read_identity(struct reader *reader, int tag)
{
	if (tag == V8_OBJECT || tag == V8_DENSE || tag == V8_SPARSE)
		return read_holder(reader, tag);
	if (tag == V8_DATE || tag == V8_NUMBER_OBJECT)
		return read_number(reader, tag);
	if (tag == V8_TRUE_OBJECT || tag == V8_FALSE_OBJECT)
		return json_boolean(tag == V8_TRUE_OBJECT);
	if (tag == V8_ARRAY_BUFFER)
		return read_text(reader, V8_ONE_BYTE);
	if (tag == V8_HOST_OBJECT)
		return read_host(reader);
	if (tag != V8_STRING_OBJECT)
		return fail(reader, tag < 0 ? -EPROTO : -ENOTSUP);
	tag = take_tag(reader);
	return is_string(tag) ? read_text(reader, tag) : fail(reader, -EPROTO);
}

static json_t *
read_object(struct reader *reader, int tag)
{
	size_t number = know(reader), before = reader->values;
	json_t *value;

	if (number == SIZE_MAX)
		return NULL;
	if (reader->depth == DEPTH)
		return fail(reader, -ENOTSUP);
	reader->depth++;
	value = read_identity(reader, tag);
	reader->depth--;
	reader->known[number].value = json_incref(value);
	reader->known[number].weight = reader->values - before + 1;
	return value;
}

static json_t *
read_value(struct reader *reader)
{
	int tag = take_tag(reader);
	uint32_t ignored;

	if (tag == V8_COUNT_CHECK) {
		if (!take_varint(reader, &ignored))
			return NULL;
		tag = take_tag(reader);
	}
	if (!count_values(reader, 1))
		return NULL;
	if (is_string(tag))
		return read_text(reader, tag);
	switch (tag) {
	case V8_NULL:
	case V8_UNDEFINED:
		return json_null();
	case V8_TRUE:
	case V8_FALSE:
		return json_boolean(tag == V8_TRUE);
	case V8_INT32:
	case V8_UINT32:
	case V8_DOUBLE:
		return read_number(reader, tag);
	case V8_BIGINT:
		return read_bigint(reader);
	case V8_REFERENCE:
		return read_reference(reader);
	default:
		return read_object(reader, tag);
	}
}

json_t *
advanced_read(const char *message, size_t size, int *error)
{
	struct reader reader = {
	    .at = (const unsigned char *)message,
	    .end = (const unsigned char *)message + size,
	    .values_most = size + SPARE_VALUES,
	};
	json_t *value = NULL;
	uint32_t version;

	if (take_tag(&reader) != V8_VERSION)
		fail(&reader, -EPROTO);
	else if (take_varint(&reader, &version) &&
	         (version < V8_OLDEST || version > V8_NEWEST))
		fail(&reader, -ENOTSUP);
	if (!reader.error)
		value = read_value(&reader);
	if (value && reader.at != reader.end) {
		fail(&reader, -EPROTO);
		json_decref(value);
		value = NULL;
	}
	if (!value)
		fail(&reader, -ENOMEM);
	*error = reader.error;
	bytes_free(&reader.text);
	for (size_t i = 0; i < reader.known_count; i++)
		json_decref(reader.known[i].value);
	free(reader.known);
	return value;
}
