/*
 * perf: what the kernel counts of a thread for who asks (perf_event_open(2)):
 * when it was given a CPU and when it left it, and its exact CPU time.
 *
 * Needs kernel.perf_event_paranoid <= 2 for one's own processes (Debian and
 * Ubuntu set 3 and 4), and a container that lets the call through.
 */
#ifndef OBSERVE_PERF_H
#define OBSERVE_PERF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum perf_turn {
	PERF_TURN_IN,      /* it runs */
	PERF_TURN_ASLEEP,  /* it stopped running, to wait for something */
	PERF_TURN_QUEUED,  /* others run in its place */
	PERF_TURN_UNKNOWN, /* records were lost */
};

struct perf_switch {
	uint64_t time; /* CLOCK_MONOTONIC, ns */
	enum perf_turn turn;
};

/* The switches of one thread, in memory that the kernel writes. */
struct perf_ring {
	int fd; /* -1: not open */
	void *memory;
	size_t size;
};

/* Whether the kernel lets us: 0 or -errno (-EACCES, -EPERM: not this user;
 * -ENOSYS: not this kernel). */
int perf_probe(void);

/* From now on. 0 or -errno; -EPERM also: too much memory is locked already. */
int perf_open_switches(struct perf_ring *ring, pid_t tid);
void perf_close_switches(struct perf_ring *ring);

/* Whether there are any, at the price of reading memory. */
bool perf_has_switches(const struct perf_ring *ring);

/* Takes the next switches out, at most `room`. 0: there are none. */
int perf_read_switches(struct perf_ring *ring, struct perf_switch *into,
                       int room);

/* Pure: takes switches out of `size` (a power of two) bytes of ring memory,
 * from *tail up to head; moves *tail. What is no switch is left out; memory
 * that makes no sense counts as records lost. */
int perf_parse_switches(const void *memory, size_t size, uint64_t *tail,
                        uint64_t head, struct perf_switch *into, int room);

/* A descriptor of the CPU time that `tid` uses from now on, or -errno. */
int perf_open_clock(pid_t tid);
int perf_read_clock(int fd, uint64_t *ns);

#endif
