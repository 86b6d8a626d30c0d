/*
 * Failures, before line one:
 * - the file is missing or may not be run: `error`, then `close`;
 * - the child ends before its output is read: `exit`, then the output, then
 *   `close`;
 * - a grandchild keeps the pipes: `close` waits for it;
 * - it writes more than max_buffer: it is killed, error is -ENOBUFS, and what
 *   others still write into its pipes is not read;
 * - it survives its timeout's signal: nothing more happens, as in Node.
 */
#include "child.h"

#include "core/emit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROLE_ARGS = 16, EXE_BYTES = 4096 };

/* ---- what the stream hears ---- */

static void
tell_born(struct child *child, const struct child_options *options)
{
	struct event event = {
	    .kind = EVENT_PROCESS_BORN,
	    .pid = (uint32_t)child->pid,
	    .tid = (uint32_t)child->pid,
	    .other_pid = (uint32_t)uv_os_getpid(),
	    .number = options->how,
	};
	char command[EVENT_TEXT_MAX];
	size_t used = 0;

	for (int i = 0; options->args[i] && used < sizeof(command); i++)
		used +=
		    (size_t)snprintf(command + used, sizeof(command) - used,
		                     "%s%s", i ? " " : "", options->args[i]);
	emit(&event, command);
}

static void
tell_exit(struct child *child)
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

/* ---- closing ---- */

/* What was kept is the child's until `close` returns; the struct may be gone
 * then. */
static void
one_closed(struct child *child)
{
	char *out = child->buffers[0].bytes, *err = child->buffers[1].bytes;

	if (--child->open > 0)
		return;
	if (child->events->close)
		child->events->close(child);
	free(out);
	free(err);
}

static void
on_handle_closed(uv_handle_t *handle)
{
	one_closed(handle->data);
}

static void
close_handle(struct child *child, void *handle)
{
	uv_handle_t *uv = handle;

	if (uv->data == child && !uv_is_closing(uv))
		uv_close(uv, on_handle_closed);
}

/* ---- the channel ---- */

static void
on_message(struct channel *channel, json_t *message, bool has_handle)
{
	struct child *child = channel->data;

	if (child->events->message)
		child->events->message(child, message, has_handle);
}

static void
on_handle_sent(struct channel *channel, uv_stream_t *handle)
{
	struct child *child = channel->data;

	if (child->events->handle_sent)
		child->events->handle_sent(child, handle);
}

static void
on_disconnect(struct channel *channel)
{
	struct child *child = channel->data;

	if (child->events->disconnect)
		child->events->disconnect(child);
}

static void
on_channel_closed(struct channel *channel)
{
	one_closed(channel->data);
}

static const struct channel_events channel_events = {
    .message = on_message,
    .handle_sent = on_handle_sent,
    .disconnect = on_disconnect,
    .close = on_channel_closed,
};

/* ---- output ---- */

static void
end_output(struct child *child, int fd)
{
	if (uv_is_closing((uv_handle_t *)&child->pipes[fd]))
		return;
	lines_end(&child->lines[fd - 1]);
	close_handle(child, &child->pipes[fd]);
}

/* Kills it. Of one whose output is kept no more is read: whom it started may
 * write for ever (Node: execFile destroys stdout and stderr). */
static void
give_up(struct child *child)
{
	child_kill(child, child->kill_signal);
	for (int fd = 1; fd <= 2 && child->max_buffer; fd++)
		end_output(child, fd);
}

/* Cut exactly at the limit; the child that went beyond it is killed. */
static void
keep_output(struct child *child, int fd, const char *bytes, size_t size)
{
	struct child_buffer *buffer = &child->buffers[fd - 1];
	size_t room = child->max_buffer - buffer->size;
	size_t part = size < room ? size : room;
	char *bigger = realloc(buffer->bytes, buffer->size + part + 1);

	if (bigger) {
		memcpy(bigger + buffer->size, bytes, part);
		buffer->bytes = bigger;
		buffer->size += part;
		buffer->bytes[buffer->size] = '\0';
	}
	if ((!bigger || part < size) && !child->error) {
		child->error = bigger ? -ENOBUFS : -ENOMEM;
		give_up(child);
	}
}

