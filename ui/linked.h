/*
 * linked: what belongs together. Whatever is selected in one pane, the others
 * ask here which of their rows belong to it, and how.
 *
 * Every row of every pane stands for one thing: a process, a thread (and its
 * loop, lane and lifeline), a message, a channel. So to be linked is a relation
 * of two such things, and this is the one place that knows it.
 */
#ifndef UI_LINKED_H
#define UI_LINKED_H

#include "core/model.h"

enum { LINKED_SPANS = 8, LINKED_WORDS = 200 };

enum select_kind {
	SELECT_NONE,
	SELECT_PROCESS, /* pid */
	SELECT_THREAD,  /* pid, tid: also its loop, lane, lifeline */
	SELECT_MESSAGE, /* channel with direction, number, both ends */
	SELECT_LIFE,    /* a birth or an end: both ends, time */
	SELECT_CHANNEL, /* channel, both ends */
	SELECT_LINE,    /* of output: pid, number */
};

/* A thing by its identity, never by its place on the screen: it stays what it
 * is when rows move. */
struct selection {
	enum select_kind kind;
	uint32_t pid, tid;       /* the thing's, or of its first end */
	uint32_t to_pid, to_tid; /* of its second end; 0: none */
	uint64_t channel, number;
	uint64_t time; /* of a message: sent */
};

/* How a row belongs to what is selected. */
enum link {
	LINK_NONE,
	LINK_SELF, /* it is the same thing in another pane */
	LINK_FROM, /* it sent, wrote, began it; the first end */
	LINK_TO,   /* it received it, or should; the second end */
	LINK_PART, /* it is a part of it, or it of this */
};

enum linked_meaning { LINKED_WAIT, LINKED_BLOCK, LINKED_WORK };

/* A stretch of a thread's time that has to do with it. */
struct linked_span {
	uint32_t tid;
	uint64_t begin, end;
	enum linked_meaning meaning;
	char name[CAUSE_BYTES]; /* of a block or of work */
};

struct linked {
	struct selection of; /* SELECT_NONE: nothing is selected */
	struct linked_span spans[LINKED_SPANS];
	int span_count;
	char words[LINKED_WORDS]; /* all of it in a sentence */
};

/* What belongs to a thing at model->now. Pure. */
void linked_make(struct linked *linked, const struct model *model,
                 const struct selection *selection);

/* Its words in `cols` columns: clauses at the end are left out. */
const char *linked_words(const struct linked *linked, int cols,
                         char into[LINKED_WORDS]);

/* How a row belongs to it; `linked` may be NULL: nothing is selected. */
enum link linked_row(const struct linked *linked, const struct selection *row);

/* The same for a process, a thread, a channel. */
enum link linked_process(const struct linked *linked, uint32_t pid);
enum link linked_thread(const struct linked *linked,
                        const struct thread *thread);
enum link linked_channel(const struct linked *linked,
                         const struct channel_row *channel);

/* The stretch of a thread's time that holds some of [begin, end); NULL: none.
 */
const struct linked_span *linked_span_at(const struct linked *linked,
                                         uint32_t tid, uint64_t begin,
                                         uint64_t end);

/* Whether two are the same thing. */
bool select_is_same(const struct selection *a, const struct selection *b);

/* The row that a thing is in, also when a message has joined others alike; -1:
 * in none. */
int select_find(const struct selection *rows, int count,
                const struct selection *thing);

/* The thing that a thread, a channel, a message is. */
struct selection select_thread(const struct thread *thread);
struct selection select_channel(const struct channel_row *channel);
struct selection select_flow(const struct flow *flow);

/* The message it is, NULL: forgotten, or it is none. */
const struct flow *select_find_flow(const struct model *model,
                                    const struct selection *selection);

#endif
