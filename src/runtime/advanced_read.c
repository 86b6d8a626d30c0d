/*
 * Failures, before line one: a length promises more than there is; a tag is
 * unknown; an object holds itself; repetition makes little into much (a list of
 * the same list twice, and so on). All end the reading of this one message.
 */
#include "advanced.h"

#include "v8_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Values beyond the bytes of the message that repetition and sparse arrays may
 * make; nesting, as in json_text.h. */
enum { SPARE_VALUES = 1 << 16, DEPTH = 2048 };

static json_t *read_value(struct v8_reader *reader);

/* ---- what references mean ---- */

/* The number of a new object; SIZE_MAX: no memory. */
static size_t
know(struct v8_reader *reader)
{
	if (reader->known_count == reader->known_room) {
		size_t room = reader->known_room * 2 + 16;
		struct v8_known *known =
		    realloc(reader->known, room * sizeof(*known));

		if (!known) {
			v8_fail(reader, -ENOMEM);
			return SIZE_MAX;
		}
		reader->known = known;
		reader->known_room = room;
	}
	reader->known[reader->known_count] = (struct v8_known){0};
	return reader->known_count++;
}

static bool
count_values(struct v8_reader *reader, size_t count)
{
	if (count > reader->values_most - reader->values)
		return v8_fail(reader, -ENOTSUP) != NULL;
	reader->values += count;
	return true;
}

static json_t *
read_reference(struct v8_reader *reader)
{
	uint32_t number;

	if (!v8_take_varint(reader, &number))
		return NULL;
	if (number >= reader->known_count)
		return v8_fail(reader, -EPROTO);
	if (!reader->known[number].value)
		return v8_fail(reader, -ENOTSUP);
	if (!count_values(reader, reader->known[number].weight))
		return NULL;
	return json_incref(reader->known[number].value);
}

/* ---- what holds others ---- */

