/*
 * Failures, before line one: the text ends too early; it is no JSON at some
 * byte; it is nested too deep; there is no memory. All give NULL, and nothing
 * that was built so far is kept. What is merely odd (see the header) is read.
 */
#include "json_text.h"

#include "json_reader.h"

#include <errno.h>
#include <stdlib.h>

static json_t *read_value(struct json_reader *reader);

/* ---- words and spaces ---- */

static void
skip_space(struct json_reader *reader)
{
	while (reader->at < reader->end &&
	       (*reader->at == ' ' || *reader->at == '\n' ||
	        *reader->at == '\r' || *reader->at == '\t'))
		reader->at++;
}

/* The same behind spaces, and skips those that follow. */
static bool
take_mark(struct json_reader *reader, char byte)
{
	skip_space(reader);
	if (!json_take(reader, byte))
		return false;
	skip_space(reader);
	return true;
}

/* ---- numbers ---- */

static bool
take_digits(struct json_reader *reader)
{
	const char *start = reader->at;

	while (reader->at < reader->end && *reader->at >= '0' &&
	       *reader->at <= '9')
		reader->at++;
	return reader->at > start;
}

/* jansson reads it, for strtod(3) is at the mercy of the locale. */
static json_t *
real_of(const char *text, size_t size)
{
	json_error_t error;
	json_t *real = json_loadb(
	    text, size, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, &error);

	if (!real && json_error_code(&error) == json_error_numeric_overflow)
		return json_null();
	return real;
}

static json_t *
integer_of(const char *text, size_t size)
{
	json_int_t value = 0;
	bool negative = *text == '-';

	for (size_t i = negative; i < size; i++) {
		int digit = negative ? '0' - text[i] : text[i] - '0';

		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return real_of(text, size);
	}
	return json_integer(value);
}

static json_t *
read_number(struct json_reader *reader)
{
	const char *start = reader->at;
	bool whole = true;

	json_take(reader, '-');
	if (!json_take(reader, '0') && !take_digits(reader))
		return NULL;
	if (json_take(reader, '.')) {
		whole = false;
		if (!take_digits(reader))
			return NULL;
	}
	if (json_take(reader, 'e') || json_take(reader, 'E')) {
		whole = false;
		if (!json_take(reader, '+'))
			json_take(reader, '-');
		if (!take_digits(reader))
			return NULL;
	}
	return whole ? integer_of(start, (size_t)(reader->at - start))
	             : real_of(start, (size_t)(reader->at - start));
}

/* ---- what holds others ---- */

static json_t *
read_array(struct json_reader *reader)
{
	json_t *array = json_array();

	skip_space(reader);
	if (json_take(reader, ']'))
		return array;
	while (array) {
		if (json_array_append_new(array, read_value(reader)))
			break;
		if (take_mark(reader, ']'))
			return array;
		if (!take_mark(reader, ','))
			break;
	}
	json_decref(array);
	return NULL;
}

/* A key that is not in the source must outlive the strings of its value. */
static bool
read_member(struct json_reader *reader, json_t *object)
{
	struct json_piece key;
	char *own = NULL;
	int error;

	if (!json_take(reader, '"') || !json_read_string(reader, &key))
		return false;
	if (key.at == reader->text.at) {
		own = reader->text.at;
		reader->text = (struct bytes){0};
	}
	error = !take_mark(reader, ':') ||
	        json_object_setn_new_nocheck(object, key.at ? key.at : "",
	                                     key.size, read_value(reader));
	free(own);
	return !error;
}

static json_t *
read_object(struct json_reader *reader)
{
	json_t *object = json_object();

	skip_space(reader);
	if (json_take(reader, '}'))
		return object;
	while (object && read_member(reader, object)) {
		if (take_mark(reader, '}'))
			return object;
		if (!take_mark(reader, ','))
			break;
	}
	json_decref(object);
	return NULL;
}

static json_t *
read_value(struct json_reader *reader)
{
	struct json_piece piece;
	json_t *value = NULL;
	char first = reader->at < reader->end ? *reader->at : '\0';

	if (first == '"') {
		reader->at++;
		return json_read_string(reader, &piece)
		           ? json_stringn_nocheck(piece.at ? piece.at : "",
		                                  piece.size)
		           : NULL;
	}
	if (first == '-' || (first >= '0' && first <= '9'))
		return read_number(reader);
	if (first == 't' && json_take_word(reader, "true", 4))
		return json_true();
	if (first == 'f' && json_take_word(reader, "false", 5))
		return json_false();
	if (first == 'n' && json_take_word(reader, "null", 4))
		return json_null();
	if ((first != '{' && first != '[') || reader->depth == JSON_TEXT_DEPTH)
		return NULL;
	reader->at++;
	reader->depth++;
	value = first == '{' ? read_object(reader) : read_array(reader);
	reader->depth--;
	return value;
}

json_t *
json_text_read(const char *text, size_t size)
{
	struct json_reader reader = {.at = text, .end = text + size};
	json_t *value;

	skip_space(&reader);
	value = read_value(&reader);
	skip_space(&reader);
	bytes_free(&reader.text);
	if (value && reader.at == reader.end)
		return value;
	json_decref(value);
	return NULL;
}
