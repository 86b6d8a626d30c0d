/*
 * stage_path: where the program of the stage is.
 */
#ifndef EXPLORER_STAGE_PATH_H
#define EXPLORER_STAGE_PATH_H

#include <stddef.h>

#define STAGE_PROGRAM "looptop-stage"

/* What to say when it is not found. */
#define STAGE_MISSING \
	STAGE_PROGRAM " is neither beside looptop nor in ../libexec/looptop"
#define STAGE_CURE "make, or make install"

/* Finds it beside this program, where make leaves both, or in
 * ../libexec/looptop, where make install puts it. 0 or -errno. */
int stage_path_find(char *path, size_t room);

#endif
