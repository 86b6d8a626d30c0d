/*
 * palette: everything that can be done, in one list, found by typing some of
 * its letters. What the rows do is the caller's.
 */
#ifndef UI_PALETTE_H
#define UI_PALETTE_H

#include "prompt.h"
#include "request.h"

enum { PALETTE_ROWS = 192, PALETTE_TEXT = 96 };
enum { PALETTE_OPEN = -1, PALETTE_CLOSED = -2 };

struct palette_row {
	int what, n; /* the caller's */
	char text[PALETTE_TEXT];
	char keys[KEYS_BYTES];
};

struct palette {
	struct palette_row rows[PALETTE_ROWS];
	int count;
	short shown[PALETTE_ROWS]; /* those that match, the best first */
	int shown_count, cursor, top, page;
	struct prompt prompt;
};

/* Empties it. */
void palette_init(struct palette *palette);

/* Adds a row, with the keys that do the same; more than PALETTE_ROWS are left
 * out. */
void palette_add(struct palette *palette, int what, int n, const char *text,
                 const char *keys);

/* How well `text` has the letters of `typed` in it, in that order, whatever
 * their case: 0 is best, -1: it has not. Blanks typed mean nothing. */
int palette_match(const char *text, const char *typed);

/* Takes a key: the index of the row that was chosen, PALETTE_OPEN: none yet,
 * PALETTE_CLOSED: it was left. */
int palette_key(struct palette *palette, const struct key *key);

/* Whether a row is at a place on the screen; the cursor is then on it. */
bool palette_click(struct palette *palette, int rows, int cols, int row,
                   int col);

void palette_draw(struct palette *palette, const struct area *area);

#endif