static void
on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	(void)handle;
	*buffer = uv_buf_init(malloc(suggested), (unsigned)suggested);
}

static void
on_output(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
	struct child *child = stream->data;
	int fd = stream == (uv_stream_t *)&child->pipes[2] ? 2 : 1;

	if (got > 0) {
		lines_feed(&child->lines[fd - 1], buffer->base, (size_t)got);
		if (child->max_buffer)
			keep_output(child, fd, buffer->base, (size_t)got);
		else if (child->events->output)
			child->events->output(child, fd, buffer->base,
			                      (size_t)got);
	}
	free(buffer->base);
	if (got < 0)
		end_output(child, fd);
}

/* ---- start, timeout, end ---- */

static void
on_timeout(uv_timer_t *timer)
{
	give_up(timer->data);
}

/* `spawn` or `error`, whichever it is, once. */
static void
tell_start(struct child *child)
{
	child->started = true;
	if (child->pid) {
		if (child->timeout_ms)
			uv_timer_start(&child->timer, on_timeout,
			               child->timeout_ms, 0);
		if (child->events->spawn)
			child->events->spawn(child);
		return;
	}
	if (child->events->error)
		child->events->error(child, child->error);
	close_handle(child, &child->timer);
}

static void
on_start(uv_timer_t *timer)
{
	tell_start(timer->data);
}

static void
on_exited(uv_process_t *process, int64_t status, int signal)
{
	struct child *child = process->data;

	if (!child->started)
		tell_start(child);
	child->signal = signal;
	child->code = signal ? -1 : (int)status;
	tell_exit(child);
	if (child->events->exit)
		child->events->exit(child, child->code, child->signal);
	close_handle(child, &child->timer);
	close_handle(child, &child->process);
	close_handle(child, &child->pipes[0]);
}

static void
set_stdio(struct child *child, uv_stdio_container_t *stdio, int fd,
          enum child_stdio mode)
{
	if (mode == CHILD_IGNORE) {
		stdio->flags = UV_IGNORE;
		return;
	}
	if (mode == CHILD_INHERIT) {
		stdio->flags = UV_INHERIT_FD;
		stdio->data.fd = fd;
		return;
	}
	uv_pipe_init(&child->loop->uv, &child->pipes[fd], 0);
	child->pipes[fd].data = child;
	child->open++;
	stdio->flags =
	    UV_CREATE_PIPE | (fd == 0 ? UV_READABLE_PIPE : UV_WRITABLE_PIPE);
	stdio->data.stream = (uv_stream_t *)&child->pipes[fd];
}

static void
set_channel(struct child *child, uv_stdio_container_t *stdio)
{
	channel_prepare(&child->channel, child->loop, &channel_events);
	child->channel.data = child;
	child->has_channel = true;
	child->open++;
	stdio->flags = UV_CREATE_PIPE | UV_READABLE_PIPE | UV_WRITABLE_PIPE;
	stdio->data.stream = (uv_stream_t *)&child->channel.pipe;
}

/* The environment with NODE_CHANNEL_FD in it or, for a child without a
 * channel, out of it: a stale one confuses every Node below, and so does a mode
 * that is not ours (NODE_CHANNEL_SERIALIZATION_MODE). The array is the caller's
 * to free, the strings are not. */
static char **
environment(const char *const *env, bool channel)
{
	size_t count = 0, used = 0;
	char **result;

	while (env[count])
		count++;
	result = calloc(count + 2, sizeof(*result));
	if (!result)
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (strncmp(env[i], "NODE_CHANNEL_", 13) != 0)
			result[used++] = (char *)env[i];
	if (channel)
		result[used] = (char *)"NODE_CHANNEL_FD=3";
	return result;
}

