/*
 * nursery_parts: between nursery.c, which takes records, and nursery_tell.c.
 * Not for other modules.
 */
#ifndef OBSERVE_NURSERY_PARTS_H
#define OBSERVE_NURSERY_PARTS_H

#include "nursery.h"

enum { PIDS = 1 << 22, ENDS = 1024 }; /* PIDS: the most of proc(5) */

struct newborn {
	pid_t pid, parent;
	uint64_t born, ended; /* 0: not yet */
	bool has_status;
	int status;
	char comm[16]; /* of its last execve(2) */
};

struct end {
	pid_t pid;
	int status;
};

struct telling {
	pid_t pid;
	uint64_t time;
};

struct nursery {
	struct births *births;
	uint8_t *kin; /* a bit for each pid that is ours */
	pid_t root;
	bool begun;
	struct newborn *newborns;
	int count, room;
	struct end ends[ENDS];         /* of pid, in place pid % ENDS */
	struct telling tellings[ENDS]; /* by others; the same */
	uint64_t forks;                /* of the machine, when it began */
	uint64_t told;                 /* births since then */
	uint64_t unwatched; /* threads whose records we may not have */
	bool gauged;
	uint64_t missed; /* as last told */
};

/* The newest of a pid; NULL: none. */
struct newborn *nursery_find(struct nursery *nursery, pid_t pid);

/* Tells of those of whom all is known; `last`: of all. */
void nursery_settle(struct observe *observe, uint64_t now, bool last);

#endif
