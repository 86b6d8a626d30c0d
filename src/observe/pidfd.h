/*
 * pidfd: a process that cannot be mistaken for another (pidfd_open(2)).
 */
#ifndef OBSERVE_PIDFD_H
#define OBSERVE_PIDFD_H

#include <stdbool.h>
#include <sys/types.h>

/* A descriptor of the process, readable when it has ended; -errno. */
int pidfd_of(pid_t pid);

/* The wait status (wait(2)) of the process, which has ended: 0 and *status;
 * -EAGAIN: it is a zombie and the kernel is too old to tell; -ESRCH: it is
 * gone and nobody can tell any more. Linux 6.15: PIDFD_GET_INFO with
 * PIDFD_INFO_EXIT works for anybody, once the process has been reaped. */
int pidfd_status(int pidfd, pid_t pid, int *status);

/* Whether this kernel keeps the exit status of reaped processes. */
bool pidfd_keeps_status(void);

/* Sends a signal to that very process (pidfd_send_signal(2)). 0 or -errno. */
int pidfd_signal(int pidfd, int signal);

#endif
