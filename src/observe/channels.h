/*
 * channels: who of the watched processes is connected to whom: pipes,
 * socketpairs, UNIX and TCP sockets, shared memory, and who listens. A part of
 * the observer, not for other modules.
 *
 * Both ends of a channel name the same inode, or sock_diag(7) names one's peer;
 * Node's IPC channel is the socket at the descriptor that NODE_CHANNEL_FD named
 * when the child was started. TCP connections between the same two processes to
 * the same port are one channel, with their number.
 *
 * Not seen: how much lies in a pipe (only who has it open can ask); others'
 * processes (PTRACE_MODE_READ); channels of processes that speak for
 * themselves, which tell of them.
 */
#ifndef OBSERVE_CHANNELS_H
#define OBSERVE_CHANNELS_H

#include "holdings.h"
#include "sockets.h"
#include "watched.h"

struct channels;

/* NULL: out of memory; all that follows then does nothing. */
struct channels *channels_new(void);
void channels_free(struct channels *channels);

/* Once a second, and a quarter of one after the tree has changed. */
bool channels_are_due(const struct observe *observe, uint64_t now);

/* A look at everything: tells births, deaths and queues of channels. Costs some
 * microseconds a descriptor: once a second is often enough. */
void channels_look(struct observe *observe, uint64_t now);

/* ---- between channels.c and channels_find.c ---- */

struct found_channel {
	uint64_t id;
	enum channel_type type;
	pid_t a, b; /* b 0: not watched */
	uint32_t port;
	char name[32];
	uint64_t to_a, to_b; /* bytes that wait; of a listener: connections
	                        that wait, that may */
	uint64_t count;      /* connections */
};

/* Everything that was seen in a look. */
struct channels_seen {
	struct holdings holdings;   /* by kind, inode, pid, descriptor */
	struct unix_socket *unixes; /* by inode */
	struct tcp_socket *tcps;    /* by port, other port */
	int unix_count, unix_room, tcp_count, tcp_room;
	/* The descriptor of its IPC channel, if it is a child of Node's, and
	 * its parent: asked of whom the data stands for. */
	int (*node_fd)(void *data, pid_t pid);
	bool (*is_child)(void *data, pid_t pid, pid_t of);
	void *data;
};

struct found_channels {
	struct found_channel *rows;
	int count, room;
};

/* Puts the seen into order and finds the channels, by id, each once. */
void channels_find(struct channels_seen *seen, struct found_channels *found);

#endif
