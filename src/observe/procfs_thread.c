/* What /proc tells of one thread. */
#include "procfs.h"
#include "procfs_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t
procfs_read_file(char *into, size_t room, const char *format, ...)
{
	char path[64];
	va_list list;
	ssize_t got;
	int fd, error;

	va_start(list, format);
	vsnprintf(path, sizeof(path), format, list);
	va_end(list);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	got = read(fd, into, room - 1);
	error = errno;
	close(fd);
	if (got < 0)
		return -error;
	into[got] = '\0';
	return got;
}

/* ---- schedstat ---- */

int
procfs_open_sched(pid_t pid, pid_t tid)
{
	return procfs_open_thread(pid, tid, "schedstat");
}

int
procfs_parse_sched(const char *text, struct procfs_sched *sched)
{
	uint64_t *const fields[] = {&sched->run_ns, &sched->wait_ns,
	                            &sched->slices};
	char *rest = NULL;

	for (int i = 0; i < 3; i++) {
		if (!isdigit((unsigned char)*text))
			return -EINVAL;
		*fields[i] = strtoull(text, &rest, 10);
		text = *rest == ' ' ? rest + 1 : rest;
	}
	return *rest == '\n' || *rest == '\0' ? 0 : -EINVAL;
}

int
procfs_read_sched(int fd, struct procfs_sched *sched)
{
	char text[96];
	ssize_t got = pread(fd, text, sizeof(text) - 1, 0);

	if (got < 0)
		return -errno;
	if (got == 0)
		return -ESRCH;
	text[got] = '\0';
	return procfs_parse_sched(text, sched);
}

/* ---- syscall ---- */

int
procfs_parse_syscall(const char *text, struct procfs_syscall *call)
{
	char *rest;

	memset(call, 0, sizeof(*call));
	if (strncmp(text, "running", 7) == 0) {
		call->running = true;
		call->number = -1;
		return 0;
	}
	call->number = strtol(text, &rest, 10);
	if (rest == text)
		return -EINVAL;
	for (int i = 0; i < 2 && call->number >= 0; i++) {
		const char *at = rest;

		call->args[i] = strtoull(at, &rest, 16);
		if (rest == at)
			return -EINVAL;
	}
	return 0;
}

int
procfs_read_syscall(pid_t pid, pid_t tid, struct procfs_syscall *call)
{
	char text[256];
	ssize_t got = procfs_read_file(text, sizeof(text),
	                               "/proc/%d/task/%d/syscall", pid, tid);

	return got < 0 ? (int)got : procfs_parse_syscall(text, call);
}

int
procfs_open_thread(pid_t pid, pid_t tid, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", pid, tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static ssize_t
read_again(int fd, char *into, size_t room)
{
	ssize_t got = pread(fd, into, room - 1, 0);

	if (got < 0)
		return -errno;
	into[got] = '\0';
	return got ? got : -ESRCH;
}

int
procfs_reread_syscall(int fd, struct procfs_syscall *call)
{
	char text[256];
	ssize_t got = read_again(fd, text, sizeof(text));

	return got < 0 ? (int)got : procfs_parse_syscall(text, call);
}

bool
procfs_is_futex(const struct procfs_syscall *call)
{
	return !call->running && call->number == SYS_futex;
}

/* ---- io ---- */

static bool
find_number(const char *text, const char *label, uint64_t *number)
{
	const char *at = strstr(text, label);

	if (!at || !isdigit((unsigned char)at[strlen(label)]))
		return false;
	*number = strtoull(at + strlen(label), NULL, 10);
	return true;
}

int
procfs_parse_io(const char *text, uint64_t *calls)
{
	uint64_t reads, writes;

	if (!find_number(text, "syscr: ", &reads) ||
	    !find_number(text, "syscw: ", &writes))
		return -EINVAL;
	*calls = reads + writes;
	return 0;
}

int
procfs_read_io(pid_t pid, pid_t tid, uint64_t *calls)
{
	char text[256];
	ssize_t got = procfs_read_file(text, sizeof(text),
	                               "/proc/%d/task/%d/io", pid, tid);

	return got < 0 ? (int)got : procfs_parse_io(text, calls);
}

int
procfs_reread_io(int fd, uint64_t *calls)
{
	char text[256];
	ssize_t got = read_again(fd, text, sizeof(text));

	return got < 0 ? (int)got : procfs_parse_io(text, calls);
}

int
procfs_read_fd(pid_t pid, int fd, char *into, size_t room)
{
	char path[64];
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	got = readlink(path, into, room - 1);
	if (got < 0)
		return -errno;
	into[got] = '\0';
	return 0;
}

int
procfs_read_comm(pid_t pid, pid_t tid, char into[16])
{
	char text[64];
	ssize_t got = procfs_read_file(text, sizeof(text),
	                               "/proc/%d/task/%d/comm", pid, tid);

	if (got < 0)
		return (int)got;
	/* The last line end is the file's, others are the name's. */
	if (got > 0 && text[got - 1] == '\n')
		text[got - 1] = '\0';
	snprintf(into, 16, "%.15s", text);
	return 0;
}

/* ---- state ---- */

char
procfs_read_state(pid_t pid, pid_t tid)
{
	char text[STAT_BYTES];

	if (procfs_read_file(text, sizeof(text), "/proc/%d/task/%d/stat", pid,
	                     tid) < 0)
		return 0;
	return procfs_parse_state(text);
}
