/*
 * Failures, before line one: the text ends too early; it is no JSON at some
 * byte; it is nested too deep; there is no memory. All give NULL, and nothing
 * that was built so far is kept. What is merely odd (see the header) is read.
 */
#include "json_text.h"

#include "core/text.h"
#include "plain.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

struct reader {
	const char *at, *end;
	struct bytes text; /* of a string that is not a copy of its source */
	int depth;
};

/* A string while it is read: in the source, or in the reader's `text`. */
struct piece {
	const char *at;
	size_t size;
};

static json_t *read_value(struct reader *reader);

/* ---- words and spaces ---- */

static void
skip_space(struct reader *reader)
{
	while (reader->at < reader->end &&
	       (*reader->at == ' ' || *reader->at == '\n' ||
	        *reader->at == '\r' || *reader->at == '\t'))
		reader->at++;
}

static bool
take(struct reader *reader, char byte)
{
	if (reader->at == reader->end || *reader->at != byte)
		return false;
	reader->at++;
	return true;
}

/* The same behind spaces, and skips those that follow. */
static bool
take_mark(struct reader *reader, char byte)
{
	skip_space(reader);
	if (!take(reader, byte))
		return false;
	skip_space(reader);
	return true;
}

static bool
take_word(struct reader *reader, const char *word, size_t size)
{
	if ((size_t)(reader->end - reader->at) < size ||
	    memcmp(reader->at, word, size) != 0)
		return false;
	reader->at += size;
	return true;
}

/* ---- strings ---- */

static void
add_point(struct bytes *text, uint32_t point)
{
	char bytes[4];

	bytes_add(text, bytes, text_encode(point, bytes));
}

/* Bytes of the character at `at`, or of the longest beginning of one; *whole
 * says which. A decoder in a browser, and Node's, puts one U+FFFD in the place
 * of each such beginning (Unicode 15, 3.9: maximal subparts). */
static size_t
character_size(const char *at, size_t size, bool *whole)
{
	unsigned char first = (unsigned char)*at, low = 0x80, high = 0xbf;
	size_t length = first < 0x80    ? 1
	                : first < 0xc2  ? 0
	                : first < 0xe0  ? 2
	                : first < 0xf0  ? 3
	                : first <= 0xf4 ? 4
	                                : 0;

	*whole = length == 1;
	if (length < 2)
		return 1;
	low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
	for (size_t i = 1; i < length; i++) {
		unsigned char next = i < size ? (unsigned char)at[i] : 0;

		if (next < low || next > high)
			return i;
		low = 0x80;
		high = 0xbf;
	}
	*whole = true;
	return length;
}

