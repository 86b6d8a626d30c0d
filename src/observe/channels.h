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

#endif
