/*
 * Failures: no place for the file (the run goes on without the agent, and a
 * note says so); a directory with a quote in its name (NODE_OPTIONS takes
 * \" inside "..."); a Node that finds no file at that path dies at its start,
 * so the file stays as long as anything of the program lives; no place for the
 * native part (messages are seen, blocks are not named).
 */
#include "agent_setup.h"

#include "agent/ask.h"
#include "core/emit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { OPTIONS_MAX = 65536 };

static const char variable[] = "NODE_OPTIONS";
static const char script[] = SCRIPT_FILE;

/* ---- the files ---- */

static int
path_of(char path[PATH_MAX], const char *directory, const char *name)
{
	int length = snprintf(path, PATH_MAX, "%s/%s", directory, name);

	return length < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* What the agent cannot know: the numbers of the kinds, and what was asked. */
static void
write_head(FILE *file, const struct agent_wishes *wishes)
{
	fprintf(file,
	        "'use strict';const OPTIONS={preview:%d,stacks:%s},KINDS={",
	        wishes->preview, wishes->stacks ? "true" : "false");
	for (int kind = 0; kind < EVENT_KINDS; kind++)
		fprintf(file, "'%s':%d,", event_name((enum event_kind)kind),
		        kind);
	fprintf(file, "};\n");
}

/* wishes NULL: without a head. */
static int
write_file(const char *directory, const char *name,
           const struct agent_wishes *wishes, const unsigned char *bytes,
           size_t size)
{
	char path[PATH_MAX];
	int error = path_of(path, directory, name);
	FILE *file = error ? NULL : fopen(path, "wxe");
	bool failed;

	if (!file)
		return error ? error : -errno;
	if (wishes)
		write_head(file, wishes);
	failed = fwrite(bytes, 1, size, file) != size;
	if (fclose(file) || failed) {
		unlink(path);
		return -EIO;
	}
	return 0;
}

/* The page on which threads are asked; NULL when there is no place. */
static struct ask *
make_ask(const char *directory)
{
	char path[PATH_MAX];
	void *page = MAP_FAILED;
	int fd = -1;

	if (path_of(path, directory, ASK_FILE) == 0)
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return NULL;
	if (ftruncate(fd, sizeof(struct ask)) == 0)
		page = mmap(NULL, sizeof(struct ask), PROT_READ | PROT_WRITE,
		            MAP_SHARED, fd, 0);
	close(fd);
	return page == MAP_FAILED ? NULL : page;
}

void
agent_remove_files(const char *directory)
{
	static const char *const names[] = {script, NATIVE_FILE, ASK_FILE};
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (path_of(path, directory, names[i]) == 0)
			unlink(path);
}

/* ---- NODE_OPTIONS ---- */

/* Node splits the value at blanks; "..." keeps them, \ keeps a quote. */
static void
quote(char *into, size_t room, const char *word)
{
	size_t used = 0;

	for (; *word && used + 2 < room; word++) {
		if (*word == '"' || *word == '\\')
			into[used++] = '\\';
		into[used++] = *word;
	}
	into[used] = '\0';
}

int
agent_options(char *into, size_t room, const char *file, const char *old)
{
	char quoted[2 * PATH_MAX];

	quote(quoted, sizeof(quoted), file);
	return snprintf(into, room, "--require \"%s\"%s%s", quoted,
	                old && *old ? " " : "", old ? old : "");
}

static int
set_options(const char *directory)
{
	char path[PATH_MAX], *value = malloc(OPTIONS_MAX);
	int error = value ? path_of(path, directory, script) : -ENOMEM;

	if (!error && agent_options(value, OPTIONS_MAX, path,
	                            getenv(variable)) >= OPTIONS_MAX)
		error = -E2BIG;
	if (!error && setenv(variable, value, 1))
		error = -errno;
	free(value);
	return error;
}

/* setenv(3) must not read what it replaces. */
static void
keep_rest(const char *rest)
{
	char *copy = strdup(rest);

	if (copy)
		setenv(variable, copy, 1);
	free(copy);
}

static void
reset_options(const char *directory)
{
	char path[PATH_MAX], ours[2 * PATH_MAX + 16];
	const char *value = getenv(variable);
	size_t length;

	if (!value || path_of(path, directory, script))
		return;
	length = (size_t)agent_options(ours, sizeof(ours), path, NULL);
	if (strncmp(value, ours, length) != 0)
		return;
	if (value[length])
		keep_rest(value + length + 1);
	else
		unsetenv(variable);
}

/* ---- */

/* The permission model forbids to read the agent, and a Node that cannot read
 * what NODE_OPTIONS names dies (Node 20). */
static bool
is_forbidden(char *const *command)
{
	for (; *command; command++)
		if (strcmp(*command, "--permission") == 0 ||
		    strcmp(*command, "--experimental-permission") == 0)
			return true;
	return false;
}

static int
set_up(struct agent *agent, char *const *command, const char *directory,
       const struct agent_wishes *wishes)
{
	int error = is_forbidden(command)
	                ? -EACCES
	                : write_file(directory, script, wishes, agent_text,
	                             agent_text_size);

	if (!error)
		error = set_options(directory);
	if (error) {
		agent_remove_files(directory);
		return error;
	}
	agent->directory = directory;
	agent->ask = NULL;
	if (write_file(directory, NATIVE_FILE, NULL, agent_native,
	               agent_native_size) == 0)
		agent->ask = make_ask(directory);
	return 0;
}

void
agent_setup(struct agent *agent, char *const *command, const char *directory,
            const struct agent_wishes *wishes)
{
	struct event note = {.kind = EVENT_NOTE, .number = NOTE_WARNING};
	char text[160];
	int error = set_up(agent, command, directory, wishes);

	if (!error)
		return;
	snprintf(text, sizeof(text),
	         "no agent in Node programs, so no messages are seen: %s",
	         strerror(-error));
	emit(&note, text);
}

void
agent_ask(struct agent *agent, uint32_t tid)
{
	struct ask *ask = agent->ask;
	uint32_t count;

	if (!ask)
		return;
	count = ask->count;
	__atomic_store_n(&ask->tids[count % ASK_TIDS], tid, __ATOMIC_RELAXED);
	__atomic_store_n(&ask->count, count + 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &ask->count, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

void
agent_remove(struct agent *agent)
{
	if (!agent->directory)
		return;
	agent_remove_files(agent->directory);
	reset_options(agent->directory);
	if (agent->ask)
		munmap(agent->ask, sizeof(*agent->ask));
	agent->directory = NULL;
	agent->ask = NULL;
}
