/*
 * When the session looks: into the stream, and at what is watched.
 *
 * To be woken up costs more than most of what is done then. So on a screen the
 * frames are the beat: each reads the stream and looks, and between them only
 * that is done which cannot wait. What can is: the stream while it is calm (the
 * FIFO holds what 30 MB/s bring until the next frame), and processes that tell
 * of themselves. An order from the keyboard may begin a flood, so behind one
 * we listen for a while; so we do when much comes.
 */
#include "session.h"

enum {
	READS_A_ROUND = 16,
	FUTURE_NS = 1000000000,
	BUSY_BYTES = 16384,
	REST_MS = 2,
	REST_QUIET_MS = 8,
	CALM_BYTES = 2048, /* a millisecond */
	SLOW_MS = 100,     /* without frames */
};

#define ALERT_NS 1000000000ull
/* Who blocks is asked again when it has done so for this long, and whenever
 * that has become so many times as much. */
#define ASK_AGAIN_NS 300000000ull
enum { ASK_AGAIN_TIMES = 3 };

/* ---- the stream ---- */

/* What those said who ended while the FIFO was full. It comes behind all else
 * that they said. */
static void
read_rest(struct session *session)
{
	while (stream_read_file(&session->stream, session->fifo.rest,
	                        &session->rest_at) > 0)
		;
}

/* So much a round, and the screen still gets its turn. */
size_t
session_read(struct session *session)
{
	size_t sum = 0;

	for (int i = 0; i < READS_A_ROUND; i++) {
		ssize_t got;

		session->stream.latest = session_now() + FUTURE_NS;
		got = stream_read(&session->stream, session->fifo.fd);
		if (got > 0)
			sum += (size_t)got;
		/* Less than there was room for: that was all. */
		if (got < STREAM_BUFFER / 2) {
			read_rest(session);
			break;
		}
	}
	session->taken += sum;
	return sum;
}

static void on_fifo(uv_poll_t *poll, int status, int events);

static bool
is_alert(const struct session *session, uint64_t now)
{
	return now < session->alert_until;
}

/* Whether frames and looks are often enough. */
static bool
is_calm(const struct session *session, uint64_t now)
{
	return session->beats && session->is_stage && !is_alert(session, now);
}

/* To start a poll again that is on costs two system calls. */
static void
await_stream(struct session *session)
{
	uv_timer_stop(&session->rest_timer);
	if (!uv_is_active((uv_handle_t *)&session->fifo_poll))
		uv_poll_start(&session->fifo_poll, UV_READABLE, on_fifo);
}

void
session_alert(struct session *session)
{
	if (session->fifo.fd < 0)
		return;
	session->alert_until = session_now() + ALERT_NS;
	if (!uv_is_active((uv_handle_t *)&session->rest_timer))
		await_stream(session);
}

static void on_rest(uv_timer_t *timer);

/* A waiter costs a writer more than what it writes: when much comes, we look
 * now and then instead. The FIFO holds what 500 MB/s bring meanwhile. */
static void
await_more(struct session *session, size_t got, uint64_t now)
{
	bool busy = got >= BUSY_BYTES;

	if (!busy && (!session->beats || is_alert(session, now))) {
		await_stream(session);
		return;
	}
	uv_poll_stop(&session->fifo_poll);
	if (busy || !is_calm(session, now))
		uv_timer_start(&session->rest_timer, on_rest,
		               busy ? REST_MS : REST_QUIET_MS, 0);
}

static void
on_rest(uv_timer_t *timer)
{
	struct session *session = timer->data;
	uint64_t now = session_now();
	size_t got = session_read(session);

	if (got >= BUSY_BYTES)
		await_more(session, got, now);
	else if (!is_calm(session, now))
		await_stream(session);
}

static void
on_fifo(uv_poll_t *poll, int status, int events)
{
	struct session *session = poll->data;
	uint64_t now = session_now();

	(void)status;
	(void)events;
	await_more(session, session_read(session), now);
}

/* ---- what is watched ---- */

static void on_sample(uv_timer_t *timer);

/* The observer may want to look more often than was asked for; or not at all
 * between frames. */
static void
await_look(struct session *session)
{
	int rate = observe_rate(session->observe);
	uint64_t period;

	if (rate < session->options->rate)
		rate = session->options->rate;
	period = 1000 / (uint64_t)rate;
	if (session->beats && observe_is_told(session->observe))
		period = SLOW_MS;
	uv_timer_start(&session->sample_timer, on_sample, period, 0);
}

/* How much came since the last look says whether this was often enough. */
static void
mind_flood(struct session *session, uint64_t now)
{
	uint64_t passed = (now - session->looked) / 1000000 + 1;

	if (session->beats && session->taken > passed * CALM_BYTES)
		session_alert(session);
	session->looked = now;
	session->taken = 0;
}

/* Whether a block that began then has become long enough since `before`: what
 * a thread does first is not what it does most of the time. */
static bool
is_worth_asking(uint64_t since, uint64_t before, uint64_t now)
{
	uint64_t was = before > since ? before - since : 0;
	uint64_t length = now > since ? now - since : 0;
	uint64_t at = ASK_AGAIN_NS;

	while (at <= was)
		at *= ASK_AGAIN_TIMES;
	return length >= at;
}

static void
ask_again(struct session *session, uint64_t before, uint64_t now)
{
	const struct actors *actors = &session->model.actors;

	if (!session->agent.ask)
		return;
	for (uint32_t i = 0; i < actors->thread_table.count; i++) {
		const struct thread *thread = &actors->threads[i];
		uint64_t since = thread->loop.blocked_since;

		if (since && !thread->row.died &&
		    is_worth_asking(since, before, now))
			agent_ask(&session->agent, thread->tid);
	}
}

static void
look(struct session *session, uint64_t now)
{
	uint64_t before = session->looked;

	/* Who blocked said why before it was seen to be free. */
	session_read(session);
	mind_flood(session, now);
	observe_sample(session->observe, now);
	model_tick(&session->model, now);
	ask_again(session, before, now);
	blocks_tick(&session->model, &session->stream, now);
	if (session->front->sampled)
		session->front->sampled(session);
	await_look(session);
}

static void
on_sample(uv_timer_t *timer)
{
	look(timer->data, session_now());
}

void
session_beat(struct session *session, uint64_t now)
{
	session->beats = true;
	look(session, now);
}

void
session_listen(struct session *session)
{
	uv_loop_t *uv = &session->loop.uv;

	uv_poll_init(uv, &session->fifo_poll, session->fifo.fd);
	uv_timer_init(uv, &session->rest_timer);
	uv_timer_init(uv, &session->sample_timer);
	session->fifo_poll.data = session->rest_timer.data =
	    session->sample_timer.data = session;
	session->looked = session_now();
	uv_poll_start(&session->fifo_poll, UV_READABLE, on_fifo);
	await_look(session);
}
