/*
 * json_text: JSON between its text and jansson's values, as JavaScript does it
 * (ECMA-262: JSON.parse, JSON.stringify; RFC 8259).
 *
 * jansson's own reader refuses what Node sends and takes: lone surrogates in
 * escapes, bytes that are no UTF-8 (both become U+FFFD), integers of more than
 * 64 bits (a real number then, and only that one). And every byte costs it a
 * call: a message of 64 bytes is read here in a fifth to a fifteenth of its
 * time, and written in an eighth.
 */
#ifndef RUNTIME_JSON_TEXT_H
#define RUNTIME_JSON_TEXT_H

#include "bytes.h"

#include <jansson.h>

/* Values inside each other; what is deeper is neither read nor written, so
 * that no text can exhaust the stack. As in jansson. */
enum { JSON_TEXT_DEPTH = 2048 };

/* The value of a text, new; NULL: it is no JSON, or there is no memory. Of
 * equal keys the last one counts. A number beyond a double's range is null, as
 * JSON.stringify writes it. */
json_t *json_text_read(const char *text, size_t size);

/* Appends the text of a value, without spaces and line ends. 0, -ENOMEM, or
 * -ELOOP: it is too deep or holds itself. What was appended stays then. */
int json_text_write(struct bytes *out, const json_t *value);

#endif
