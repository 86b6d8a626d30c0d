/*
 * facts: what a process is: the slow-changing things, by libproc2.
 *
 * Never asked for CPU time: libproc2 counts in ticks of 10 ms, and on Debian
 * 12 gives the main thread the ticks of the whole process.
 */
#ifndef OBSERVE_FACTS_H
#define OBSERVE_FACTS_H

#include <stdint.h>
#include <sys/types.h>

enum { FACTS_COMMAND_BYTES = 960 };

struct fact {
	pid_t pid, ppid;
	char state;     /* as in ps(1) */
	uint64_t start; /* clock ticks since boot */
	uint64_t image; /* changes with each execve(2) */
	uint32_t rss_kb;
	uint32_t threads;
	char comm[16];
	char command[FACTS_COMMAND_BYTES]; /* only from facts_read() */
};

struct facts;

/* 0 or -errno. */
int facts_new(struct facts **facts);
void facts_free(struct facts *facts);

/* All about one process. -ESRCH: it is gone. */
int facts_read(struct facts *facts, pid_t pid, struct fact *fact);

/* All but the command line, which costs as much again. */
int facts_glance(struct facts *facts, pid_t pid, struct fact *fact);

/* Hands over every process there is, with its command line. 0 or -errno. */
typedef void (*facts_each)(void *data, const struct fact *fact);
int facts_all(struct facts *facts, facts_each each, void *data);

#endif
