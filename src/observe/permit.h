/*
 * permit: what we may see of a process, in words for the user.
 */
#ifndef OBSERVE_PERMIT_H
#define OBSERVE_PERMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Whether all of it may be seen. If not, `why` becomes a sentence: what is not,
 * and what to do. *waits (may be NULL): its main thread waits for events now.
 * Semantics: ptrace(2), "Ptrace access mode checking"; Yama. */
bool permit_process(pid_t pid, bool *waits, char *why, size_t room);

#endif
