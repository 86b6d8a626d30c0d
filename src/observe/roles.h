/*
 * roles: what the threads of a process are for, as far as that shows from
 * outside. Pure.
 *
 * A name given with prctl(2) tells most (Node names its threads from 22 on; up
 * to 20 all are called "node"). Else: who waits for events is a loop; threads
 * that wait on one futex are a pool; and Node starts its threads in a fixed
 * order: the delayed tasks' loop, V8's platform, the inspector's signal thread,
 * later libuv's pool and worker threads.
 */
#ifndef OBSERVE_ROLES_H
#define OBSERVE_ROLES_H

#include "core/event.h"

#include <sys/types.h>

enum { ROLE_LABEL_BYTES = 32, ROLE_REASON_BYTES = 96 };

/* A thread, and what was found out. */
struct role_row {
	pid_t tid;
	bool is_main, is_loop;
	int epfd;       /* of a loop; -1: it uses poll */
	uint64_t futex; /* the address it waits on; 0: none seen */
	char name[16];  /* comm */

	uint8_t role;                   /* enum role */
	char label[ROLE_LABEL_BYTES];   /* "": not known */
	char reason[ROLE_REASON_BYTES]; /* why we think so */
};

/* Fills in role, label and reason. Rows in the order in which the threads were
 * started, the main one first. `is_node`: the process runs Node. */
void roles_find(struct role_row *rows, int count, bool is_node);

/* Whether that command line, or the name of the main thread, is Node's. */
bool roles_is_node(const char *command, const char *name);

#endif
