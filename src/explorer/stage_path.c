#include "stage_path.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The folder is right also when the file has been replaced or removed. */
static int
own_folder(char folder[PATH_MAX])
{
	ssize_t size = readlink("/proc/self/exe", folder, PATH_MAX - 1);
	char *slash;

	if (size < 0)
		return -errno;
	folder[size] = '\0';
	slash = strrchr(folder, '/');
	if (!slash)
		return -ENOENT;
	*slash = '\0';
	return 0;
}

int
stage_path_find(char *path, size_t room)
{
	char folder[PATH_MAX];
	int error = own_folder(folder);

	if (error)
		return error;
	snprintf(path, room, "%s/%s", folder, STAGE_PROGRAM);
	if (access(path, X_OK) == 0)
		return 0;
	snprintf(path, room, "%s/../libexec/looptop/%s", folder, STAGE_PROGRAM);
	return access(path, X_OK) ? -errno : 0;
}
