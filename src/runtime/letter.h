/*
 * letter: a message on its way, and the runtime's own words between two ends.
 * Private to the runtime's files.
 */
#ifndef RUNTIME_LETTER_H
#define RUNTIME_LETTER_H

#include "message.h"

#include <stdint.h>

enum letter_tag {
	LETTER_MESSAGE,
	LETTER_CLOSE, /* the other end has closed; part of its port */
	/* between a worker thread and its parent */
	LETTER_ONLINE,
	LETTER_ERROR,
	LETTER_OUTPUT, /* value = 1 stdout, 2 stderr */
	LETTER_INPUT,
	LETTER_NO_PORT, /* parentPort was closed */
};

/* Letters of a few bytes have this much room, so that each can be written
 * again; with the letter it is two cache lines. */
enum { LETTER_SMALL = 72 };

/* One block: the letter, its parts, its buffers, its bytes. */
struct letter {
	struct letter *next;
	uint32_t value;
	uint8_t tag; /* enum letter_tag */
	bool told;   /* its sending, to the stream */
	uint16_t unused;
	size_t room; /* for bytes; 0: it has parts, and is not used again */
	struct message message;
};

struct letters {
	struct letter *first, **last;
};

/* A letter with a copy of the message: clones, transfers and shares its parts.
 * Either all of it or nothing: 0, and what was transferred has left the
 * sender; -ENOMEM, and nothing has. The ports in it must be fit to go: see
 * port_post_message(). `spare` is an old letter to write it on, or NULL; only
 * for bytes that it has room for. */
int letter_write(struct letter **letter, struct letter *spare,
                 const struct message *message);

/* With its parts. */
void letter_free(struct letter *letter);

/* Frees its parts alone; true: it may be written again. */
bool letter_clear(struct letter *letter);

static inline void
letters_init(struct letters *letters)
{
	letters->first = NULL;
	letters->last = &letters->first;
}

static inline void
letters_add(struct letters *letters, struct letter *letter)
{
	letter->next = NULL;
	*letters->last = letter;
	letters->last = &letter->next;
}

static inline struct letter *
letters_pop(struct letters *letters)
{
	struct letter *letter = letters->first;

	if (!letter)
		return NULL;
	letters->first = letter->next;
	if (!letters->first)
		letters->last = &letters->first;
	return letter;
}

/* Frees all. */
void letters_free(struct letters *letters);

#endif
