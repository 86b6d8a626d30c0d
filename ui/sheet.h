/*
 * sheet: a page of words in a box over the panes, to be read and scrolled.
 */
#ifndef UI_SHEET_H
#define UI_SHEET_H

#include "canvas.h"

enum { SHEET_LINES = 128, SHEET_TEXT = 200, SHEET_LABEL = 14 };

struct sheet_line {
	enum style style;
	char label[SHEET_LABEL]; /* in front; empty: none */
	char text[SHEET_TEXT];
};

struct sheet {
	char title[80];
	struct sheet_line lines[SHEET_LINES];
	int count;
	int mark; /* the line that the cursor is on; -1: none */
};

void sheet_init(struct sheet *sheet, const char *title);

/* A line; more than SHEET_LINES are left out. */
void sheet_add(struct sheet *sheet, enum style style, const char *label,
               const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Draws it from line `top` on, in lines as wide as the box, or from where its
 * mark is in sight. Returns the last `top` that makes sense: 0 when all of it
 * is in sight. */
int sheet_draw(const struct sheet *sheet, const struct area *area, int top);

#endif
