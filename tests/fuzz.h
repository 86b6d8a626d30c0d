/*
 * fuzz: a target is a function that must take any bytes. libFuzzer calls it
 * (make fuzz), or fuzz_corpus.c with each file of tests/corpus (make test).
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold whatever came. */
#define FUZZ_HOLDS(condition) \
	do { \
		if (!(condition)) \
			abort(); \
	} while (0)

#endif
