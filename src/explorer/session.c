/*
 * The wiring. Events come from the FIFO, from the observer, and from this
 * process itself (it is one end of the stage's channel); they go to the model,
 * to `blocks`, to the observer's ear, and to the recorder or the printer.
 */
#include "session.h"

#include "core/emit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { JSON_BYTES = 1 << 16 };

uint64_t
session_now(void)
{
	return uv_hrtime();
}

/* ---- sinks and sources ---- */

static bool
hear(void *data, const struct event *event, const char *text)
{
	struct session *session = data;

	if (session->observing)
		return true;
	if (event->kind == EVENT_LOOP_CAUSE)
		observe_cause(session->observe, event, text);
	else
		observe_hear(session->observe, event);
	return true;
}

/* Behind the printer: its line comes first. */
static bool
tell_cause(void *data, const struct event *event, const char *text)
{
	struct session *session = data;

	(void)text;
	if (event->kind == EVENT_LOOP_CAUSE && !session->observing)
		observe_tell_cause(session->observe, event);
	return true;
}

static bool
put_heard(void *data, const struct event *event, const char *text)
{
	struct session *session = data;

	session->front->heard(session, event, text);
	return true;
}

static void
put_observed(void *data, const struct event *event, const char *text)
{
	struct session *session = data;

	session->observing = true;
	stream_event(&session->stream, event, text);
	session->observing = false;
	if (event->kind == EVENT_LOOP_BLOCKED &&
	    event->number == WITNESS_OUTSIDE)
		agent_ask(&session->agent, event->tid);
}

static void
put_own(void *data, const struct event *event, const char *text)
{
	struct session *session = data;

	stream_event(&session->stream, event, text);
}

static void
on_deaths(uv_poll_t *poll, int status, int events)
{
	struct session *session = poll->data;

	(void)status;
	(void)events;
	session_read(session);
	observe_deaths(session->observe, session_now());
}

/* ---- opening ---- */

static int
fail(char *error, size_t room, const char *what, const char *why, int code)
{
	snprintf(error, room, "%s: %s: %s.", what, why, strerror(-code));
	return code;
}

static int
open_record(struct session *session, char *error, size_t room)
{
	const char *path = session->options->record;
	static const char *const verbs[] = {
	    [VERB_LAB] = "lab", [VERB_RUN] = "run", [VERB_ATTACH] = "attach"};
	char about[256];
	int code;

	if (!path)
		return 0;
	snprintf(about, sizeof(about),
	         "looptop: %s\nlibuv: %s\nclock: CLOCK_MONOTONIC\nverb: %s\n",
	         LOOPTOP_VERSION, uv_version_string(),
	         verbs[session->options->verb]);
	code = trace_create(&session->record, path, about);
	if (code)
		return fail(error, room, path, "cannot be written", code);
	return stream_add(&session->stream, trace_put, &session->record);
}

static void
before_poll(uv_prepare_t *prepare)
{
	struct session *session = prepare->data;

	fflush(session->json.file);
}

static int
open_json(struct session *session, char *error, size_t room)
{
	const char *path = session->options->output;

	session->json.model = &session->model;
	session->json.file = stdout;
	if (path && session->options->mode != OUTPUT_SCREEN)
		session->json.file = fopen(path, "we");
	if (!session->json.file)
		return fail(error, room, path, "cannot be written", -errno);
	if (session->options->mode != OUTPUT_JSON)
		return 0;
	/* Written before the loop waits: a write(2) for each line cost more
	 * than making it. */
	setvbuf(session->json.file, NULL, _IOFBF, JSON_BYTES);
	return stream_add(&session->stream, json_put, &session->json);
}

static int
open_fifo(struct session *session, char *error, size_t room)
{
	const char *parent = getenv("XDG_RUNTIME_DIR");
	int code = -ENOENT;

	if (parent && *parent == '/')
		code = fifo_open(&session->fifo, parent);
	if (code)
		code = fifo_open(&session->fifo, "/tmp");
	if (code)
		return fail(error, room, "/tmp", "no place for the stream",
		            code);
	setenv(EMIT_ENVIRONMENT, session->fifo.path, 1);
	return 0;
}

/* The model first: it says what is news. Blocks last: what it adds comes
 * behind what made it add it. */
