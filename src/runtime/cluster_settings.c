/*
 * What a worker is started as. The settings are kept as JSON, with Node's
 * names: laying new ones over old ones is an update of the object.
 */
#include "cluster_inner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXE_BYTES = 4096, OWN_BYTES = 65536 };

json_t *
cluster_strings(const char *const *strings)
{
	json_t *array = json_array();

	for (; strings && *strings; strings++)
		json_array_append_new(array, json_string_nocheck(*strings));
	return array;
}

/* ---- settings ---- */

static void
set_string(json_t *settings, const char *name, const char *value)
{
	if (value)
		json_object_set_new(settings, name, json_string_nocheck(value));
}

static void
set_strings(json_t *settings, const char *name, const char *const *values)
{
	if (values)
		json_object_set_new(settings, name, cluster_strings(values));
}

/* Our own arguments, as Node has them in process.argv: exec is the first, args
 * are the others. */
static void
set_own(json_t *settings)
{
	char *text = calloc(1, OWN_BYTES + 2);
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t size = text && fd >= 0 ? read(fd, text, OWN_BYTES) : 0;
	json_t *args = json_array();
	const char *word = text;

	for (int i = 0; size > 0 && word < text + size; i++) {
		if (i == 1)
			set_string(settings, "exec", word);
		else if (i > 1)
			json_array_append_new(args, json_string_nocheck(word));
		word += strlen(word) + 1;
	}
	json_object_set_new(settings, "args", args);
	json_object_set_new(settings, "execArgv", json_array());
	json_object_set_new(settings, "silent", json_false());
	if (fd >= 0)
		close(fd);
	free(text);
}

int
cluster_settings_lay(json_t *settings, const struct cluster_settings *given)
{
	if (!json_object_size(settings))
		set_own(settings);
	if (!given)
		return 0;
	set_string(settings, "execPath", given->exec_path);
	set_strings(settings, "execArgv", given->exec_args);
	set_string(settings, "exec", given->exec);
	set_strings(settings, "args", given->args);
	set_string(settings, "cwd", given->cwd);
	if (given->silent)
		json_object_set_new(
		    settings, "silent",
		    json_boolean(given->silent == CLUSTER_SILENT));
	return json_object_size(settings) ? 0 : -ENOMEM;
}

/* ---- environment ---- */

static bool
is_named(const char *variable, const char *other)
{
	size_t length = strcspn(variable, "=");

	return strncmp(variable, other, length) == 0 &&
	       (other[length] == '=' || !other[length]);
}

static const char *
string_at(const json_t *strings, size_t i)
{
	return json_string_value(json_array_get(strings, i));
}

static bool
is_replaced(const char *variable, const json_t *env)
{
	for (size_t i = 0; i < json_array_size(env); i++)
		if (is_named(variable, string_at(env, i)))
			return true;
	return is_named("NODE_UNIQUE_ID", variable);
}

/* Ours, what the worker is given, its id: the caller frees the array, the
 * strings are others'. */
static const char **
environment(const json_t *env, const char *id)
{
	size_t count = 0, used = 0;
	const char **result;

	while (environ[count])
		count++;
	result = calloc(count + json_array_size(env) + 2, sizeof(*result));
	if (!result)
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (!is_replaced(environ[i], env))
			result[used++] = environ[i];
	for (size_t i = 0; i < json_array_size(env); i++)
		if (!is_named("NODE_UNIQUE_ID", string_at(env, i)))
			result[used++] = string_at(env, i);
	result[used] = id;
	return result;
}

/* ---- arguments ---- */

static size_t
add_strings(const char **argv, size_t used, const json_t *strings)
{
	for (size_t i = 0; i < json_array_size(strings); i++)
		argv[used++] = string_at(strings, i);
	return used;
}

static const char **
arguments(const json_t *settings, const char *path)
{
	json_t *before = json_object_get(settings, "execArgv");
	json_t *exec = json_object_get(settings, "exec");
	json_t *behind = json_object_get(settings, "args");
	const char **argv =
	    calloc(json_array_size(before) + json_array_size(behind) + 3,
	           sizeof(*argv));
	size_t used = 1;

	if (!argv)
		return NULL;
	argv[0] = path;
	used = add_strings(argv, used, before);
	if (exec)
		argv[used++] = json_string_value(exec);
	add_strings(argv, used, behind);
	return argv;
}

/* Node: fork(); stdio is ours, or pipes when silent. */
int
cluster_settings_spawn(struct cluster_worker *worker,
                       const struct child_events *events)
{
	json_t *settings = worker->cluster->settings;
	enum child_stdio stdio =
	    json_is_true(json_object_get(settings, "silent")) ? CHILD_PIPE
							      : CHILD_INHERIT;
	const char *path =
	    json_string_value(json_object_get(settings, "execPath"));
	char exe[EXE_BYTES], id[40];
	size_t size = sizeof(exe);
	struct child_options options = {
	    .how = BIRTH_CLUSTER,
	    .cwd = json_string_value(json_object_get(settings, "cwd")),
	    .in = stdio,
	    .out = stdio,
	    .err = stdio,
	    .channel = true,
	};
	bool is_other = path && *path;
	int error = is_other ? 0 : uv_exepath(exe, &size);

	if (error)
		return error;
	snprintf(id, sizeof(id), "NODE_UNIQUE_ID=%d", worker->id);
	options.file = is_other ? path : exe;
	options.args = arguments(settings, options.file);
	options.env = environment(worker->env, id);
	error = -ENOMEM;
	if (options.args && options.env)
		error = child_spawn(&worker->child, worker->cluster->loop,
		                    &options, events);
	free((void *)options.args);
	free((void *)options.env);
	return error;
}
