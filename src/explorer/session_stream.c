/* Reading the stream: at once while little comes, now and then while much. */
#include "session.h"

enum {
	READS_A_ROUND = 16,
	FUTURE_NS = 1000000000,
	BUSY_BYTES = 16384,
	REST_MS = 2,
};

/* So much a round, and the screen still gets its turn. */
size_t
session_read(struct session *session)
{
	size_t sum = 0;

	session->stream.latest = session_now() + FUTURE_NS;
	for (int i = 0; i < READS_A_ROUND; i++) {
		ssize_t got = stream_read(&session->stream, session->fifo.fd);

		if (got <= 0)
			break;
		sum += (size_t)got;
	}
	return sum;
}

static void on_fifo(uv_poll_t *poll, int status, int events);

/* A waiter costs a writer more than what it writes: when much comes, we look
 * now and then instead. The FIFO holds what 500 MB/s bring meanwhile. */
static void
on_rest(uv_timer_t *timer)
{
	struct session *session = timer->data;

	if (session_read(session) >= BUSY_BYTES)
		return;
	uv_timer_stop(timer);
	uv_poll_start(&session->fifo_poll, UV_READABLE, on_fifo);
}

static void
on_fifo(uv_poll_t *poll, int status, int events)
{
	struct session *session = poll->data;

	(void)status;
	(void)events;
	if (session_read(session) < BUSY_BYTES)
		return;
	uv_poll_stop(poll);
	uv_timer_start(&session->rest_timer, on_rest, REST_MS, REST_MS);
}

void
session_listen(struct session *session)
{
	uv_loop_t *uv = &session->loop.uv;

	uv_poll_init(uv, &session->fifo_poll, session->fifo.fd);
	uv_timer_init(uv, &session->rest_timer);
	session->fifo_poll.data = session->rest_timer.data = session;
	uv_poll_start(&session->fifo_poll, UV_READABLE, on_fifo);
}
