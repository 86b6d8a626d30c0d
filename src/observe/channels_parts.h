/*
 * channels_parts: between channels.c, which looks, channels_find.c and
 * channels_tcp.c, which match, and channels_tell.c. Not for other modules.
 */
#ifndef OBSERVE_CHANNELS_PARTS_H
#define OBSERVE_CHANNELS_PARTS_H

#include "channels.h"
#include "holdings.h"
#include "sockets.h"

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

struct keeper {
	pid_t pid, ppid;
	uint64_t start, image, clock;
	int node_fd;
	struct holdings descriptors, memory;
	unsigned looks;
	bool seen;
};

struct channels {
	uint64_t looked;              /* when last */
	int rows;                     /* of the observer then */
	uint64_t tcp_looked, tcp_sum; /* which sockets there were then */
	int diag;                     /* netlink socket; -1: not permitted */
	struct keeper *keepers;       /* by pid */
	int keeper_count, keeper_room;
	struct channels_seen seen;
	struct found_channels found, known; /* by id */
};

struct matching {
	struct channels_seen *seen;
	struct found_channels *found;
};

/* Who holds an inode: rows in seen->holdings. */
struct holders {
	const struct holding *rows;
	int count;
};

/* Puts what is held into order, which all that follows relies on. */
void channels_sort(struct channels_seen *seen);

/* Finds the channels, by id, each once. */
void channels_find(struct channels_seen *seen, struct found_channels *found);

/* For those who match: the holders of an inode, another channel, two pids in
 * thirty bits, the part of TCP. */
struct holders channels_holders(const struct channels_seen *seen,
                                enum holding_kind kind, uint64_t inode);
void channels_add(struct matching *matching,
                  const struct found_channel *channel);
uint32_t channels_mix(pid_t a, pid_t b);
void channels_match_tcp(struct matching *matching);

/* Tells how `found` differs from `known`. */
void channels_tell(struct observe *observe, uint64_t now);

#endif
