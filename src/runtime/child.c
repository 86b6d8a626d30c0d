/*
 * Failures, before line one:
 * - the file is missing or may not be run: `error`, then `close`;
 * - what else keeps it from starting is returned; the one handle that there is
 *   by then closes by itself;
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
	struct loop *loop = child->loop;

	loop_callback(loop, "close");
	child_tell_done(child);
	child->life = NULL;
	if (child->events->close)
		child->events->close(child);
	loop_callback(loop, NULL);
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

static void
on_process_closed(struct spawn *process)
{
	child_closed_one(process->data);
}

/* Nothing is heard of it any more. */
static void
close_process(struct child_life *life)
{
	if (life->reaper)
		child_reaper_close(life->reaper);
	if (life->has_process)
		spawn_close(&life->process, on_process_closed);
	life->has_process = false;
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
tell_exit(uv_check_t *check)
{
	struct child_life *life = check->data;
	struct child *child = life->child;
	struct loop *loop = child->loop;

	loop_callback(loop, "exit");
	close_handle(check);
	child_tell_start(life);
	child->signal = life->signal;
	child->code = life->code;
	child_tell_exit(child);
	child_stream_close(&life->streams[0]);
	if (child->events->exit)
		child->events->exit(child, child->code, child->signal);
	child_streams_read(life);
	close_handle(&life->timer);
	close_process(life);
	loop_callback(loop, NULL);
}

/* What the child wrote and closed came before its end and is ready now, but
 * epoll(7) may name it later: `exit` waits until this poll is over. (libuv does
 * so with signals, so Node's order is that.) */
static void
on_exited(struct spawn *process, int code, int signal)
{
	struct child_life *life = process->data;

	/* Its number may be somebody else's by now. */
	life->ended = true;
	life->code = code;
	life->signal = signal;
	uv_check_init(&life->child->loop->uv, &life->check);
	life->check.data = life;
	life->open++;
	uv_check_start(&life->check, tell_exit);
}

static void
open_streams(struct child_life *life, struct child_plan *plan)
{
	for (int fd = 0; fd < life->count; fd++)
		if (plan->ours[fd] >= 0 && fd != plan->channel)
			child_stream_open(life, fd, child_plan_take(plan, fd));
	for (int fd = 1; fd <= 2; fd++) {
		life->lines[fd - 1].pid = (uint32_t)life->child->pid;
		life->lines[fd - 1].is_stderr = fd == 2;
	}
	child_streams_read(life);
}

static void
started(struct child *child, const struct child_options *options,
        struct child_plan *plan)
{
	struct child_life *life = child->life;

	life->has_process = true;
	life->process.data = life;
	life->open++;
	child->pid = life->process.pid;
	child_tell_born(child, options->how, plan->args);
	if (options->zombie_ms)
		child_reaper_open(life, options->zombie_ms);
	open_streams(life, plan);
	if (plan->channel >= 0)
		child_channel_open(child, plan);
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
	life->open = 1;
	return life;
}

static int
start(struct child *child, const struct child_options *options)
{
	struct child_plan plan;
	int error = child_plan_open(&plan, child->command, options);

	if (!error)
		error = spawn_start(&child->life->process, &child->loop->uv,
		                    &plan.spawn, on_exited);
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
	if (life->has_process)
		spawn_ref(&life->process, ref);
	if (life->reaper)
		child_reaper_ref(life->reaper, ref);
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
	if (life->check.data)
		close_handle(&life->check);
	life->started = life->ended = life->done = true;
	close_process(life);
	close_handle(&life->timer);
	for (int fd = 0; fd < life->count; fd++)
		child_stream_close(&life->streams[fd]);
	if (!child->has_channel ||
	    uv_is_closing((uv_handle_t *)&child->channel.pipe))
		return;
	child->channel.connected = false;
	channel_abandon(&child->channel);
}
