/*
 * prompt: one line to type in.
 */
#ifndef UI_PROMPT_H
#define UI_PROMPT_H

#include "canvas.h"
#include "key.h"

enum { PROMPT_BYTES = 256, PROMPT_TITLE = 96 };

struct prompt {
	char title[PROMPT_TITLE];
	char text[PROMPT_BYTES]; /* UTF-8 */
	bool number;             /* digits only */
	bool fresh; /* nothing was typed yet: the first key replaces it */
};

enum prompt_state { PROMPT_TYPING, PROMPT_DONE, PROMPT_LEFT };

/* `usual` stands there to begin with: Enter takes it, typing replaces it. */
void prompt_init(struct prompt *prompt, const char *title, const char *usual,
                 bool number);

enum prompt_state prompt_key(struct prompt *prompt, const struct key *key);

void prompt_draw(const struct prompt *prompt, const struct area *area);

#endif
