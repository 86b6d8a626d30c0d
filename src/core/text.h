/*
 * text: bytes from elsewhere (command lines, messages, output of children)
 * made fit for a screen and for JSON.
 */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* The replacement character, for what is not UTF-8. */
#define TEXT_REPLACEMENT 0xfffdu

/* Decodes one character of UTF-8 from text[0..size), size > 0, into *point;
 * returns its bytes. What is not UTF-8 (RFC 3629: overlong forms, surrogates,
 * beyond U+10FFFF, cut off) gives TEXT_REPLACEMENT and 1. */
size_t text_decode(const char *text, size_t size, uint32_t *point);

/* Encodes a character into bytes[0..4); returns how many it took. */
size_t text_encode(uint32_t point, char bytes[4]);

/* Copies at most `size` bytes of `text` into into[0..room), room > 0, as
 * valid UTF-8 ended by NUL: what is not UTF-8 becomes U+FFFD, control
 * characters become spaces, and nothing is cut inside a character. Returns
 * the bytes written, without the NUL. */
size_t text_clean(char *into, size_t room, const char *text, size_t size);

/* The same, but control characters stay: for JSON, which escapes them. */
size_t text_utf8(char *into, size_t room, const char *text, size_t size);

/* A JSON message as a person would write it, for a preview: without quotes and
 * line ends. Copies at most `room` bytes, without a NUL; returns how many. */
size_t text_preview(char *into, size_t room, const char *text, size_t size);

#endif
