/*
 * Failures, before line one:
 * - the file is missing or may not be run: `error`, then `close`;
 * - what else keeps it from starting is returned, and what libuv made for it
 *   closes by itself;
 * - the child ends before its output is read: `exit`, then the output, then
 *   `close`;
 * - a grandchild keeps the pipes: `close` waits for it;
 * - it survives its timeout's signal: nothing more happens, as in Node.
 */
#include "child.h"

#include "child_life.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* ---- closing ---- */

/* What was kept is the child's until `close` returns; the struct may be gone
 * then. */
static void
tell_close(struct child *child)
{
	char *out = child->buffers[0].bytes, *err = child->buffers[1].bytes;
	char *command = child->command, *file = child->file;

	child_tell_done(child);
	child->life = NULL;
	if (child->events->close)
		child->events->close(child);
	free(out);
	free(err);
	free(command);
	free(file);
}

void
child_closed_one(struct child_life *life)
{
	if (--life->open > 0)
		return;
	if (life->child)
		tell_close(life->child);
	free(life);
}

static void
on_handle_closed(uv_handle_t *handle)
{
	child_closed_one(handle->data);
}

static void
close_handle(void *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, on_handle_closed);
}

/* ---- start and end ---- */

static void
tell_not_started(struct child *child)
{
	child_note(child, NOTE_ERROR, "cannot be started: %s",
	           uv_strerror(child->error));
	child_tell_done(child);
	if (child->events->error)
		child->events->error(child, child->error);
	close_handle(&child->life->timer);
}

/* `spawn` or `error`, whichever it is, once. */
void
child_tell_start(struct child_life *life)
{
	struct child *child = life->child;

	if (life->started)
		return;
	life->started = true;
	uv_timer_stop(&life->timer);
	if (!child->pid) {
		tell_not_started(child);
		return;
	}
	if (life->timeout_ms)
		uv_timer_start(&life->timer, child_on_timeout, life->timeout_ms,
		               0);
	if (child->events->spawn)
		child->events->spawn(child);
	if (life->aborted)
		child_abort(child);
}

static void
on_start(uv_timer_t *timer)
{
	child_tell_start(timer->data);
}

static void
on_exited(uv_process_t *process, int64_t status, int signal)
{
	struct child_life *life = process->data;
	struct child *child = life->child;

	/* Its number may be somebody else's by now. */
	life->ended = true;
	child_tell_start(life);
	child->signal = signal;
	child->code = signal ? -1 : (int)status;
	child_tell_exit(child);
	child_stream_close(&life->streams[0]);
	if (child->events->exit)
		child->events->exit(child, child->code, child->signal);
	child_streams_read(life);
	close_handle(&life->timer);
	close_handle(&life->process);
}

static void
started(struct child *child, const struct child_options *options,
        struct child_plan *plan)
{
	struct child_life *life = child->life;

	child->pid = life->process.pid;
	child_tell_born(child, options->how, plan->uv.args);
	for (int fd = 1; fd <= 2; fd++) {
		life->lines[fd - 1].pid = (uint32_t)child->pid;
		life->lines[fd - 1].is_stderr = fd == 2;
	}
	child_streams_read(life);
	if (plan->channel >= 0)
		child_channel_open(child, plan);
}

static void
close_life(struct child_life *life)
{
	if (life->process.loop)
		close_handle(&life->process);
	for (int fd = 0; fd < life->count; fd++)
		child_stream_close(&life->streams[fd]);
	if (life->reaper)
		child_reaper_close(life->reaper);
}

static void
free_words(struct child *child)
{
	free(child->command);
	free(child->file);
	child->command = child->file = NULL;
}

/* What Node makes an event of; it throws the others. */
static bool
is_event(int error)
{
	return error == -EACCES || error == -EAGAIN || error == -EMFILE ||
	       error == -ENFILE || error == -ENOENT;
}

