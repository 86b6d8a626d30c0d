/*
 * What libuv refers to and nobody calls on the stage. Only the static link
 * takes them: with those of the C library would come all that looks up users
 * and loads libraries, a sixth of the program.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pwd.h>
#include <stddef.h>

int
getpwuid_r(uid_t uid, struct passwd *entry, char *bytes, size_t room,
           struct passwd **found)
{
	(void)uid;
	(void)entry;
	(void)bytes;
	(void)room;
	*found = NULL;
	return ENOENT;
}

void *
dlsym(void *handle, const char *name)
{
	(void)handle;
	(void)name;
	return NULL;
}

char *
dlerror(void)
{
	return NULL;
}
