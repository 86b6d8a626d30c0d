/*
 * marks: moments that one wants to come back to: those set by hand, and the
 * blocks of the loops, which mark themselves.
 */
#ifndef UI_MARKS_H
#define UI_MARKS_H

#include "core/model.h"

enum { MARKS = 32 };

/* Marks set by hand, the earliest first. Plain data. */
struct marks {
	uint64_t times[MARKS]; /* event time */
	int count;
};

/* Sets a mark at `time`, or takes away the one that is nearer than `near` ns.
 * When there are MARKS of them the earliest goes. Returns whether it was set.
 */
bool marks_toggle(struct marks *marks, uint64_t time, uint64_t near);

/* The moment of the last mark or block before `time`, of the first behind it;
 * false: there is none. A block's moment is just before its end, when all that
 * waited for it can be seen. */
bool marks_before(const struct marks *marks, const struct model *model,
                  uint64_t time, uint64_t *moment);
bool marks_behind(const struct marks *marks, const struct model *model,
                  uint64_t time, uint64_t *moment);

#endif