static int
not_started(struct child *child, int error)
{
	struct child_life *life = child->life;

	child->error = child->code = error;
	close_life(life);
	if (is_event(error))
		return 0;
	child_note(child, NOTE_ERROR, "cannot be started: %s",
	           uv_strerror(error));
	close_handle(&life->timer);
	life->child = NULL;
	child->life = NULL;
	free_words(child);
	return error;
}

static struct child_life *
new_life(struct child *child, const struct child_options *options)
{
	int count = child_plan_count(options);
	struct child_life *life =
	    calloc(1, sizeof(*life) + (size_t)count * sizeof(*life->streams));

	if (!life)
		return NULL;
	life->child = child;
	life->count = count;
	life->timeout_ms = options->timeout_ms;
	life->kill_signal =
	    options->kill_signal ? options->kill_signal : SIGTERM;
	life->aborted = options->aborted;
	uv_timer_init(&child->loop->uv, &life->timer);
	life->timer.data = life;
	life->process.data = life;
	life->open = 1;
	return life;
}

static int
spawn(struct child *child, const struct child_options *options,
      struct child_plan *plan)
{
	struct child_life *life = child->life;
	uv_loop_t *loop = &child->loop->uv;
	int error = 0;

	for (int fd = 0; fd < life->count; fd++) {
		enum child_stdio mode = child_plan_descriptor(options, fd).mode;

		if (mode == CHILD_PIPE || mode == CHILD_OVERLAPPED)
			child_stream_make(life, fd, &plan->uv.stdio[fd], mode);
	}
	if (options->zombie_ms)
		error = child_reaper_open(life, loop, options->zombie_ms);
	if (error)
		return error;
	if (life->reaper)
		loop = child_reaper_loop(life->reaper);
	plan->uv.exit_cb = on_exited;
	/* A handle to close, also when it fails. */
	life->open++;
	return uv_spawn(loop, &life->process, &plan->uv);
}

static int
start(struct child *child, const struct child_options *options)
{
	struct child_plan plan;
	int error = child_plan_open(&plan, child->command, options);

	if (!error)
		error = spawn(child, options, &plan);
	if (error)
		error = not_started(child, error);
	else
		started(child, options, &plan);
	child_plan_close(&plan);
	return error;
}

int
child_spawn(struct child *child, struct loop *loop,
            const struct child_options *options,
            const struct child_events *events)
{
	void *data = child->data;
	int error = child_plan_check(options);

	memset(child, 0, sizeof(*child));
	child->data = data;
	child->loop = loop;
	child->events = events;
	child->code = -1;
	child->max_buffer = options->max_buffer;
	child->detached = options->detached;
	if (error)
		return error;
	child->command = child_join(options->file, options->args);
	child->file = strdup(options->shell ? options->shell : options->file);
	if (child->command && child->file)
		child->life = new_life(child, options);
	if (!child->life) {
		free_words(child);
		return -ENOMEM;
	}
	error = start(child, options);
	if (!error)
		uv_timer_start(&child->life->timer, on_start, 0, 0);
	return error;
}

/* ---- keeping the loop alive ---- */

static void
set_ref(struct child *child, bool ref)
{
	struct child_life *life = child->life;

	if (!life)
		return;
	if (life->reaper)
		child_reaper_ref(life->reaper, ref);
	else if (ref)
		uv_ref((uv_handle_t *)&life->process);
	else
		uv_unref((uv_handle_t *)&life->process);
}

void
child_ref(struct child *child)
{
	set_ref(child, true);
}

void
child_unref(struct child *child)
{
	set_ref(child, false);
}

void
child_forget(struct child *child)
{
	struct child_life *life = child->life;

	if (!life)
		return;
	life->started = life->ended = life->done = true;
	close_life(life);
	close_handle(&life->timer);
	if (!child->has_channel ||
	    uv_is_closing((uv_handle_t *)&child->channel.pipe))
		return;
	child->channel.connected = false;
	channel_abandon(&child->channel);
}
