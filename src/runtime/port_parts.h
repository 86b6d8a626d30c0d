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

/* Above so many messages a second single ones are not told any more. */
struct pace {
	bool fast;
	uint64_t turn;  /* of the loop, while fast */
	uint64_t since; /* the last count of PACE_MESSAGES began, ns */
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
	uint64_t sent, received, bytes_sent, bytes_received;
	struct pace pace;
	bool untold;           /* some received were not told */
	struct letter goodbye; /* the last that the other end gets */
	/* Letters that were read go back to be written again. */
	struct letters read; /* by us, to go back, so many bytes */
	size_t read_bytes;
	struct letter *given;      /* atomic: the other end's, on the way */
	struct letters small, big; /* ours again */
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

/* Tells the stream that a message is received. */
void port_tell_received(struct port *port, const struct letter *letter);

/* All that was sent has been read: the totals, if single ones were not told.
 */
void port_tell_totals(struct port *port);

/* Whether the parts may go through `port`, NULL: through one not known yet. As
 * port_post_message(). */
int port_check(const struct port *port, const struct message *message);

/* Sends one of the runtime's own; `value` as its tag wants it. */
int port_post_letter(struct port *port, enum letter_tag tag, uint32_t value,
                     const char *bytes, size_t size);

/* The letter was read and has room to be written again. */
void port_keep_letter(struct port *port, struct letter *letter);

/* Gives those that were kept back to the other end, which writes them. */
void port_give_back(struct port *port);

void port_free_spare(struct port *port);

#endif
