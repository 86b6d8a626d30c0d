#include "procfs.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PIDS = 1 << 22 }; /* the most a kernel gives out: proc(5), pid_max */

/* Reads a small file whole, ended by NUL; bytes or -errno. */
static ssize_t
read_file(char *into, size_t room, const char *format, ...)
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

int
procfs_clock(pid_t pid, uint64_t *ns)
{
	clockid_t clock = (clockid_t)(~(unsigned)pid << 3 | 2);
	struct timespec time;

	if (clock_gettime(clock, &time))
		return -errno;
	*ns = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
	return 0;
}

/* ---- schedstat ---- */

int
procfs_open_sched(pid_t pid, pid_t tid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", pid, tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int
procfs_parse_sched(const char *text, struct procfs_sched *sched)
{
	char *rest;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	sched->run_ns = strtoull(text, &rest, 10);
	sched->wait_ns = strtoull(rest, &rest, 10);
	sched->slices = strtoull(rest, &rest, 10);
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
	for (int i = 0; i < 2 && call->number >= 0; i++)
		call->args[i] = strtoull(rest, &rest, 16);
	return 0;
}

int
procfs_read_syscall(pid_t pid, pid_t tid, struct procfs_syscall *call)
{
	char text[256];
	ssize_t got = read_file(text, sizeof(text), "/proc/%d/task/%d/syscall",
	                        pid, tid);

	return got < 0 ? (int)got : procfs_parse_syscall(text, call);
}

/* ---- io ---- */

int
procfs_parse_io(const char *text, uint64_t *calls)
{
	const char *reads = strstr(text, "syscr: ");
	const char *writes = strstr(text, "syscw: ");

	if (!reads || !writes)
		return -EINVAL;
	*calls = strtoull(reads + 7, NULL, 10) +
	         strtoull(writes + 7, NULL, 10);
	return 0;
}

int
procfs_read_io(pid_t pid, pid_t tid, uint64_t *calls)
{
	char text[256];
	ssize_t got = read_file(text, sizeof(text), "/proc/%d/task/%d/io", pid,
	                        tid);

	return got < 0 ? (int)got : procfs_parse_io(text, calls);
}

int
procfs_read_comm(pid_t pid, pid_t tid, char into[16])
{
	char text[64];
	ssize_t got = read_file(text, sizeof(text), "/proc/%d/task/%d/comm",
	                        pid, tid);

	if (got < 0)
		return (int)got;
	text[strcspn(text, "\n")] = '\0';
	snprintf(into, 16, "%.15s", text);
	return 0;
}

/* ---- lists ---- */

int
procfs_children(pid_t pid, pid_t tid, procfs_each each, void *data)
{
	char text[4096];
	ssize_t got = read_file(text, sizeof(text), "/proc/%d/task/%d/children",
	                        pid, tid);
	char *at = text;
	int count = 0;

	if (got < 0)
		return (int)got;
	/* A number at the very end of a full buffer may be cut. */
	if (got == sizeof(text) - 1 && strrchr(text, ' '))
		strrchr(text, ' ')[1] = '\0';
	for (;;) {
		char *rest;
		long id = strtol(at, &rest, 10);

		if (rest == at)
			return count;
		if (id > 0)
			each(data, (pid_t)id);
		count++;
		at = rest;
	}
}

static int
each_number(const char *path, procfs_each each, void *data)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	int count = 0;

	if (!directory)
		return -errno;
	while ((entry = readdir(directory)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		count++;
		if (each)
			each(data, (pid_t)strtol(entry->d_name, NULL, 10));
	}
	closedir(directory);
	return count;
}

int
procfs_threads(pid_t pid, procfs_each each, void *data)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	return each_number(path, each, data);
}

/* ---- descendants ---- */

struct kin {
	pid_t pid, parent;
	bool zombie, related;
};

struct census {
	struct kin *kin;
	size_t count, room;
};

static void
count_one(void *data, pid_t pid)
{
	struct census *census = data;
	char text[512];
	const char *at;
	struct kin *one;
	long parent;

	if (census->count == census->room) {
		size_t room = census->room ? census->room * 2 : 256;
		void *bigger = realloc(census->kin, room * sizeof(*one));

		if (!bigger)
			return;
		census->kin = bigger;
		census->room = room;
	}
	if (read_file(text, sizeof(text), "/proc/%d/stat", pid) < 0)
		return;
	at = strrchr(text, ')');
	parent = at && strlen(at) > 4 ? strtol(at + 4, NULL, 10) : -1;
	if (parent < 0 || parent >= PIDS || pid >= PIDS)
		return;
	one = &census->kin[census->count++];
	one->pid = pid;
	one->parent = (pid_t)parent;
	one->zombie = at[2] == 'Z' || at[2] == 'X';
	one->related = false;
}

/* Whose parent is `pid` or already known to be related; a generation a pass.
 */
int
procfs_descendants(pid_t pid, procfs_each each, void *data)
{
	struct census census = {0};
	int error = each_number("/proc", count_one, &census);
	bool *is_parent, found = true;
	int count = 0;

	if (error < 0)
		return error;
	is_parent = calloc(PIDS, sizeof(*is_parent));
	if (!is_parent) {
		free(census.kin);
		return -ENOMEM;
	}
	is_parent[pid] = true;
	while (found) {
		found = false;
		for (size_t i = 0; i < census.count; i++) {
			struct kin *one = &census.kin[i];

			if (one->related || !is_parent[one->parent])
				continue;
			one->related = found = is_parent[one->pid] = true;
			if (one->zombie)
				continue;
			each(data, one->pid);
			count++;
		}
	}
	free(is_parent);
	free(census.kin);
	return count;
}

int
procfs_thread_count(pid_t pid)
{
	char path[64];
	struct stat status;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	if (stat(path, &status))
		return -errno;
	/* Each thread is a directory, and so a link to its parent. */
	return status.st_nlink > 2 ? (int)status.st_nlink - 2 : 0;
}

int
procfs_fd_count(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	return each_number(path, NULL, NULL);
}

/* ---- zombies ---- */

/* "pid (comm) S ppid ..." : comm may hold anything, so the last parenthesis
 * ends it. exit_code is the last field, number 52. */
int
procfs_parse_zombie(const char *text, int *status)
{
	const char *at = strrchr(text, ')');
	const char *last;

	if (!at || at[1] != ' ')
		return -EINVAL;
	if (at[2] != 'Z' && at[2] != 'X')
		return -EAGAIN;
	last = strrchr(at, ' ');
	*status = (int)strtol(last + 1, NULL, 10);
	return 0;
}

int
procfs_zombie_status(pid_t pid, int *status)
{
	char text[1024], path[32];
	ssize_t got = read_file(text, sizeof(text), "/proc/%d/stat", pid);
	struct stat owner;

	if (got < 0)
		return (int)got;
	/* The kernel shows 0 to those who may not know. */
	snprintf(path, sizeof(path), "/proc/%d", pid);
	if (geteuid() != 0 &&
	    (stat(path, &owner) || owner.st_uid != geteuid()))
		return -EACCES;
	return procfs_parse_zombie(text, status);
}
