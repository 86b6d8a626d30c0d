/*
 * Failures, before line one: the process has ended, or changed its group, since
 * the list was shown: nothing is sent. One that joins the group meanwhile is
 * reached too: kill(-pgid) is what it is.
 */
#include "group.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The group of a process that runs; 0: there is none. */
static uint32_t
group_of(const char *pid)
{
	char path[64], line[512], state, *at;
	unsigned group = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	at = fgets(line, sizeof(line), file);
	fclose(file);
	/* The name may hold anything, also a parenthesis. */
	at = at ? strrchr(line, ')') : NULL;
	if (!at || sscanf(at + 1, " %c %*u %u", &state, &group) != 2 ||
	    state == 'Z' || state == 'X')
		return 0;
	return group;
}

static void
add(struct ui_group *group, uint32_t pid)
{
	if (group->count < UI_GROUP)
		group->pids[group->count] = pid;
	group->count++;
}

static int
compare(const void *left, const void *right)
{
	const uint32_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

bool
group_find(uint32_t pid, struct ui_group *group)
{
	char name[16];
	struct dirent *entry;
	DIR *directory;

	memset(group, 0, sizeof(*group));
	snprintf(name, sizeof(name), "%u", pid);
	group->id = group_of(name);
	if (group->id <= 1 || group->id == (uint32_t)getpgrp())
		return false;
	directory = opendir("/proc");
	if (!directory)
		return false;
	while ((entry = readdir(directory)) != NULL)
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    group_of(entry->d_name) == group->id)
			add(group, (uint32_t)strtoul(entry->d_name, NULL, 10));
	closedir(directory);
	qsort(group->pids,
	      (size_t)(group->count < UI_GROUP ? group->count : UI_GROUP),
	      sizeof(group->pids[0]), compare);
	return group->count > 0;
}

int
group_signal(uint32_t id, uint32_t pid, int signal)
{
	char name[16];

	snprintf(name, sizeof(name), "%u", pid);
	if (id <= 1 || group_of(name) != id)
		return -ESRCH;
	if (id == (uint32_t)getpgrp())
		return -EPERM;
	return kill(-(pid_t)id, signal) ? -errno : 0;
}
