/*
 * number: the text of a number as JavaScript has it (ECMA-262,
 * Number::toString): the fewest digits that say the same number, and an
 * exponent only for the very large and the very small.
 */
#ifndef RUNTIME_NUMBER_H
#define RUNTIME_NUMBER_H

#include <stddef.h>

enum { NUMBER_TEXT = 32 };

/* Writes it; returns how many bytes, without a NUL. -0 is "0". The locale does
 * not matter. `value` is finite. */
size_t number_write(char text[NUMBER_TEXT], double value);

#endif
