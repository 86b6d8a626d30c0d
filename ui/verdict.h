/*
 * verdict: one line in words: what is going on, with the number and the key
 * that cures it.
 */
#ifndef UI_VERDICT_H
#define UI_VERDICT_H

#include "pane.h"

enum verdict_kind {
	VERDICT_GOOD,
	VERDICT_WAS,     /* it was bad a moment ago */
	VERDICT_FINDING, /* nothing is red, but something is wrong */
	VERDICT_BAD,
	VERDICT_OVER, /* what was watched has ended */
};

enum { VERDICT_BYTES = 256 };

struct verdict {
	enum verdict_kind kind;
	char text[VERDICT_BYTES];
	char brief[VERDICT_BYTES]; /* the same in fewer words */
	char rest[KEYS_BYTES + 3]; /* the key that shows the rest: "[!]" */
};

/* `over`: a sentence when the stage or the program is gone, else NULL.
 * `lab`: there is a stage to offload on. */
void verdict_make(struct verdict *verdict, const struct view *view, bool lab,
                  const char *over);

/* Its words in `cols` columns: in fewer, then without parts at the end; the key
 * that cures stays. A finding is left as it is. */
void verdict_fit(const struct verdict *verdict, int cols,
                 char into[VERDICT_BYTES]);

void verdict_draw(const struct verdict *verdict, const struct area *area);

#endif