static void
started(struct child *child, const struct child_options *options)
{
	child->pid = child->process.pid;
	tell_born(child, options);
	for (int fd = 1; fd <= 2; fd++) {
		child->lines[fd - 1].pid = (uint32_t)child->pid;
		child->lines[fd - 1].is_stderr = fd == 2;
		if (child->pipes[fd].data == child)
			uv_read_start((uv_stream_t *)&child->pipes[fd],
			              on_alloc, on_output);
	}
	if (child->has_channel) {
		channel_name(&child->channel, (uint32_t)uv_os_getpid(),
		             (uint32_t)child->pid, true);
		channel_start(&child->channel);
	}
}

static void
not_started(struct child *child, int error)
{
	child->error = error;
	close_handle(child, &child->process);
	for (int fd = 0; fd < 3; fd++)
		close_handle(child, &child->pipes[fd]);
	if (child->has_channel)
		channel_abandon(&child->channel);
}

int
child_spawn(struct child *child, struct loop *loop,
            const struct child_options *options,
            const struct child_events *events)
{
	uv_stdio_container_t stdio[4] = {0};
	uv_process_options_t uv = {0};
	char **env;
	int error;

	memset(child, 0, sizeof(*child));
	child->loop = loop;
	child->events = events;
	child->code = -1;
	child->max_buffer = options->max_buffer;
	child->timeout_ms = options->timeout_ms;
	child->kill_signal =
	    options->kill_signal ? options->kill_signal : SIGTERM;
	env = environment(
	    options->env ? options->env : (const char *const *)environ,
	    options->channel);
	if (!env)
		return -ENOMEM;
	set_stdio(child, &stdio[0], 0, options->in);
	set_stdio(child, &stdio[1], 1, options->out);
	set_stdio(child, &stdio[2], 2, options->err);
	if (options->channel)
		set_channel(child, &stdio[3]);
	uv.exit_cb = on_exited;
	uv.file = options->file;
	uv.args = (char **)options->args;
	uv.env = env;
	uv.cwd = options->cwd;
	uv.flags = options->detached ? UV_PROCESS_DETACHED : 0;
	uv.stdio = stdio;
	uv.stdio_count = options->channel ? 4 : 3;
	uv_timer_init(&loop->uv, &child->timer);
	child->timer.data = child;
	child->process.data = child;
	child->open += 2;
	error = uv_spawn(&loop->uv, &child->process, &uv);
	free(env);
	if (error)
		not_started(child, error);
	else
		started(child, options);
	return uv_timer_start(&child->timer, on_start, 0, 0);
}

int
child_exec(struct child *child, struct loop *loop, const char *command,
           size_t max_buffer, const struct child_events *events)
{
	const char *const args[] = {"/bin/sh", "-c", command, NULL};
	const struct child_options options = {
	    .how = BIRTH_EXEC,
	    .file = "/bin/sh",
	    .args = args,
	    .max_buffer = max_buffer,
	};

	return child_spawn(child, loop, &options, events);
}

int
child_fork(struct child *child, struct loop *loop, enum birth how,
           const char *role, const char *const *args, const char *const *env,
           const struct child_events *events)
{
	char exe[EXE_BYTES];
	size_t size = sizeof(exe);
	const char *argv[ROLE_ARGS] = {exe, role};
	const struct child_options options = {
	    .how = how,
	    .file = exe,
	    .args = argv,
	    .env = env,
	    .in = CHILD_IGNORE,
	    .channel = true,
	};
	int error = uv_exepath(exe, &size);

	if (error)
		return error;
	for (int i = 0; args && args[i] && i < ROLE_ARGS - 3; i++)
		argv[i + 2] = args[i];
	return child_spawn(child, loop, &options, events);
}

int
child_kill(struct child *child, int signal)
{
	int error;

	if (!child->pid || child->signal || child->code >= 0)
		return -ESRCH;
	error = uv_process_kill(&child->process, signal);
	if (!error)
		child->killed = true;
	return error;
}

void
child_unref(struct child *child)
{
	uv_unref((uv_handle_t *)&child->process);
}

uv_stream_t *
child_stdin(struct child *child)
{
	uv_handle_t *handle = (uv_handle_t *)&child->pipes[0];

	return handle->data == child && !uv_is_closing(handle)
	           ? (uv_stream_t *)handle
	           : NULL;
}
