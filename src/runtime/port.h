/*
 * port: one end of a message channel between two threads of a process (Node:
 * worker_threads, MessageChannel).
 *
 * Messages are copied on sending (Node: the structured clone). They wait in a
 * queue until the receiving loop comes round; the loop is woken once for a
 * batch, by an eventfd, not once a message (uv_async_send() of libuv 1.44
 * costs ten times that: it spins).
 *
 * A port belongs to the loop that port_open() was given; port_post() may be
 * called from that thread only. The two ends live as long as the longer-lived.
 */
#ifndef RUNTIME_PORT_H
#define RUNTIME_PORT_H

#include "loop.h"

struct port;

struct port_events {
	/* A message came; bytes are valid during the call. */
	void (*message)(struct port *port, const char *bytes, size_t size);
	/* The other end was closed, or this one; the port is gone after the
	 * call. */
	void (*close)(struct port *port);
};

/* Two ports that belong together, not open yet. 0 or -errno. */
int port_pair(struct port *ends[2]);

/* Begins to receive on `loop`. `a_tid` and `b_tid` are the threads of the
 * first and the second end of the pair: whoever knows both announces the
 * channel. */
int port_open(struct port *port, struct loop *loop,
              const struct port_events *events, void *data);
void port_announce(struct port *port, uint32_t a_tid, uint32_t b_tid);

void *port_data(const struct port *port);

/* Sends `size` bytes to the other end; they are copied. 0; -EPIPE when either
 * end is closed; -ENOMEM. */
int port_post(struct port *port, const char *bytes, size_t size);

/* Closes this end: what it was sent before is lost, what it sent arrives. */
void port_close(struct port *port);

/* Asks the other end to close itself without reading what still waits for it;
 * then this end is closed too. For ending a thread that may be busy. */
void port_end(struct port *port);

/* Closes this end without calling `close`. */
void port_abandon(struct port *port);

/* Drops an end that was never opened. */
void port_drop(struct port *port);

#endif
