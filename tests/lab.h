/* The lab on a terminal, as the end-to-end tests of the screen open it. */
#ifndef TESTS_LAB_H
#define TESTS_LAB_H

#include "program.h"
#include "test.h"
#include "tty/grid.h"

#include <stdlib.h>

#define ARGS(...) \
	(const char *const[]) \
	{ \
		__VA_ARGS__, NULL \
	}

struct lab {
	struct tty tty;
	char mark[64];
};

static inline int
setup(void **state)
{
	*state = calloc(1, sizeof(struct lab));
	return *state ? 0 : -1;
}

static inline int
teardown(void **state)
{
	struct lab *lab = *state;

	tty_close(&lab->tty);
	program_assert_no_orphans(lab->mark);
	free(lab);
	return 0;
}

static inline void
press(struct lab *lab, const char *keys)
{
	assert_int_equal(tty_keys(&lab->tty, keys), 0);
}

#endif
