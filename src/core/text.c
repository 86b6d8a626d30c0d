#include "text.h"

#include <stdbool.h>
#include <string.h>

size_t
text_decode(const char *text, size_t size, uint32_t *point)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char first = (unsigned char)*text;
	size_t length = first < 0x80           ? 1
	                : (first >> 5) == 0x06 ? 2
	                : (first >> 4) == 0x0e ? 3
	                : (first >> 3) == 0x1e ? 4
	                                       : 0;
	uint32_t value;

	*point = TEXT_REPLACEMENT;
	if (length == 1) {
		*point = first;
		return 1;
	}
	if (length == 0 || length > size)
		return 1;
	value = first & (0x7f >> length);
	for (size_t i = 1; i < length; i++) {
		unsigned char next = (unsigned char)text[i];

		if ((next & 0xc0) != 0x80)
			return 1;
		value = value << 6 | (next & 0x3f);
	}
	if (value < least[length] || value > 0x10ffff ||
	    (value >= 0xd800 && value <= 0xdfff))
		return 1;
	*point = value;
	return length;
}

size_t
text_encode(uint32_t point, char bytes[4])
{
	if (point < 0x80) {
		bytes[0] = (char)point;
		return 1;
	}
	if (point < 0x800) {
		bytes[0] = (char)(0xc0 | point >> 6);
		bytes[1] = (char)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		bytes[0] = (char)(0xe0 | point >> 12);
		bytes[1] = (char)(0x80 | (point >> 6 & 0x3f));
		bytes[2] = (char)(0x80 | (point & 0x3f));
		return 3;
	}
	bytes[0] = (char)(0xf0 | point >> 18);
	bytes[1] = (char)(0x80 | (point >> 12 & 0x3f));
	bytes[2] = (char)(0x80 | (point >> 6 & 0x3f));
	bytes[3] = (char)(0x80 | (point & 0x3f));
	return 4;
}

static bool
is_control(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0);
}

static size_t
copy(char *into, size_t room, const char *text, size_t size, bool blank)
{
	size_t used = 0;

	for (size_t at = 0; at < size;) {
		uint32_t point;
		char bytes[4];
		size_t length;

		at += text_decode(text + at, size - at, &point);
		if (blank && is_control(point))
			point = ' ';
		length = text_encode(point, bytes);
		if (used + length >= room)
			break;
		memcpy(into + used, bytes, length);
		used += length;
	}
	into[used] = '\0';
	return used;
}

size_t
text_clean(char *into, size_t room, const char *text, size_t size)
{
	return copy(into, room, text, size, true);
}

size_t
text_utf8(char *into, size_t room, const char *text, size_t size)
{
	return copy(into, room, text, size, false);
}

size_t
text_preview(char *into, size_t room, const char *text, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < size && used < room; i++)
		if (text[i] != '"' && text[i] != '\n')
			into[used++] = text[i];
	return used;
}