static int
open_sinks(struct session *session, char *error, size_t room)
{
	int code;

	session->blocks.model = &session->model;
	session->blocks.stream = &session->stream;
	if (session->front->heard)
		stream_add(&session->stream, put_heard, session);
	stream_add(&session->stream, model_put, &session->model);
	stream_add(&session->stream, hear, session);
	code = open_record(session, error, room);
	if (!code)
		code = open_json(session, error, room);
	if (!code)
		code =
		    stream_add(&session->stream, blocks_put, &session->blocks);
	if (!code && session->options->stacks)
		code = stream_add(&session->stream, tell_cause, session);
	return code;
}

static void
open_polls(struct session *session)
{
	uv_loop_t *uv = &session->loop.uv;

	session_listen(session);
	uv_poll_init(uv, &session->deaths_poll, observe_fd(session->observe));
	uv_timer_init(uv, &session->end_timer);
	uv_prepare_init(uv, &session->before_poll);
	session->before_poll.data = session;
	if (session->options->mode == OUTPUT_JSON)
		uv_prepare_start(&session->before_poll, before_poll);
	session->deaths_poll.data = session->end_timer.data = session;
	uv_poll_start(&session->deaths_poll, UV_READABLE, on_deaths);
}

static void
prepare(struct session *session, const struct options *options,
        const struct session_front *front, void *front_data)
{
	memset(session, 0, sizeof(*session));
	session->options = options;
	session->front = front;
	session->front_data = front_data;
	session->fifo.fd = -1;
	session->out.write_end = session->err.write_end = -1;
	session->opened = session_now();
	stream_init(&session->stream);
	model_init(&session->model);
	signal(SIGPIPE, SIG_IGN);
	guard_prepare();
}

int
session_open(struct session *session, const struct options *options,
             const struct session_front *front, void *front_data, char *error,
             size_t room)
{
	int code;

	prepare(session, options, front, front_data);
	code = observe_new(&session->observe, put_observed, session);
	if (code)
		return fail(error, room, "observer", "cannot start", code);
	if (getenv("LOOPTOP_NO_PERF"))
		observe_forbid_perf(session->observe);
	observe_births(session->observe, options->births);
	code = open_fifo(session, error, room);
	if (!code)
		code = open_sinks(session, error, room);
	if (!code)
		code = loop_open_quiet(&session->loop);
	if (code) {
		fifo_close(&session->fifo);
		observe_free(session->observe);
		return code;
	}
	emit_open_direct(put_own, session, uv_hrtime);
	open_polls(session);
	return 0;
}

int
session_open_replay(struct session *session, const struct options *options,
                    const struct session_front *front, void *front_data,
                    char *error, size_t room)
{
	int code;

	prepare(session, options, front, front_data);
	if (front->heard)
		stream_add(&session->stream, put_heard, session);
	stream_add(&session->stream, model_put, &session->model);
	code = open_json(session, error, room);
	if (!code)
		code = loop_open_quiet(&session->loop);
	return code;
}

/* ---- attach, commands, end ---- */

int
session_attach(struct session *session, pid_t pid, uint64_t start)
{
	return observe_watch_same(session->observe, pid, start, BIRTH_SEEN);
}

int
session_command(struct session *session, json_t *message)
{
	int result;

	session_alert(session);
	result = session->has_channel ? channel_send(&session->channel, message)
	                              : -EPIPE;

	json_decref(message);
	return result;
}

void
session_drain(struct session *session)
{
	uint64_t now = session_now();

	session_read(session);
	observe_finish(session->observe, now);
	observe_sample(session->observe, now);
	observe_deaths(session->observe, now);
	model_tick(&session->model, now);
}

int
session_close(struct session *session)
{
	int error = 0;

	emit_close();
	guard_close(&session->guard);
	loop_close(&session->loop);
	if (session->record.file)
		error = trace_close(&session->record);
	if (session->json.file && session->json.file != stdout &&
	    fclose(session->json.file) && !error)
		error = -errno;
	observe_free(session->observe);
	agent_remove(&session->agent);
	fifo_close(&session->fifo);
	return error;
}

struct own_cost
session_cost(const struct session *session)
{
	struct own_cost cost = {.damaged = session->stream.damaged};
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	cost.cpu_ms =
	    (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
	    (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
	cost.rss_kb = (uint64_t)usage.ru_maxrss;
	return cost;
}
