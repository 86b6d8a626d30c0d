/* Strings of a JSON text. */
#include "json_reader.h"

#include "core/text.h"
#include "plain.h"

static void
add_point(struct bytes *text, uint32_t point)
{
	char bytes[4];
	size_t size = text_encode(point, bytes);

	bytes_add(text, bytes, size);
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
take_hex(struct json_reader *reader)
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
take_escaped_point(struct json_reader *reader)
{
	int point = take_hex(reader), low;
	const char *behind = reader->at;

	if (point < 0)
		return false;
	if (point >= 0xd800 && point < 0xdc00 &&
	    json_take_word(reader, "\\u", 2)) {
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
take_escape(struct json_reader *reader)
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
read_odd_string(struct json_reader *reader, const char *start,
                struct json_piece *piece)
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
	return !reader->text.failed && json_take(reader, '"');
}

/* Behind the opening quote. The piece is valid until the next string. */
bool
json_read_string(struct json_reader *reader, struct json_piece *piece)
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
