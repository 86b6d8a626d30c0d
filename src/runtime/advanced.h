/*
 * advanced: the messages of a channel whose serialization is "advanced": the
 * format of V8's ValueSerializer (version 13 to 15; Node: v8.serialize(), and
 * child_process "Advanced serialization"), to and from jansson's values.
 *
 * Read are the values that JSON has, and beside them
 *
 *   undefined, a hole      null
 *   NaN, Infinity          null, as in JSON
 *   BigInt                 an integer, when it has room in 64 bits
 *   Date                   its number of milliseconds
 *   Boolean, Number and
 *   String objects         their values
 *   Buffer, Uint8Array,
 *   ArrayBuffer            a string, each byte the character of that number
 *                          (Node: buffer.toString('latin1'), which goes back)
 *   the same object twice  the same value twice
 *
 * Not: Map, Set, RegExp, Error, other typed arrays, an object that holds
 * itself. Properties of an array beside its elements are dropped, as in JSON.
 *
 * What comes is not trusted: every length is held against the bytes that are
 * there, depth and the growth by repetition are bounded.
 */
#ifndef RUNTIME_ADVANCED_H
#define RUNTIME_ADVANCED_H

#include "bytes.h"

#include <jansson.h>

/* The value of a message, new. NULL, and *error is -EPROTO: it is damaged;
 * -ENOTSUP: it holds what jansson has no value for; -ENOMEM. */
json_t *advanced_read(const char *message, size_t size, int *error);

/* Appends a value. 0, -ENOMEM, or -ELOOP: it is too deep or holds itself. */
int advanced_write(struct bytes *out, const json_t *value);

#endif
