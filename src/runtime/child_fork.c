#include "child_exec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { EXE_BYTES = 4096 };

static size_t
count_of(const char *const *words)
{
	size_t count = 0;

	while (words && words[count])
		count++;
	return count;
}

/* exec_path, exec_args, module, args; the array is the caller's to free. */
static const char **
words_of(const char *exe, const struct child_fork_options *fork)
{
	size_t before = count_of(fork->exec_args);
	size_t behind = count_of(fork->args);
	const char **words = calloc(before + behind + 3, sizeof(*words));

	if (!words)
		return NULL;
	words[0] = exe;
	for (size_t i = 0; i < before; i++)
		words[1 + i] = fork->exec_args[i];
	words[1 + before] = fork->module;
	for (size_t i = 0; i < behind; i++)
		words[2 + before + i] = fork->args[i];
	return words;
}

static bool
has_channel(const struct child_options *options)
{
	for (int i = 0; i < options->stdio_count; i++)
		if (options->stdio[i].mode == CHILD_IPC)
			return true;
	return false;
}

static void
choose(enum child_stdio *mode, bool silent)
{
	if (*mode == CHILD_DEFAULT)
		*mode = silent ? CHILD_PIPE : CHILD_INHERIT;
}

int
child_fork_module(struct child *child, struct loop *loop,
                  const struct child_fork_options *fork,
                  const struct child_options *options,
                  const struct child_events *events)
{
	struct child_options all =
	    options ? *options : (struct child_options){0};
	char exe[EXE_BYTES];
	size_t size = sizeof(exe);
	int error = fork->exec_path ? 0 : uv_exepath(exe, &size);
	const char **words;

	if (error)
		return error;
	if (!fork->module || (all.stdio && !has_channel(&all)))
		return -EINVAL;
	all.file = fork->exec_path ? fork->exec_path : exe;
	words = words_of(all.file, fork);
	if (!words)
		return -ENOMEM;
	all.args = words;
	all.how = all.how ? all.how : BIRTH_FORK;
	all.shell = NULL;
	all.channel = !all.stdio;
	choose(&all.in, fork->silent);
	choose(&all.out, fork->silent);
	choose(&all.err, fork->silent);
	error = child_spawn(child, loop, &all, events);
	free(words);
	return error;
}

int
child_fork(struct child *child, struct loop *loop, enum birth how,
           const char *role, const char *const *args, const char *const *env,
           const struct child_events *events)
{
	const struct child_fork_options fork = {
	    .module = role,
	    .args = args,
	    .silent = true,
	};
	const struct child_options options = {
	    .how = how,
	    .env = env,
	    .in = CHILD_IGNORE,
	};

	return child_fork_module(child, loop, &fork, &options, events);
}
