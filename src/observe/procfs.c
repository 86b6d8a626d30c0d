#include "procfs.h"
#include "procfs_file.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* pids: the most a kernel gives out (proc(5), pid_max). */
enum { PIDS = 1 << 22 };

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

/* ---- births ---- */

int
procfs_open_births(void)
{
	int fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* "0.00 0.00 0.00 1/100 4711": the last word. */
int
procfs_parse_births(const char *text, uint32_t *last)
{
	const char *at = strrchr(text, ' ');

	if (!at || !isdigit((unsigned char)at[1]))
		return -EINVAL;
	*last = (uint32_t)strtoul(at + 1, NULL, 10);
	return 0;
}

int
procfs_read_births(int fd, uint32_t *last)
{
	char text[128];
	ssize_t got = pread(fd, text, sizeof(text) - 1, 0);

	if (got < 0)
		return -errno;
	text[got] = '\0';
	return procfs_parse_births(text, last);
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
procfs_reread_children(int fd, procfs_each each, void *data)
{
	char text[4096];
	size_t held = 0;
	ssize_t got;
	off_t at = 0;
	int count = 0, error = 0;

	/* The kernel hands over about a page at a time. */
	do {
		got = pread(fd, text + held, sizeof(text) - 1 - held, at);
		if (got < 0)
			error = errno;
		if (got > 0) {
			at += got;
			held = take_ids(text, held + (size_t)got, each, data,
			                &count);
		}
	} while (got > (ssize_t)sizeof(text) / 2);
	return error && !count ? -error : count;
}

int
procfs_children(pid_t pid, pid_t tid, procfs_each each, void *data)
{
	char path[64];
	int fd, count;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	count = procfs_reread_children(fd, each, data);
	close(fd);
	return count;
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

char
procfs_parse_state(const char *text)
{
	const char *life = stat_field(text, 3);

	return life && isalpha((unsigned char)*life) ? *life : 0;
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
	if (procfs_read_file(text, sizeof(text), "/proc/%d/stat", pid) < 0)
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
	ssize_t got =
	    procfs_read_file(text, sizeof(text), "/proc/%d/stat", pid);
	struct stat owner;

	if (got < 0)
		return (int)got;
	/* The kernel shows 0 to those who may not know. */
	snprintf(path, sizeof(path), "/proc/%d", pid);
	if (geteuid() != 0 && (stat(path, &owner) || owner.st_uid != geteuid()))
		return -EACCES;
	return procfs_parse_zombie(text, status);
}
