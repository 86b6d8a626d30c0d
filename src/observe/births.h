/*
 * births: what the kernel records of forks, execs and exits, so that children
 * too short to be seen by looking are known too. Three sources, the best that
 * is permitted here:
 *
 *   perf task records   of every descendant (perf_event_open(2), task, comm,
 *                       inherit), one event a CPU; or of the whole machine,
 *                       where that is permitted, which is cheaper
 *   proc connector      of the whole machine (linux/cn_proc.h); not in a
 *                       container, and without privilege only since Linux 6.6
 *   none                the number of forks since boot (proc(5), /proc/stat)
 *                       says how many were missed
 *
 * perf knows names, the connector knows how a process ended: where both are
 * permitted, the connector is asked for exits only.
 *
 * Records come in the order of their times, over all CPUs.
 */
#ifndef OBSERVE_BIRTHS_H
#define OBSERVE_BIRTHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum births_source {
	BIRTHS_NONE,
	BIRTHS_CONNECTOR,
	BIRTHS_TREE,    /* perf, the descendants of who was added */
	BIRTHS_MACHINE, /* perf, all processes */
};

enum birth_kind {
	BIRTH_OF,   /* pid was forked by parent */
	BIRTH_COMM, /* pid called execve(2); comm, if known */
	BIRTH_EXIT, /* the main thread of pid has ended */
};

struct birth_record {
	uint64_t time; /* CLOCK_MONOTONIC, ns */
	enum birth_kind kind;
	pid_t pid, parent;
	bool has_status; /* of BIRTH_EXIT: a wait status (wait(2)) */
	int status;
	char comm[16];
};

struct births;

/* Opens the best source up to `best`; BIRTHS_NONE when nothing is permitted.
 * The descriptors to wait for are put into `epoll`, their data a NULL pointer.
 * 0 or -errno. */
int births_open(struct births **births, enum births_source best, int epoll);
void births_close(struct births *births);

enum births_source births_source(const struct births *births);

/* Whether exits come with a status. */
bool births_has_status(const struct births *births);

/* From now on also the thread `tid` and all its descendants: must be told of
 * every thread there is, and is needed by BIRTHS_TREE alone. 0 or -errno. */
int births_add(struct births *births, pid_t tid);

/* perf does not give us all that is watched: the connector is to tell of births
 * too. false: there is none, and nothing has changed. */
bool births_fall_back(struct births *births);

/* Takes in what is there. */
void births_collect(struct births *births);

/* The next record that is not younger than `until`: other CPUs may still have
 * older ones to tell. false: none. */
bool births_next(struct births *births, uint64_t until,
                 struct birth_record *record);

/* Records that the kernel had to drop, so far. */
uint64_t births_lost(const struct births *births);

/* Forks (threads too) of the whole machine since boot; 0: unknown. */
uint64_t births_forks(void);

/* ---- the sources, for births.c and doctor ---- */

struct birth_queue {
	struct birth_record *records; /* sorted by time, once taken from */
	size_t first, count, room;
	bool sorted;
	uint64_t lost;
};

struct birth_queue *births_queue(struct births *births);

void birth_queue_add(struct birth_queue *queue,
                     const struct birth_record *record);

#endif
