/*
 * births_perf: births from perf's task records. See births.h.
 */
#ifndef OBSERVE_BIRTHS_PERF_H
#define OBSERVE_BIRTHS_PERF_H

#include "births.h"
#include "ring.h"

enum { BIRTHS_CPUS = 256, BIRTHS_EVENTS = 4096 };

struct births_perf {
	struct ring rings[BIRTHS_CPUS]; /* by CPU; page NULL: none */
	int cpus;
	int *events; /* that write into others' rings */
	int event_count;
	int epoll;
};

/* An open source without any event. */
void births_perf_init(struct births_perf *perf, int epoll);
void births_perf_close(struct births_perf *perf);

/* Records of a thread and its descendants, or of all (-1). 0, or -errno: then
 * nothing of it is left, but what was added before is. */
int births_perf_add(struct births_perf *perf, pid_t tid);

/* Takes in what is there. */
void births_perf_collect(struct births_perf *perf, struct birth_queue *queue);

#endif
