/*
 * plain: how many bytes of a text stand for themselves in a JSON string, eight
 * at a time.
 */
#ifndef RUNTIME_PLAIN_H
#define RUNTIME_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PLAIN_ONES 0x0101010101010101u
#define PLAIN_TOPS 0x8080808080808080u

/* Tops of the bytes that are below n <= 0x80; of bytes above such a one there
 * may be false ones, which only end the quick part early. */
static inline uint64_t
plain_below(uint64_t word, uint64_t n)
{
	return (word - PLAIN_ONES * n) & ~word & PLAIN_TOPS;
}

/* Bytes from text[0] on that are no quote, backslash or control character, and
 * with `ascii` none of more than 7 bits. */
static inline size_t
plain_run(const char *text, size_t size, bool ascii)
{
	size_t i = 0;

	for (; i + 8 <= size; i += 8) {
		uint64_t word, odd;

		memcpy(&word, text + i, 8);
		odd = plain_below(word, 0x20) |
		      plain_below(word ^ PLAIN_ONES * '"', 1) |
		      plain_below(word ^ PLAIN_ONES * '\\', 1);
		if (odd || (ascii && word & PLAIN_TOPS))
			break;
	}
	for (; i < size; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (byte < 0x20 || byte == '"' || byte == '\\' ||
		    (ascii && byte >= 0x80))
			break;
	}
	return i;
}

#endif
