/* What every test program needs; cmocka.h does not include it itself. */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* Skips the test, and says why: run.sh prints the reasons at the end. */
#define skip_because(reason) \
	do { \
		printf("SKIP: %s\n", reason); \
		skip(); \
	} while (0)

#endif