/* A name, or a number: JavaScript's keys that look like one. */
static bool
read_key(struct v8_reader *reader, struct v8_piece *key, char number[24])
{
	int tag = v8_take_tag(reader);
	json_t *value;

	if (v8_is_string(tag))
		return v8_read_string(reader, tag, key);
	if (tag != V8_INT32 && tag != V8_UINT32 && tag != V8_DOUBLE)
		return v8_fail(reader, -EPROTO) != NULL;
	value = v8_read_number(reader, tag);
	if (!json_is_integer(value)) {
		json_decref(value);
		return v8_fail(reader, -EPROTO) != NULL;
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
read_member(struct v8_reader *reader, json_t *into)
{
	char number[24], *own = NULL;
	struct v8_piece key;
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
	return ok || v8_fail(reader, -ENOMEM);
}

/* Members until the tag that ends them, and how many it says they were. */
static bool
read_members(struct v8_reader *reader, json_t *into, int end)
{
	uint32_t count, members = 0;
	int tag;

	while ((tag = v8_peek_tag(reader)) != end) {
		if (tag < 0)
			return v8_fail(reader, -EPROTO) != NULL;
		if (!read_member(reader, into))
			return false;
		members++;
	}
	v8_take_tag(reader);
	if (!v8_take_varint(reader, &count))
		return false;
	return count == members || v8_fail(reader, -EPROTO);
}

/* Behind members of an array its length stands once more. */
static bool
ends_array(struct v8_reader *reader, json_t *array, int end, uint32_t length)
{
	uint32_t again;

	if (!read_members(reader, array, end) ||
	    !v8_take_varint(reader, &again))
		return false;
	return again == length || v8_fail(reader, -EPROTO);
}

static bool
read_dense(struct v8_reader *reader, json_t *array)
{
	uint32_t length;

	if (!v8_take_varint(reader, &length))
		return false;
	if (length > v8_left(reader))
		return v8_fail(reader, -EPROTO) != NULL;
	for (uint32_t i = 0; i < length; i++) {
		if (v8_peek_tag(reader) == V8_HOLE) {
			v8_take_tag(reader);
			json_array_append_new(array, json_null());
		} else if (json_array_append_new(array, read_value(reader))) {
			return v8_fail(reader, -ENOMEM) != NULL;
		}
	}
	return ends_array(reader, array, V8_DENSE_END, length);
}

static bool
read_sparse(struct v8_reader *reader, json_t *array)
{
	uint32_t length;

	if (!v8_take_varint(reader, &length) || !count_values(reader, length))
		return false;
	for (uint32_t i = 0; i < length; i++)
		if (json_array_append_new(array, json_null()))
			return v8_fail(reader, -ENOMEM) != NULL;
	return ends_array(reader, array, V8_SPARSE_END, length);
}

static json_t *
read_holder(struct v8_reader *reader, int tag)
{
	json_t *holder = tag == V8_OBJECT ? json_object() : json_array();
	bool whole = holder != NULL;

	if (!holder)
		v8_fail(reader, -ENOMEM);
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
read_host(struct v8_reader *reader)
{
	uint32_t kind, view;

	if (!v8_take_varint(reader, &kind))
		return NULL;
	if (kind == HOST_PLAIN)
		return read_value(reader);
	if (kind != HOST_VIEW)
		return v8_fail(reader, -EPROTO);
	if (!v8_take_varint(reader, &view))
		return NULL;
	if (view != VIEW_UINT8 && view != VIEW_UINT8_CLAMPED &&
	    view != VIEW_BUFFER)
		return v8_fail(reader, -ENOTSUP);
	return v8_read_text(reader, V8_ONE_BYTE);
}

static json_t *
read_identity(struct v8_reader *reader, int tag)
{
	if (tag == V8_OBJECT || tag == V8_DENSE || tag == V8_SPARSE)
		return read_holder(reader, tag);
	if (tag == V8_DATE || tag == V8_NUMBER_OBJECT)
		return v8_read_number(reader, tag);
	if (tag == V8_TRUE_OBJECT || tag == V8_FALSE_OBJECT)
		return json_boolean(tag == V8_TRUE_OBJECT);
	if (tag == V8_ARRAY_BUFFER)
		return v8_read_text(reader, V8_ONE_BYTE);
	if (tag == V8_HOST_OBJECT)
		return read_host(reader);
	if (tag != V8_STRING_OBJECT)
		return v8_fail(reader, tag < 0 ? -EPROTO : -ENOTSUP);
	tag = v8_take_tag(reader);
	return v8_is_string(tag) ? v8_read_text(reader, tag)
	                         : v8_fail(reader, -EPROTO);
}

static json_t *
read_object(struct v8_reader *reader, int tag)
{
	size_t number = know(reader), before = reader->values;
	json_t *value;

	if (number == SIZE_MAX)
		return NULL;
	if (reader->depth == DEPTH)
		return v8_fail(reader, -ENOTSUP);
	reader->depth++;
	value = read_identity(reader, tag);
	reader->depth--;
	reader->known[number].value = json_incref(value);
	reader->known[number].weight = reader->values - before + 1;
	return value;
}

static json_t *
read_value(struct v8_reader *reader)
{
	int tag = v8_take_tag(reader);
	uint32_t ignored;

	if (tag == V8_COUNT_CHECK) {
		if (!v8_take_varint(reader, &ignored))
			return NULL;
		tag = v8_take_tag(reader);
	}
	if (!count_values(reader, 1))
		return NULL;
	if (v8_is_string(tag))
		return v8_read_text(reader, tag);
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
		return v8_read_number(reader, tag);
	case V8_BIGINT:
		return v8_read_bigint(reader);
	case V8_REFERENCE:
		return read_reference(reader);
	default:
		return read_object(reader, tag);
	}
}

json_t *
advanced_read(const char *message, size_t size, int *error)
{
	struct v8_reader reader = {
	    .at = (const unsigned char *)message,
	    .end = (const unsigned char *)message + size,
	    .values_most = size + SPARE_VALUES,
	};
	json_t *value = NULL;
	uint32_t version;

	if (v8_take_tag(&reader) != V8_VERSION)
		v8_fail(&reader, -EPROTO);
	else if (v8_take_varint(&reader, &version) &&
	         (version < V8_OLDEST || version > V8_NEWEST))
		v8_fail(&reader, -ENOTSUP);
	if (!reader.error)
		value = read_value(&reader);
	if (value && reader.at != reader.end) {
		v8_fail(&reader, -EPROTO);
		json_decref(value);
		value = NULL;
	}
	if (!value)
		v8_fail(&reader, -ENOMEM);
	*error = reader.error;
	bytes_free(&reader.text);
	for (size_t i = 0; i < reader.known_count; i++)
		json_decref(reader.known[i].value);
	free(reader.known);
	return value;
}