/* Four hexadecimal digits, or -1. */
static int
take_hex(struct reader *reader)
{
	int value = 0;

	if (reader->end - reader->at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = *reader->at++;
		int digit = c >= '0' && c <= '9'   ? c - '0'
		            : c >= 'a' && c <= 'f' ? c - 'a' + 10
		            : c >= 'A' && c <= 'F' ? c - 'A' + 10
		                                   : -1;

		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

/* Behind \u. A surrogate without its other half is U+FFFD. */
static bool
take_escaped_point(struct reader *reader)
{
	int point = take_hex(reader), low;
	const char *behind = reader->at;

	if (point < 0)
		return false;
	if (point >= 0xd800 && point < 0xdc00 && take_word(reader, "\\u", 2)) {
		low = take_hex(reader);
		if (low < 0)
			return false;
		if (low >= 0xdc00 && low < 0xe000)
			point =
			    0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
		else
			reader->at = behind;
	}
	if (point >= 0xd800 && point < 0xe000)
		point = TEXT_REPLACEMENT;
	add_point(&reader->text, (uint32_t)point);
	return true;
}

static bool
take_escape(struct reader *reader)
{
	static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	const char *found;
	char name;

	reader->at++;
	if (reader->at == reader->end)
		return false;
	name = *reader->at++;
	if (name == 'u')
		return take_escaped_point(reader);
	found = name ? strchr(names, name) : NULL;
	if (!found)
		return false;
	bytes_put(&reader->text, meant[found - names]);
	return true;
}

/* The rest of a string whose source cannot be used as it stands. */
static bool
read_odd_string(struct reader *reader, const char *start, struct piece *piece)
{
	reader->text.used = 0;
	bytes_add(&reader->text, start, (size_t)(reader->at - start));
	while (reader->at < reader->end && *reader->at != '"') {
		size_t left = (size_t)(reader->end - reader->at), size;
		bool whole;

		size = plain_run(reader->at, left, true);
		bytes_add(&reader->text, reader->at, size);
		reader->at += size;
		if (size)
			continue;
		if (*reader->at == '\\') {
			if (!take_escape(reader))
				return false;
			continue;
		}
		if ((unsigned char)*reader->at < 0x20)
			return false;
		size = character_size(reader->at, left, &whole);
		if (whole)
			bytes_add(&reader->text, reader->at, size);
		else
			add_point(&reader->text, TEXT_REPLACEMENT);
		reader->at += size;
	}
	piece->at = reader->text.at;
	piece->size = reader->text.used;
	return !reader->text.failed && take(reader, '"');
}

/* Behind the opening quote. The piece is valid until the next string. */
static bool
read_string(struct reader *reader, struct piece *piece)
{
	const char *start = reader->at;

	for (;;) {
		size_t left = (size_t)(reader->end - reader->at), size;
		bool whole;

		reader->at += plain_run(reader->at, left, true);
		if (reader->at == reader->end)
			return false;
		if (*reader->at == '"')
			break;
		if ((unsigned char)*reader->at < 0x80)
			return read_odd_string(reader, start, piece);
		size = character_size(
		    reader->at, (size_t)(reader->end - reader->at), &whole);
		if (!whole)
			return read_odd_string(reader, start, piece);
		reader->at += size;
	}
	piece->at = start;
	piece->size = (size_t)(reader->at - start);
	reader->at++;
	return true;
}

/* ---- numbers ---- */

static bool
take_digits(struct reader *reader)
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
read_number(struct reader *reader)
{
	const char *start = reader->at;
	bool whole = true;

	take(reader, '-');
	if (!take(reader, '0') && !take_digits(reader))
		return NULL;
	if (take(reader, '.')) {
		whole = false;
		if (!take_digits(reader))
			return NULL;
	}
	if (take(reader, 'e') || take(reader, 'E')) {
		whole = false;
		if (!take(reader, '+'))
			take(reader, '-');
		if (!take_digits(reader))
			return NULL;
	}
	return whole ? integer_of(start, (size_t)(reader->at - start))
	             : real_of(start, (size_t)(reader->at - start));
}

/* ---- what holds others ---- */

static json_t *
read_array(struct reader *reader)
{
	json_t *array = json_array();

	skip_space(reader);
	if (take(reader, ']'))
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
read_member(struct reader *reader, json_t *object)
{
	struct piece key;
	char *own = NULL;
	int error;

	if (!take(reader, '"') || !read_string(reader, &key))
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
read_object(struct reader *reader)
{
	json_t *object = json_object();

	skip_space(reader);
	if (take(reader, '}'))
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
read_value(struct reader *reader)
{
	struct piece piece;
	json_t *value = NULL;
	char first = reader->at < reader->end ? *reader->at : '\0';

	if (first == '"') {
		reader->at++;
		return read_string(reader, &piece)
		           ? json_stringn_nocheck(piece.at ? piece.at : "",
		                                  piece.size)
		           : NULL;
	}
	if (first == '-' || (first >= '0' && first <= '9'))
		return read_number(reader);
	if (first == 't' && take_word(reader, "true", 4))
		return json_true();
	if (first == 'f' && take_word(reader, "false", 5))
		return json_false();
	if (first == 'n' && take_word(reader, "null", 4))
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
	struct reader reader = {.at = text, .end = text + size};
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
