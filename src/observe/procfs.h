/*
 * procfs: the files below /proc that libproc2 does not read (proc(5)).
 *
 * The parsers take text and are pure; the readers open, read, close. All give
 * -errno: -ESRCH or -ENOENT when the process or thread is gone, -EACCES when we
 * may not look, -EINVAL when the text is not what proc(5) says.
 */
#ifndef OBSERVE_PROCFS_H
#define OBSERVE_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct procfs_sched {
	uint64_t run_ns;  /* on a CPU */
	uint64_t wait_ns; /* in the run queue */
	uint64_t slices;  /* times it was given a CPU */
};

struct procfs_syscall {
	bool running; /* on a CPU, or about to be */
	long number;  /* -1: asleep, but not in a system call */
	uint64_t args[2];
};

/* CPU time of a whole process, any user's, in ns (clock_gettime(2); the clock
 * of a pid as clock_getcpuclockid(3) makes it). */
int procfs_clock(pid_t pid, uint64_t *ns);

/* /proc/PID/task/TID/schedstat, through a descriptor that may be kept: it goes
 * on working, and says -ESRCH when the thread is gone. */
int procfs_open_sched(pid_t pid, pid_t tid);
int procfs_read_sched(int fd, struct procfs_sched *sched);
int procfs_parse_sched(const char *text, struct procfs_sched *sched);

/* /proc/PID/task/TID/syscall. Needs PTRACE_MODE_ATTACH. */
int procfs_read_syscall(pid_t pid, pid_t tid, struct procfs_syscall *call);
int procfs_parse_syscall(const char *text, struct procfs_syscall *call);

/* /proc/PID/task/TID/NAME, to be kept open; -errno. A descriptor of "syscall"
 * and of "io" is read again as long as one likes. */
int procfs_open_thread(pid_t pid, pid_t tid, const char *name);
int procfs_reread_syscall(int fd, struct procfs_syscall *call);
int procfs_reread_io(int fd, uint64_t *calls);

/* Whether it sleeps on a futex; args[0] is its address. */
bool procfs_is_futex(const struct procfs_syscall *call);

/* syscr + syscw of /proc/PID/task/TID/io. Needs PTRACE_MODE_READ. */
int procfs_read_io(pid_t pid, pid_t tid, uint64_t *calls);
int procfs_parse_io(const char *text, uint64_t *calls);

/* The state of a thread as in ps(1), 0: not known. */
char procfs_read_state(pid_t pid, pid_t tid);
char procfs_parse_state(const char *text);

/* What a descriptor is open on, as /proc/PID/fd/N links to it: 0 or -errno.
 * Needs PTRACE_MODE_READ. */
int procfs_read_fd(pid_t pid, int fd, char *into, size_t room);

/* The name of a thread, into[16]. */
int procfs_read_comm(pid_t pid, pid_t tid, char into[16]);

/* The id that was last given to a new process or thread (of our namespace),
 * from a descriptor of /proc/loadavg. Who was born since? Nobody, if it is the
 * same. */
int procfs_open_births(void);
int procfs_read_births(int fd, uint32_t *last);
int procfs_parse_births(const char *text, uint32_t *last);

/* Calls `each` for each child that thread `tid` of `pid` has, each thread of
 * `pid`. Returns how many, or -errno. */
typedef void (*procfs_each)(void *data, pid_t id);
int procfs_children(pid_t pid, pid_t tid, procfs_each each, void *data);
/* The same from a descriptor of "children" that is kept. */
int procfs_reread_children(int fd, procfs_each each, void *data);
int procfs_threads(pid_t pid, procfs_each each, void *data);

/* Calls `each` for each descendant of `pid` that is no zombie, a parent before
 * its children. Looks at every process there is. How many, or -errno. */
int procfs_descendants(pid_t pid, procfs_each each, void *data);

/* Threads of a process without listing them; -errno. */
int procfs_thread_count(pid_t pid);

/* Open descriptors of a process; -errno. Needs PTRACE_MODE_READ. */
int procfs_fd_count(pid_t pid);

/* The wait status of a zombie (proc(5): exit_code); -EAGAIN: it is none. */
int procfs_zombie_status(pid_t pid, int *status);
int procfs_parse_zombie(const char *text, int *status);

#endif
