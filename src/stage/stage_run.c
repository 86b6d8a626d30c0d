/* Any command line as a child: spawn, exec, execFile. */
#include "stage.h"
#include "words.h"

#include "runtime/child_exec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct run {
	struct child child;
	char *command;
};

static const char *
name_of_signal(int signal)
{
	const char *name = sigabbrev_np(signal);

	return name ? name : "?";
}

static void
note_end(struct run *run, const char *more)
{
	const struct child *child = &run->child;

	if (child->signal)
		role_note(NOTE_WARNING, "%s: killed by SIG%s%s", run->command,
		          name_of_signal(child->signal), more);
	else
		role_note(child->code ? NOTE_WARNING : NOTE_INFO,
		          "%s: exit code %d%s", run->command, child->code,
		          more);
}

static void
free_run(struct run *run)
{
	free(run->command);
	free(run);
}

static void
on_close(struct child *child)
{
	struct run *run = child->data;
	char more[64] = "";

	if (child->max_buffer && child->pid)
		snprintf(
		    more, sizeof(more),
		    "; stdout %zu bytes, stderr %zu bytes%s",
		    child->buffers[0].size, child->buffers[1].size,
		    child->error == -ENOBUFS ? ", maxBuffer exceeded" : "");
	if (child->pid)
		note_end(run, more);
	free_run(run);
}

static const struct child_events events = {
    .close = on_close,
};

static struct run *
new_run(json_t *message, const char *key)
{
	const char *command = json_string_value(json_object_get(message, key));
	struct run *run = calloc(1, sizeof(*run));

	if (run && command)
		run->command = strdup(command);
	if (run && run->command && *run->command)
		return run;
	role_note(NOTE_ERROR, "There is no command to run.");
	if (run)
		free(run->command);
	free(run);
	return NULL;
}

/* Without a shell: its words as they are. */
static void
run_words(struct stage *stage, json_t *message, enum birth how,
          size_t max_buffer)
{
	struct run *run = new_run(message, event_birth_name(how));
	struct child_options options = {
	    .how = how,
	    .in = CHILD_IGNORE,
	    .max_buffer = max_buffer,
	};
	char **words;

	if (!run)
		return;
	words = words_split(run->command);
	if (!words) {
		role_note(NOTE_ERROR,
		          "%s: spawn and execFile take words, no shell's "
		          "language. Use exec for that.",
		          run->command);
		free_run(run);
		return;
	}
	options.file = words[0];
	options.args = (const char *const *)words;
	run->child.data = run;
	if (child_spawn(&run->child, &stage->role.loop, &options, &events))
		free_run(run);
	free(words);
}

void
stage_spawn(struct stage *stage, json_t *message)
{
	run_words(stage, message, BIRTH_SPAWN, 0);
}

void
stage_exec_file(struct stage *stage, json_t *message)
{
	run_words(stage, message, BIRTH_EXEC_FILE, CHILD_MAX_BUFFER);
}

void
stage_exec(struct stage *stage, json_t *message)
{
	struct run *run = new_run(message, "exec");

	if (!run)
		return;
	run->child.data = run;
	if (child_exec(&run->child, &stage->role.loop, run->command, 0,
	               &events))
		free_run(run);
}
