/*
 * inbox: where letters wait for one reader, put there by any thread without a
 * lock. Private to the runtime's files: ports and broadcast channels are made
 * of it.
 *
 * The reader may be on a loop, or between two loops: an inbox that is moved
 * takes its letters along. Its reader is woken by an eventfd, and only when it
 * sleeps: not once a letter, and not while it is still reading.
 */
#ifndef RUNTIME_INBOX_H
#define RUNTIME_INBOX_H

#include "letter.h"
#include "loop.h"

struct seat;

struct inbox {
	struct letter *head; /* atomic; newest first, or asleep */
	int wake;            /* eventfd */
	struct seat *seat;   /* its place on a loop; NULL: on none */
};

/* What a loop holds of an inbox. It outlives the inbox's stay by a moment, so
 * that a callback which closes or moves the inbox can be told of it. */
struct seat {
	uv_poll_t poll;
	struct loop *loop;
	void *owner; /* NULL: the inbox has left */
	void (*woken)(struct seat *seat);
	void (*left)(void *owner); /* NULL: nobody wants to know */
	void *left_owner;
};

/* 0 or -errno (-EMFILE). */
int inbox_init(struct inbox *inbox);

/* Frees the letters and the descriptor. It must be on no loop. */
void inbox_close(struct inbox *inbox);

/* Puts the letter in, which is then the inbox's; wakes a sleeper. Any thread.
 */
void inbox_put(struct inbox *inbox, struct letter *letter);

/* Wakes the reader, whatever it does. Any thread. */
void inbox_wake(struct inbox *inbox);

/* ---- the reader's ---- */

/* Moves what has come behind `letters`, oldest first; false: nothing had. */
bool inbox_take(struct inbox *inbox, struct letters *letters);

/* Says that the reader is awake; whoever puts letters in need not wake it. */
void inbox_rise(struct inbox *inbox);

/* Looks for a moment whether more comes, as it does in a flood: cheaper than
 * to sleep and be woken. */
bool inbox_linger(const struct inbox *inbox);

/* Wants to be woken again. False: there is something to take first. */
bool inbox_sleep(struct inbox *inbox);

/* Takes a seat on the loop: `woken` is called there. 0 or -errno. */
int inbox_sit(struct inbox *inbox, struct loop *loop, void *owner,
              void (*woken)(struct seat *seat));

/* Leaves it; `left`, may be NULL, is called when the loop knows. */
void inbox_leave(struct inbox *inbox, void (*left)(void *owner));

#endif
