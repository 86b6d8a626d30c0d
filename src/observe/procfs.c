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

/* pids: the most a kernel gives out (proc(5), pid_max). */
enum { PIDS = 1 << 22, STAT_BYTES = 1024 };

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

	/* It says EINVAL of a process that is gone. */
	if (clock_gettime(clock, &time))
		return errno == EINVAL ? -ESRCH : -errno;
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
	ssize_t got =
	    read_file(text, sizeof(text), "/proc/%d/task/%d/syscall", pid, tid);

	return got < 0 ? (int)got : procfs_parse_syscall(text, call);
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
	ssize_t got =
	    read_file(text, sizeof(text), "/proc/%d/task/%d/io", pid, tid);

	return got < 0 ? (int)got : procfs_parse_io(text, calls);
}

int
procfs_read_comm(pid_t pid, pid_t tid, char into[16])
{
	char text[64];
	ssize_t got =
	    read_file(text, sizeof(text), "/proc/%d/task/%d/comm", pid, tid);

	if (got < 0)
		return (int)got;
	/* The last line end is the file's, others are the name's. */
	if (got > 0 && text[got - 1] == '\n')
		text[got - 1] = '\0';
	snprintf(into, 16, "%.15s", text);
	return 0;
}

/* ---- lists ---- */

/* Each number ends with a blank; what a read has cut is left at the beginning.
 * Returns its bytes. */
static size_t
take_ids(char *text, size_t size, procfs_each each, void *data, int *count)
{
	char *at = text, *end;

	text[size] = '\0';
	while ((end = strchr(at, ' ')) != NULL) {
		each(data, (pid_t)strtol(at, NULL, 10));
		++*count;
		at = end + 1;
	}
	size -= (size_t)(at - text);
	memmove(text, at, size);
	return size;
}

int
procfs_children(pid_t pid, pid_t tid, procfs_each each, void *data)
{
	char path[64], text[4096];
	size_t held = 0;
	ssize_t got;
	int count = 0, error = 0, fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* The kernel hands over about a page at a time. */
	do {
		got = read(fd, text + held, sizeof(text) - 1 - held);
		if (got < 0)
			error = errno;
		if (got > 0)
			held = take_ids(text, held + (size_t)got, each, data,
			                &count);
	} while (got > (ssize_t)sizeof(text) / 2);
	close(fd);
	return error && !count ? -error : count;
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

/* ---- stat ---- */

/* Field `number`, from 3 on, of "pid (comm) S ppid ..."; NULL: it is not there
 * whole. comm may hold anything, so the last parenthesis ends it. */
static const char *
stat_field(const char *text, int number)
{
	const char *at = strrchr(text, ')');

	if (!at || at[1] != ' ' || !strchr(at, '\n'))
		return NULL;
	for (; at && number > 2; number--) {
		at = strchr(at, ' ');
		at = at ? at + 1 : NULL;
	}
	return at;
}

/* A process is a zombie when its last thread has ended, not when the main one
 * has: field 20 says how many there are. */
static bool
is_zombie(const char *text)
{
	const char *life = stat_field(text, 3);
	const char *threads = stat_field(text, 20);

	return threads && (*life == 'Z' || *life == 'X') &&
	       strtol(threads, NULL, 10) <= 1;
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
	char text[STAT_BYTES];
	const char *field;
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
	field = stat_field(text, 4);
	parent = field ? strtol(field, NULL, 10) : -1;
	if (parent < 0 || parent >= PIDS || pid >= PIDS)
		return;
	one = &census->kin[census->count++];
	one->pid = pid;
	one->parent = (pid_t)parent;
	one->zombie = is_zombie(text);
	one->related = false;
}

/* Whose parent is `pid` or already known to be related; a generation a pass.
 */
int
procfs_descendants(pid_t pid, procfs_each each, void *data)
{
	struct census census = {0};
	bool *is_parent, found = true;
	int count = 0, error;

	if (pid < 0 || pid >= PIDS)
		return -ESRCH;
	error = each_number("/proc", count_one, &census);
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

/* exit_code is field 52. */
int
procfs_parse_zombie(const char *text, int *status)
{
	const char *code = stat_field(text, 52);

	if (!code)
		return -EINVAL;
	if (!is_zombie(text))
		return -EAGAIN;
	*status = (int)strtol(code, NULL, 10);
	return 0;
}

int
procfs_zombie_status(pid_t pid, int *status)
{
	char text[STAT_BYTES], path[32];
	ssize_t got = read_file(text, sizeof(text), "/proc/%d/stat", pid);
	struct stat owner;

	if (got < 0)
		return (int)got;
	/* The kernel shows 0 to those who may not know. */
	snprintf(path, sizeof(path), "/proc/%d", pid);
	if (geteuid() != 0 && (stat(path, &owner) || owner.st_uid != geteuid()))
		return -EACCES;
	return procfs_parse_zombie(text, status);
}
