#include "holdings.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void
holdings_free(struct holdings *holdings)
{
	free(holdings->rows);
	memset(holdings, 0, sizeof(*holdings));
}

static int
add(struct holdings *holdings, const struct holding *holding)
{
	if (holdings->count == holdings->room) {
		int room = holdings->room ? holdings->room * 2 : 32;
		void *bigger =
		    realloc(holdings->rows, (size_t)room * sizeof(*holding));

		if (!bigger)
			return -ENOMEM;
		holdings->rows = bigger;
		holdings->room = room;
	}
	holdings->rows[holdings->count++] = *holding;
	return 0;
}

/* ---- descriptors ---- */

bool
holdings_parse_link(const char *text, struct holding *holding)
{
	const char *number;
	char *rest;

	if (strncmp(text, "pipe:[", 6) == 0)
		holding->kind = HOLDING_PIPE;
	else if (strncmp(text, "socket:[", 8) == 0)
		holding->kind = HOLDING_SOCKET;
	else
		return false;
	number = strchr(text, '[') + 1;
	holding->inode = strtoull(number, &rest, 10);
	return rest != number && strcmp(rest, "]") == 0;
}

/* The link's own mode says how the descriptor was opened (proc(5)). */
static bool
read_link(int directory, const char *name, struct holding *holding)
{
	struct stat status;
	char text[64];
	ssize_t size = readlinkat(directory, name, text, sizeof(text) - 1);

	if (size < 0)
		return false;
	text[size] = '\0';
	if (!holdings_parse_link(text, holding))
		return false;
	holding->fd = atoi(name);
	if (holding->kind == HOLDING_PIPE &&
	    fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
		holding->reads = (status.st_mode & S_IRUSR) != 0;
		holding->writes = (status.st_mode & S_IWUSR) != 0;
	}
	return true;
}

int
holdings_descriptors(struct holdings *holdings, pid_t pid)
{
	struct holding holding = {.pid = pid};
	char path[64];
	struct dirent *entry;
	int count = 0;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	directory = opendir(path);
	if (!directory)
		return -errno;
	while ((entry = readdir(directory)) != NULL)
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    read_link(dirfd(directory), entry->d_name, &holding) &&
		    add(holdings, &holding) == 0)
			count++;
	closedir(directory);
	return count;
}

/* ---- memory ---- */

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* "from-to rw-s offset major:minor inode   path": what is shared but only read
 * is code and tables, what lies in a file system is a file. */
bool
holdings_parse_map(const char *line, struct holding *holding)
{
	unsigned long long from, to, inode;
	unsigned major, minor;
	char rights[5];
	int behind = 0;
	const char *path;

	if (sscanf(line, "%llx-%llx %4s %*x %x:%x %llu %n", &from, &to, rights,
	           &major, &minor, &inode, &behind) < 6 ||
	    !behind)
		return false;
	path = line + behind;
	if (rights[1] != 'w' || rights[3] != 's' || !inode ||
	    (strncmp(path, "/memfd:", 7) != 0 &&
	     strncmp(path, "/dev/shm/", 9) != 0 &&
	     strncmp(path, "/SYSV", 5) != 0 &&
	     strncmp(path, "/dev/zero (deleted)", 19) != 0))
		return false;
	holding->kind = HOLDING_MEMORY;
	holding->inode = (uint64_t)(major << 8 | (minor & 0xff)) << 40 ^ inode;
	holding->fd = -1;
	holding->kb = (uint32_t)((to - from) / 1024);
	path = base_name(path);
	snprintf(holding->name, sizeof(holding->name), "%.*s",
	         (int)strcspn(path, " \n"), path);
	return true;
}

int
holdings_memory(struct holdings *holdings, pid_t pid)
{
	struct holding holding = {.pid = pid};
	char path[64], line[512];
	int count = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file))
		if (strstr(line, " rw-s ") &&
		    holdings_parse_map(line, &holding) &&
		    add(holdings, &holding) == 0)
			count++;
	fclose(file);
	return count;
}

/* ---- environment ---- */

int
holdings_environment(pid_t pid, const char *name)
{
	size_t length = strlen(name);
	char path[64], *word = NULL, *rest;
	size_t room = 0;
	long value = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	file = fopen(path, "re");
	if (!file)
		return -1;
	while (getdelim(&word, &room, '\0', file) > 0)
		if (strncmp(word, name, length) == 0 && word[length] == '=') {
			value = strtol(word + length + 1, &rest, 10);
			if (rest == word + length + 1 || value < 0 ||
			    value > 1 << 20)
				value = -1;
			break;
		}
	free(word);
	fclose(file);
	return (int)value;
}
