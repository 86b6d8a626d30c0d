/*
 * popup: a list in a box, over the panes. One at a time.
 */
#ifndef UI_POPUP_H
#define UI_POPUP_H

#include "canvas.h"
#include "key.h"

enum { POPUP_ITEMS = 40, POPUP_TEXT = 72 };

struct popup_item {
	char letter; /* 0: none */
	char text[POPUP_TEXT];
};

struct popup {
	char title[POPUP_TEXT];
	struct popup_item items[POPUP_ITEMS];
	int count, cursor;
	int row, col; /* where its box begins; -1: in the middle */
};

enum { POPUP_OPEN = -1, POPUP_CLOSED = -2 };

/* Empties it. */
void popup_init(struct popup *popup, const char *title, int row, int col);

/* Adds an item; more than POPUP_ITEMS are left out. */
void popup_add(struct popup *popup, char letter, const char *text);

/* Takes a key: the index of the item that was chosen, POPUP_OPEN: none yet,
 * POPUP_CLOSED: it was left. */
int popup_key(struct popup *popup, const struct key *key);

/* The item at a place on the screen; -1: none. */
int popup_item_at(const struct popup *popup, int rows, int cols, int row,
                  int col);

void popup_draw(const struct popup *popup, const struct area *area);

#endif
