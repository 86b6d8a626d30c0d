/* What the files that read JSON share: json_read.c, json_string.c. */
#ifndef RUNTIME_JSON_READER_H
#define RUNTIME_JSON_READER_H

#include "bytes.h"

#include <jansson.h>

struct json_reader {
	const char *at, *end;
	struct bytes text; /* of a string that is not a copy of its source */
	int depth;
};

/* A string while it is read: in the source, or in the reader's `text`. */
struct json_piece {
	const char *at;
	size_t size;
};

static inline bool
json_take(struct json_reader *reader, char byte)
{
	if (reader->at == reader->end || *reader->at != byte)
		return false;
	reader->at++;
	return true;
}

static inline bool
json_take_word(struct json_reader *reader, const char *word, size_t size)
{
	if ((size_t)(reader->end - reader->at) < size ||
	    memcmp(reader->at, word, size) != 0)
		return false;
	reader->at += size;
	return true;
}

/* Behind the opening quote, and beyond the closing one. The piece is valid
 * until the next string. */
bool json_read_string(struct json_reader *reader, struct json_piece *piece);

#endif
