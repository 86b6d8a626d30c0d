#include "place.h"

#include <string.h>

enum { DIGITS = 9 };

size_t
place_words(const char *text, size_t size)
{
	const char *end = size ? memchr(text, '\n', size) : NULL;

	return end ? (size_t)(end - text) : size;
}

/* Takes the next line off *text; false: there is none. */
static bool
next(const char **text, size_t *size, const char **line, size_t *length)
{
	size_t words = place_words(*text, *size);

	if (words == *size)
		return false;
	*text += words + 1;
	*size -= words + 1;
	*line = *text;
	*length = place_words(*text, *size);
	return true;
}

static bool
number(const char *text, size_t size, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*value = *value * 10 + (uint64_t)(text[i] - '0');
	}
	return size > 0 && size <= DIGITS;
}

bool
place_read(struct place *place, const char *text, size_t size)
{
	const char *line;
	size_t length;

	return next(&text, &size, &line, &length) &&
	       number(line, length, &place->line) &&
	       next(&text, &size, &place->function, &place->function_size) &&
	       next(&text, &size, &place->file, &place->file_size);
}
