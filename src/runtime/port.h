/*
 * port: one end of a message channel between two threads of a process (Node:
 * worker_threads, MessageChannel and MessagePort).
 *
 * A port belongs to one thread at a time: to the one that made it, then to
 * whoever takes it out of a message. Only that thread calls these functions.
 * Sending a port gives it away: the pointer is dead at the sender's, its
 * callbacks are not called any more, and what waits in it unread goes with it.
 *
 * Messages wait in a queue until the receiving loop comes round. The loop is
 * woken once for a batch, by an eventfd, not once a message (uv_async_send() of
 * libuv 1.44 costs ten times that: it spins).
 */
#ifndef RUNTIME_PORT_H
#define RUNTIME_PORT_H

#include "loop.h"
#include "message.h"

struct port;

struct port_events {
	/* A message came; it lasts until the callback returns. NULL: the port
	 * is not started and does not keep its loop alive (Node: no 'message'
	 * listener), see port_listen(). */
	void (*message)(struct port *port, struct message *message);
	/* Reads a message before `message` gets it. -errno: it cannot be read,
	 * and `messageerror` gets that instead. NULL: all can be read. */
	int (*decode)(struct port *port, struct message *message);
	void (*messageerror)(struct port *port, int error);
	/* The other end was closed and all it had sent is read, or this one
	 * was; the port is gone after the call. */
	void (*close)(struct port *port);
};

/* Two ports that belong together, on no loop yet: they can be sent, posted to,
 * read by port_receive(). 0; -ENOMEM; -EMFILE (each has a descriptor). */
int port_pair(struct port *ends[2]);

/* Begins to receive on `loop`, the calling thread's. When both ends are open
 * the stream hears of the channel. 0 or -errno, and then nothing changed. */
int port_open(struct port *port, struct loop *loop,
              const struct port_events *events, void *data);

/* Other callbacks from now on. With `message` the port is started and keeps
 * the loop alive, without it neither (Node: adding the first and removing the
 * last 'message' listener). */
void port_listen(struct port *port, const struct port_events *events);

/* Whether the loop lives as long as the port is open. */
void port_ref(struct port *port);
void port_unref(struct port *port);
bool port_has_ref(const struct port *port);

void *port_data(const struct port *port);

/* Sends `size` bytes to the other end. 0; -EPIPE when either end is closed:
 * nothing happens then, as in Node; -ENOMEM. */
int port_post(struct port *port, const char *bytes, size_t size);

/* Sends bytes and parts. As port_post(), and, before anything is transferred:
 * -EINVAL, this port itself is among the parts, or a part twice (Node:
 * DataCloneError); -EPERM, a port that is not to be transferred (Node:
 * ERR_MISSING_TRANSFERABLE_IN_TRANSFER_LIST). Sending the other end to itself
 * closes both, and the message is lost: 0, as in Node. */
int port_post_message(struct port *port, const struct message *message);

/* The next message, without waiting and without a callback; NULL: none is
 * there (Node: receiveMessageOnPort). The caller's: message_free(). */
struct message *port_receive(struct port *port);

/* Closes this end: what it was sent is not delivered any more, what it sent
 * arrives. */
void port_close(struct port *port);

/* Asks the other end to close itself without reading what still waits for it.
 * For ending a thread that may be busy. */
void port_end(struct port *port);

/* Closes this end without calling `close`. */
void port_abandon(struct port *port);

/* Drops an end that is on no loop; port_close() of such a one does the same. */
void port_drop(struct port *port);

#endif
