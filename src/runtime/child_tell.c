/* What the stream and the callback of exec are told of a child. */
#include "child_exec.h"
#include "child_life.h"

#include "core/emit.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
child_tell_born(const struct child *child, enum birth how,
                const char *const *words)
{
	struct event event = {
	    .kind = EVENT_PROCESS_BORN,
	    .pid = (uint32_t)child->pid,
	    .tid = (uint32_t)child->pid,
	    .other_pid = (uint32_t)uv_os_getpid(),
	    .number = how ? how : BIRTH_SPAWN,
	};
	char command[EVENT_TEXT_MAX];
	size_t used = 0;

	for (int i = 0; words[i] && used < sizeof(command); i++)
		used += (size_t)snprintf(command + used, sizeof(command) - used,
		                         "%s%s", i ? " " : "", words[i]);
	emit(&event, command);
}

void
child_tell_exit(const struct child *child)
{
	struct event event = {
	    .kind = EVENT_PROCESS_EXIT,
	    .other_pid = (uint32_t)child->pid,
	    .other_tid = (uint32_t)child->pid,
	    .number = child->signal ? DEATH_SIGNAL : DEATH_CODE,
	    .value = (uint64_t)(child->signal ? child->signal : child->code),
	};

	emit(&event, NULL);
}

void
child_note(const struct child *child, enum note level, const char *format, ...)
{
	struct event event = {.kind = EVENT_NOTE, .number = level};
	char text[EVENT_TEXT_MAX], what[160];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	snprintf(text, sizeof(text), "%.400s: %s.", child->command, what);
	emit(&event, text);
}

const char *
child_signal_name(int signal)
{
	const char *name = sigabbrev_np(signal);

	return name ? name : "?";
}

void
child_tell_kept(const struct child *child, bool last)
{
	size_t kept = child->buffers[0].size + child->buffers[1].size;
	size_t told = child->life->kept_told;
	struct event event = {
	    .kind = EVENT_OUTPUT_KEPT,
	    .other_pid = (uint32_t)child->pid,
	    .other_tid = (uint32_t)child->pid,
	    .number = kept,
	    .value = child->max_buffer,
	};

	if (kept < CHILD_KEPT_BYTES || kept == told ||
	    (!last && kept < 2 * told))
		return;
	child->life->kept_told = kept;
	emit(&event, NULL);
}

void
child_tell_done(struct child *child)
{
	struct child_failure failure;
	int failed;

	if (!child->max_buffer || child->life->done)
		return;
	child->life->done = true;
	child_tell_kept(child, true);
	if (!child->events->done)
		return;
	failed = child_failure_make(child, &failure);
	child->events->done(child, failed ? &failure : NULL);
	if (failed)
		child_failure_close(&failure);
}
