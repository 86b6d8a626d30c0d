/*
 * ring: the buffer that a perf event writes its records into
 * (perf_event_open(2), "MMAP layout"), read by us.
 */
#ifndef OBSERVE_RING_H
#define OBSERVE_RING_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { RING_RECORD_MAX = 4096 };

struct ring {
	int fd; /* the event; -1: none */
	struct perf_event_mmap_page *page;
	size_t pages; /* of data, a power of two */
};

/* An event on the thread `tid` (-1: on all) on one CPU, close-on-exec; -errno:
 * -EACCES or -EPERM when we may not, -ESRCH when it is gone, -ENODEV when
 * there is no such CPU. */
int ring_event(struct perf_event_attr *attr, pid_t tid, int cpu);

/* Maps the buffer of the event `fd`, and owns it from now on. 0 or -errno;
 * -EPERM: the lock limit (perf_event_mlock_kb) does not allow so many. */
int ring_open(struct ring *ring, int fd, size_t pages);
void ring_close(struct ring *ring);

/* Has another event of the same CPU write into this ring. 0 or -errno. */
int ring_join(const struct ring *ring, int fd);

/* Copies the next record that is there; false: none is. */
bool ring_next(struct ring *ring, char record[RING_RECORD_MAX]);

#endif
