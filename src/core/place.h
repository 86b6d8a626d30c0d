/*
 * place: where in a program something happens: a function, a file, a line.
 *
 * What Node's agent says of a block holds it twice, for people and for
 * programs, in lines: "hash (auth.js:41)", "41", "hash", "/srv/auth.js".
 */
#ifndef CORE_PLACE_H
#define CORE_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct place {
	uint64_t line;
	const char *function, *file; /* in the text; no NUL behind them */
	size_t function_size, file_size;
};

/* Bytes of a cause that are for people: its first line. */
size_t place_words(const char *text, size_t size);

/* Reads the lines behind it. false: there are none, it is no place. */
bool place_read(struct place *place, const char *text, size_t size);

#endif
