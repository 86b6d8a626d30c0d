/*
 * broadcast: what one says all others hear who have a channel of the same name,
 * in any thread of the process (Node: BroadcastChannel).
 *
 * A channel belongs to the thread and the loop it was opened on. Each message
 * is cloned for each who hears it; nothing can be transferred, shared memory is
 * shared. It keeps its loop alive unless broadcast_unref() was called.
 */
#ifndef RUNTIME_BROADCAST_H
#define RUNTIME_BROADCAST_H

#include "loop.h"
#include "message.h"

struct broadcast;

struct broadcast_events {
	/* Another one said something; it lasts until the callback returns. */
	void (*message)(struct broadcast *broadcast, struct message *message);
	/* Closed; the channel is gone after the call. May be NULL. */
	void (*close)(struct broadcast *broadcast);
};

/* Opens a channel of that name, which is copied. 0; -ENOMEM; -EMFILE. */
int broadcast_open(struct broadcast **broadcast, struct loop *loop,
                   const char *name, const struct broadcast_events *events,
                   void *data);

void *broadcast_data(const struct broadcast *broadcast);

/* Says it to all others. How many hear it; -EBADF after broadcast_close()
 * (Node: InvalidStateError); -EINVAL: something is to be transferred; -ENOMEM,
 * and some may have been told. */
int broadcast_post(struct broadcast *broadcast, const struct message *message);

/* Whether the loop lives as long as it is open. It does at first. */
void broadcast_ref(struct broadcast *broadcast);
void broadcast_unref(struct broadcast *broadcast);

/* Closes it; what it has not read is lost, what it said is heard. */
void broadcast_close(struct broadcast *broadcast);

#endif
