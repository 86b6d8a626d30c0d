/* Between port.c, port_post.c and worker*.c. */
#ifndef RUNTIME_PORT_PARTS_H
#define RUNTIME_PORT_PARTS_H

#include "inbox.h"
#include "port.h"

/* What the runtime itself hears on a port between a worker and its parent. */
struct port_control {
	void (*letter)(struct port *port, const struct letter *letter);
	/* The other end asks for the end; NULL: the port is closed. */
	void (*end)(struct port *port);
};

struct port {
	struct inbox inbox;
	struct letters queue; /* came and not delivered; the owner's */
	struct pair *pair;
	int side;          /* 0 or 1 */
	struct loop *loop; /* NULL: on none */
	const struct port_events *events;
	const struct port_control *control;
	void *data;
	bool started;
	bool closed;  /* atomic, set by the owner */
	bool ending;  /* atomic: this end asks the other to close */
	uint32_t tid; /* atomic: of its thread, 0 not known */
	uint64_t sent, received;
	struct letter goodbye; /* the last that the other end gets */
	struct letters spare;  /* read ones, to be written again */
	struct letter *given;  /* atomic: spare ones from the reader */
};

struct pair {
	uint64_t id;
	int alive;      /* atomic: ends not closed yet */
	bool announced; /* atomic */
	struct port ends[2];
};

static inline struct port *
port_other(const struct port *port)
{
	return &port->pair->ends[!port->side];
}

/* A flag that another thread sets: what it was a moment ago. */
static inline bool
port_flag(const bool *flag)
{
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

/* Takes the port from its loop, if it is on one, for another thread. */
void port_detach(struct port *port);

/* Tells the stream that a message is sent or received. */
void port_tell(struct port *port, enum event_kind kind,
               const struct message *message);

/* Whether the parts may go through `port`, NULL: through one not known yet. As
 * port_post_message(). */
int port_check(const struct port *port, const struct message *message);

/* Sends one of the runtime's own; `value` as its tag wants it. */
int port_post_letter(struct port *port, enum letter_tag tag, uint32_t value,
                     const char *bytes, size_t size);

/* The reader has read the letter: it may be written again. */
void port_give_back(struct port *port, struct letters *read);

#endif
