/*
 * loop_cause: what a blocked loop does instead of going to poll, in words for
 * the user. Pure.
 */
#ifndef OBSERVE_LOOP_CAUSE_H
#define OBSERVE_LOOP_CAUSE_H

#include "procfs.h"

enum { LOOP_CAUSE_BYTES = 32 };

/* Whether the call sleeps on a descriptor, its first argument, that has a name
 * worth looking up. */
bool loop_cause_has_fd(const struct procfs_syscall *call);

/* What /proc/PID/fd/N links to, in a word: "pipe", "socket", the last part of a
 * path. */
void loop_cause_name_fd(const char *link, char into[LOOP_CAUSE_BYTES]);

/* What a thread that sleeps waits for: "read(fd 3 pipe)", "futex", "stopped".
 * `state` is its state as in ps(1), 0: not known; `what` its descriptor's name,
 * NULL: not known. */
void loop_cause_of_call(const struct procfs_syscall *call, char state,
                        const char *what, char into[LOOP_CAUSE_BYTES]);

#endif
