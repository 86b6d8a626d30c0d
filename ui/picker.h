/*
 * picker: a list of processes to pick one from: typing searches, the newest is
 * first, those whose main thread waits for events before the others. Pure: rows
 * in, keys in, cells out.
 */
#ifndef UI_PICKER_H
#define UI_PICKER_H

#include "canvas.h"
#include "key.h"

enum { PICKER_ROWS = 8192, PICKER_COMMAND = 160, PICKER_SEARCH = 64 };

struct picker_row {
	uint32_t pid;
	uint64_t start; /* clock ticks since boot */
	uint64_t age;   /* seconds */
	bool waits;     /* in epoll, poll, select: a loop, it seems */
	bool own;       /* our user's */
	char user[12];
	char command[PICKER_COMMAND];
	char why[120]; /* what is not seen of it, and the cure; "": nothing */
};

enum picker_filter { PICKER_ALL, PICKER_LOOPS, PICKER_OWN, PICKER_FILTERS };

struct picker {
	const struct picker_row *rows; /* the caller's */
	int count;
	int shown[PICKER_ROWS]; /* those that match, in order */
	int shown_count;
	int cursor, top, page;
	uint32_t pid; /* that is selected, and when it was started */
	uint64_t start;
	enum picker_filter filter;
	char search[PICKER_SEARCH];
	char said[80]; /* a sentence above the list; "" */
};

enum picker_state { PICKER_OPEN, PICKER_PICKED, PICKER_LEFT };

void picker_init(struct picker *picker);

/* New rows, which are sorted here; they stay the caller's and must stay as they
 * are until the next ones. The selected process stays selected while it is
 * among them. */
void picker_take(struct picker *picker, struct picker_row *rows, int count);

/* Takes a key. PICKER_PICKED: picker_selected() is it. */
enum picker_state picker_key(struct picker *picker, const struct key *key);

/* The selected row; NULL: nothing matches. */
const struct picker_row *picker_selected(const struct picker *picker);

void picker_draw(struct picker *picker, const struct area *area);

#endif
