/* The environment of a worker thread: its own, or the process'. */
#include "worker_parts.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Entries as in environ: "NAME=value". The first `first_count` lie in one
 * block, which is all there is until the thread changes something. */
struct worker_env {
	char **entries;
	size_t count, room;
	char *block;
	size_t block_size;
};

/* For those that share the process' own: getenv(3) and setenv(3) do not lock.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool
is_in_block(const struct worker_env *env, const char *entry)
{
	return entry >= env->block && entry < env->block + env->block_size;
}

static int
fill(struct worker_env *env, const char *const *entries)
{
	char *at;

	while (entries[env->count])
		env->block_size += strlen(entries[env->count++]) + 1;
	env->room = env->count + 1;
	env->entries = calloc(env->room, sizeof(*env->entries));
	env->block = malloc(env->block_size + 1);
	if (!env->entries || !env->block)
		return -ENOMEM;
	at = env->block;
	for (size_t i = 0; i < env->count; i++) {
		env->entries[i] = at;
		at = stpcpy(at, entries[i]) + 1;
	}
	return 0;
}

struct worker_env *
worker_env_new(const char *const *entries, struct worker_scope *parent)
{
	static const char *const none[] = {NULL};
	struct worker_env *env = calloc(1, sizeof(*env));
	bool is_shared = !entries && (!parent || !parent->env);
	int error;

	if (!env)
		return NULL;
	if (is_shared) {
		pthread_mutex_lock(&lock);
		entries = (const char *const *)environ;
	} else if (!entries) {
		entries = (const char *const *)parent->env->entries;
	}
	error = fill(env, entries ? entries : none);
	if (is_shared)
		pthread_mutex_unlock(&lock);
	if (error) {
		env->count = 0;
		worker_env_free(env);
		return NULL;
	}
	return env;
}

void
worker_env_free(struct worker_env *env)
{
	if (!env)
		return;
	for (size_t i = 0; i < env->count; i++)
		if (!is_in_block(env, env->entries[i]))
			free(env->entries[i]);
	free(env->entries);
	free(env->block);
	free(env);
}

/* The place of the name, or behind the last. */
static size_t
find(const struct worker_env *env, const char *name)
{
	size_t length = strlen(name), i;

	for (i = 0; i < env->count; i++)
		if (strncmp(env->entries[i], name, length) == 0 &&
		    env->entries[i][length] == '=')
			break;
	return i;
}

static int
copy_out(const char *value, char *into, size_t room)
{
	size_t length;

	if (!value)
		return -ENOENT;
	length = strlen(value);
	if (room > 0) {
		size_t copied = length < room ? length : room - 1;

		memcpy(into, value, copied);
		into[copied] = '\0';
	}
	return (int)length;
}

int
worker_scope_getenv(struct worker_scope *scope, const char *name, char *into,
                    size_t room)
{
	const struct worker_env *env = scope->env;
	size_t i;
	int result;

	if (!env) {
		pthread_mutex_lock(&lock);
		result = copy_out(getenv(name), into, room);
		pthread_mutex_unlock(&lock);
		return result;
	}
	i = find(env, name);
	return copy_out(
	    i < env->count ? env->entries[i] + strlen(name) + 1 : NULL, into,
	    room);
}

static int
set_shared(const char *name, const char *value)
{
	int result;

	pthread_mutex_lock(&lock);
	result = value ? setenv(name, value, 1) : unsetenv(name);
	pthread_mutex_unlock(&lock);
	return result ? -errno : 0;
}

static int
make_room(struct worker_env *env)
{
	size_t room = env->room * 2 + 8;
	char **entries;

	if (env->count + 1 < env->room)
		return 0;
	entries = realloc(env->entries, room * sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	memset(entries + env->room, 0, (room - env->room) * sizeof(*entries));
	env->entries = entries;
	env->room = room;
	return 0;
}

static char *
new_entry(const char *name, const char *value)
{
	size_t size = strlen(name) + 1 + strlen(value) + 1;
	char *entry = malloc(size);

	if (entry)
		stpcpy(stpcpy(stpcpy(entry, name), "="), value);
	return entry;
}

int
worker_scope_setenv(struct worker_scope *scope, const char *name,
                    const char *value)
{
	struct worker_env *env = scope->env;
	char *entry = NULL, *old;
	size_t i;

	if (!*name || strchr(name, '='))
		return -EINVAL;
	if (!env)
		return set_shared(name, value);
	i = find(env, name);
	if (value) {
		entry = make_room(env) ? NULL : new_entry(name, value);
		if (!entry)
			return -ENOMEM;
	}
	old = env->entries[i];
	if (old && !is_in_block(env, old))
		free(old);
	if (entry) {
		env->entries[i] = entry;
		env->count += i == env->count;
	} else if (i < env->count) {
		env->entries[i] = env->entries[--env->count];
		env->entries[env->count] = NULL;
	}
	return 0;
}
