/*
 * The program of a session: what runs below the guard, its output, its end.
 */
#include "session.h"
#include "stage_path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { GRACE_MS = 2000 };

/* The next program gets the same handles: it must wait until libuv has given
 * back all of them. */
static void
one_closed(struct session *session)
{
	if (--session->handles > 0)
		return;
	session->has_program = session->ending = false;
	if (session->front->alone)
		session->front->alone(session);
}

/* ---- its output ---- */

static void
on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	static char bytes[65536]; /* one loop, one read at a time */

	(void)handle;
	(void)suggested;
	*buffer = uv_buf_init(bytes, sizeof(bytes));
}

static void
echo(int fd, const char *bytes, size_t size)
{
	while (fd >= 0 && size) {
		ssize_t written = write(fd, bytes, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return;
		bytes += written;
		size -= (size_t)written;
	}
}

static void
on_pipe_closed(uv_handle_t *handle)
{
	struct session_pipe *pipe = handle->data;

	one_closed(pipe->session);
}

static void
take_output(struct session_pipe *pipe, const char *bytes, size_t size)
{
	lines_feed(&pipe->lines, bytes, size);
	echo(pipe->echo, bytes, size);
}

static void
end_pipe(struct session_pipe *pipe)
{
	lines_end(&pipe->lines);
	pipe->open = false;
	uv_close((uv_handle_t *)&pipe->uv, on_pipe_closed);
}

static void
on_output(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
	struct session_pipe *pipe = stream->data;

	if (got > 0)
		take_output(pipe, buffer->base, (size_t)got);
	if (got < 0)
		end_pipe(pipe);
}

/* All that wrote into it are gone, but who was given a copy by other means may
 * hold it open: what lies in it now is all. */
static void
empty_pipe(struct session_pipe *pipe)
{
	char bytes[4096];
	uv_os_fd_t fd;
	ssize_t got;

	if (!pipe->open)
		return;
	if (uv_fileno((uv_handle_t *)&pipe->uv, &fd) == 0)
		while ((got = read(fd, bytes, sizeof(bytes))) > 0)
			take_output(pipe, bytes, (size_t)got);
	end_pipe(pipe);
}

static int
open_pipe(struct session *session, struct session_pipe *pipe, int echo_fd)
{
	int ends[2], error;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	memset(pipe, 0, sizeof(*pipe));
	pipe->session = session;
	pipe->write_end = ends[1];
	pipe->echo = echo_fd;
	pipe->lines.is_stderr = pipe == &session->err;
	uv_pipe_init(&session->loop.uv, &pipe->uv, 0);
	session->handles++;
	pipe->uv.data = pipe;
	error = uv_pipe_open(&pipe->uv, ends[0]);
	pipe->open = !error;
	return error;
}

/* Read only from when it is known who writes. */
static void
read_pipe(struct session_pipe *pipe, pid_t pid)
{
	pipe->lines.pid = (uint32_t)pid;
	if (pipe->open)
		uv_read_start((uv_stream_t *)&pipe->uv, on_alloc, on_output);
}

static void
close_write_end(struct session_pipe *pipe)
{
	if (pipe->write_end >= 0)
		close(pipe->write_end);
	pipe->write_end = -1;
}

/* ---- its channel ---- */

static void
on_message(struct channel *channel, json_t *message, bool has_handle)
{
	(void)channel;
	(void)message;
	(void)has_handle;
}

static void
on_channel_closed(struct channel *channel)
{
	struct session *session = channel->data;

	session->has_channel = false;
	one_closed(session);
}

static const struct channel_events channel_events = {
    .message = on_message,
    .close = on_channel_closed,
};

/* ---- reports of the guard ---- */

/* The words of the program, with blanks between them. */
static const char *
command_line(const struct session *session, char *into, size_t room)
{
	char **words = session->options->command;
	size_t used = 0;

	if (session->is_stage)
		return STAGE_PROGRAM " @stage";
	into[0] = '\0';
	for (int i = 0; words[i] && used < room; i++)
		used += (size_t)snprintf(into + used, room - used, "%s%s",
		                         i ? " " : "", words[i]);
	return into;
}

static void
on_started(struct session *session, pid_t pid)
{
	char command[EVENT_TEXT_MAX];

	session->program = pid;
	observe_anchor(session->observe, session->guard.pid);
	observe_started(session->observe, pid, session->guard.pid,
	                session->is_stage ? BIRTH_FORK : BIRTH_RUN,
	                command_line(session, command, sizeof(command)));
	read_pipe(&session->out, pid);
	read_pipe(&session->err, pid);
	/* The stage finds the guard's pid as its parent's. */
	if (session->has_channel)
		channel_name(&session->channel, (uint32_t)session->guard.pid,
		             (uint32_t)pid, true);
	if (session->front->started)
		session->front->started(session);
}

static void
on_ended(struct session *session, int status)
{
	session->status = status;
	observe_ended(session->observe, session->program, status,
	              session_now());
	session->program = 0;
	if (session->front->ended)
		session->front->ended(session, status);
}

static void
on_guard_closed(uv_handle_t *handle)
{
	one_closed(handle->data);
}

static void
stop_guard(struct session *session)
{
	if (!session->guard_polls)
		return;
	session->guard_polls = false;
	uv_close((uv_handle_t *)&session->guard_poll, on_guard_closed);
	guard_close(&session->guard);
	/* The guard was killed, and so the kernel killed its program. */
	if (session->program)
		on_ended(session, SIGKILL);
	/* Last: that may have asked for an end, and the next guard is not to
	 * get the order. */
	uv_timer_stop(&session->end_timer);
	empty_pipe(&session->out);
	empty_pipe(&session->err);
	if (session->has_channel)
		channel_disconnect(&session->channel);
}

static void
on_guard(uv_poll_t *poll, int status, int events)
{
	struct session *session = poll->data;
	struct guard_report report;
	int got;

	(void)status;
	(void)events;
	while ((got = guard_read(&session->guard, &report)) == 1) {
		switch ((enum guard_word)report.word) {
		case GUARD_STARTED:
			on_started(session, report.pid);
			break;
		case GUARD_FAILED:
			if (session->front->failed)
				session->front->failed(session, -report.value);
			break;
		case GUARD_ENDED:
			if (session->program)
				on_ended(session, report.value);
			break;
		case GUARD_ALONE:
			stop_guard(session);
			return;
		}
	}
	if (got < 0)
		stop_guard(session);
}

/* ---- starting and ending ---- */

static int
start(struct session *session, const struct guard_options *options)
{
	int error = guard_start(&session->guard, options);

	close_write_end(&session->out);
	close_write_end(&session->err);
	if (error)
		return error;
	observe_root(session->observe, session->guard.pid);
	(void)guard_tell(&session->guard, GUARD_GO);
	session->has_program = true;
	uv_poll_init(&session->loop.uv, &session->guard_poll,
	             session->guard.control);
	session->handles++;
	session->guard_poll.data = session;
	uv_poll_start(&session->guard_poll, UV_READABLE, on_guard);
	session->guard_polls = true;
	return 0;
}

/* On the screen the program gets no terminal at all; without one its output
 * becomes events, unless the events go elsewhere (--output). */
int
session_run(struct session *session)
{
	const struct options *options = session->options;
	bool screen = options->mode == OUTPUT_SCREEN;
	bool captured = screen || !options->output;
	int copy = options->mode == OUTPUT_SUMMARY ? STDERR_FILENO : -1;
	struct guard_options guard = {
	    .argv = options->command,
	    .in = -1,
	    .out = -1,
	    .err = -1,
	    .channel = -1,
	    .own_session = screen,
	    .fifo = session->fifo.path,
	};
	struct agent_wishes wishes = {options->preview, options->stacks};
	int error = 0;

	if (screen)
		guard.in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (captured)
		error = open_pipe(session, &session->out, copy);
	if (captured && !error)
		error = open_pipe(session, &session->err, copy);
	guard.out = session->out.write_end;
	guard.err = session->err.write_end;
	if (!options->no_agent)
		agent_setup(&session->agent, options->command,
		            session->fifo.directory, &wishes);
	if (!error)
		error = start(session, &guard);
	if (guard.in >= 0)
		close(guard.in);
	return error;
}

int
session_start_stage(struct session *session)
{
	char program[PATH_MAX], role[] = "@stage";
	char *const argv[] = {program, role, NULL};
	struct guard_options guard = {
	    .argv = argv,
	    .own_session = true,
	    .fifo = session->fifo.path,
	};
	int ends[2], error;

	if (session->has_program)
		return -EBUSY;
	error = stage_path_find(program, sizeof(program));
	if (error)
		return error;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -errno;
	error = channel_open(&session->channel, &session->loop, ends[0],
	                     &channel_events);
	if (error)
		return error;
	session->handles++;
	session->channel.data = session;
	session->has_channel = session->is_stage = true;
	open_pipe(session, &session->out, -1);
	open_pipe(session, &session->err, -1);
	guard.in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	guard.out = session->out.write_end;
	guard.err = session->err.write_end;
	guard.channel = ends[1];
	error = start(session, &guard);
	close(guard.in);
	close(ends[1]);
	return error;
}

static void
on_grace_over(uv_timer_t *timer)
{
	struct session *session = timer->data;

	guard_tell(&session->guard, GUARD_KILL);
}

void
session_end(struct session *session)
{
	if (!session->has_program || session->ending)
		return;
	session->ending = true;
	guard_tell(&session->guard, GUARD_TERM);
	uv_timer_start(&session->end_timer, on_grace_over, GRACE_MS, 0);
}
