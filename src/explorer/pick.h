/*
 * pick: the list of processes on the terminal, for `looptop attach` without a
 * PID.
 */
#ifndef EXPLORER_PICK_H
#define EXPLORER_PICK_H

#include <stdint.h>
#include <sys/types.h>

/* Shows the list on the terminal, which is open, and waits. 0: *pid was picked,
 * started at *start; -ECANCELED: it was left; -EPIPE: the terminal is gone;
 * another -errno: there is no list. */
int pick_process(pid_t *pid, uint64_t *start);

#endif
