#include "loop.h"

#include "atomics.h"

#include "core/emit.h"
#include "core/lag.h"

#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { TURNS_NS = 10000000, REST_NS = 2000000, FLUSH_NS = 1000000 };
#define GAUGE_NS 1000000000ull

/* A moment in an iteration of length d is followed by up to d of lag, so the
 * share of moments with more lag than x is the sum of all d - x over the
 * window. Find the x where it is 1 - share. */
uint64_t
loop_lag(const struct histogram *lengths, uint64_t window, double share)
{
	double allowed = (1 - share) * (double)window;
	uint64_t low = 0, high = lengths->most;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (histogram_excess(lengths, middle) > allowed)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
tell_turns(struct loop *loop, uint64_t now)
{
	struct event event = {
	    .kind = EVENT_LOOP_TURNS,
	    .time = now,
	    .number = loop->turns,
	    .size = now - loop->turns_begin,
	    .value = loop->turns_busy,
	};

	if (!loop->turns)
		return;
	emit(&event, NULL);
	loop->turns = 0;
	loop->turns_busy = 0;
	loop->turns_told = now;
}

static void
tell_gauge(struct loop *loop, uint64_t now)
{
	uint64_t window = now - loop->gauge_begin;
	struct event event = {
	    .kind = EVENT_LOOP_GAUGE,
	    .time = now,
	    .size = window,
	    .value = loop->gauge_busy,
	    .number = loop->lengths.most,
	    .channel = event_lags(loop_lag(&loop->lengths, window, 0.50),
	                          loop_lag(&loop->lengths, window, 0.99)),
	};
	char lags[LAG_TEXT];

	lag_write(lags, &loop->lengths, window);
	emit(&event, lags);
	loop->gauge_begin = now;
	loop->gauge_busy = 0;
	memset(&loop->lengths, 0, sizeof(loop->lengths));
}

/* ---- callbacks ---- */

/* The time of the kernel's last tick (clock_gettime(2)): it is read in a
 * sixth of the time of the exact one, and what is looked for lasts many ticks.
 */
static uint64_t
last_tick(void)
{
	struct timespec tick;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &tick);
	return (uint64_t)tick.tv_sec * 1000000000u + (uint64_t)tick.tv_nsec;
}

static void
end_callback(struct loop *loop, uint64_t now)
{
	uint64_t length = now - loop->callback_since;

	if (loop->callback && length > loop->longest_ns) {
		loop->longest = loop->callback;
		loop->longest_since = loop->callback_since;
		loop->longest_ns = length;
	}
	loop->callback = NULL;
}

void
loop_callback(struct loop *loop, const char *name)
{
	uint64_t now = last_tick();

	if (loop->callback && now - loop->callback_since > LOOP_SLOW_NS / 2)
		now = uv_hrtime();
	end_callback(loop, now);
	loop->callback = name;
	loop->callback_since = now;
}

/* What took an iteration so long, if no span has said it. The tick may have
 * been before it began. */
static void
tell_slow(struct loop *loop, uint64_t now, uint64_t busy)
{
	uint64_t begin = now - busy, end = now;
	bool named = loop->longest_ns > busy / 2;
	uint64_t length;
	struct event event = {.kind = EVENT_SPAN_BEGIN};
	const char *name = named ? loop->longest : "a callback";

	if (named && loop->longest_since > begin)
		begin = loop->longest_since;
	if (named && loop->longest_since + loop->longest_ns < end)
		end = loop->longest_since + loop->longest_ns;
	length = end - begin;
	event.time = begin;
	emit(&event, name);
	event.kind = EVENT_SPAN_END;
	event.time += length;
	event.value = length;
	emit(&event, name);
}

static void
end_iteration(struct loop *loop, uint64_t now, uint64_t busy)
{
	end_callback(loop, now);
	if (busy >= LOOP_SLOW_NS && busy - LOOP_SLOW_NS >= loop->spanned)
		tell_slow(loop, now, busy);
	loop->spanned = 0;
	loop->longest_ns = 0;
}

/* ---- an iteration ---- */

static void
flush_now(struct loop *loop, uint64_t now)
{
	loop->flushed = now;
	emit_flush();
}

static void
on_alarm(uv_poll_t *poll, int status, int events)
{
	struct loop *loop = poll->data;
	uint64_t count;

	(void)status;
	(void)events;
	if (read(loop->alarm, &count, sizeof(count)) < 0)
		return;
	loop->alarm_set = false;
	flush_now(loop, uv_hrtime());
}

static bool
has_alarm(struct loop *loop)
{
	if (loop->alarm >= 0)
		return true;
	loop->alarm =
	    timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (loop->alarm < 0)
		return false;
	if (uv_poll_init(&loop->uv, &loop->alarm_poll, loop->alarm)) {
		close(loop->alarm);
		loop->alarm = -1;
		return false;
	}
	loop->alarm_poll.data = loop;
	uv_poll_start(&loop->alarm_poll, UV_READABLE, on_alarm);
	uv_unref((uv_handle_t *)&loop->alarm_poll);
	return true;
}

/* A write each turn would be dearer than the turn, where a message is waited
 * for and answered; so would a timer of the loop, which the kernel has to set
 * anew for each poll. This one is set once a millisecond. */
static void
flush(struct loop *loop, uint64_t now)
{
	const struct itimerspec soon = {.it_value.tv_nsec = FLUSH_NS};

	if (!emit_is_due() || loop->alarm_set)
		return;
	if (now - loop->flushed >= FLUSH_NS || !has_alarm(loop))
		flush_now(loop, now);
	else
		loop->alarm_set =
		    timerfd_settime(loop->alarm, 0, &soon, NULL) == 0;
}

/* The loop is about to poll: the iteration that ends here began when the last
 * poll returned, which was `busy` ago. */
static void
on_prepare(uv_prepare_t *prepare)
{
	struct loop *loop = prepare->data;
	uint64_t now = uv_hrtime();
	uint64_t idle, wall, waited, busy;
	int timeout;

	if (loop->quiet) {
		flush(loop, now);
		return;
	}
	idle = uv_metrics_idle_time(&loop->uv);
	wall = now - loop->prepared;
	waited = idle - loop->idle;
	busy = wall > waited ? wall - waited : 0;
	timeout = uv_backend_timeout(&loop->uv);
	loop->prepared = now;
	loop->idle = idle;
	end_iteration(loop, now, busy);
	if (!loop->turns)
		loop->turns_begin = now - busy;
	loop->turns++;
	loop->turns_busy += busy;
	loop->gauge_busy += busy;
	histogram_add(&loop->lengths, busy);
	if (now - loop->turns_begin >= TURNS_NS ||
	    (timeout != 0 && now - loop->turns_told >= REST_NS))
		tell_turns(loop, now);
	if (now - loop->gauge_begin >= GAUGE_NS)
		tell_gauge(loop, now);
	flush(loop, now);
}

int
loop_open_quiet(struct loop *loop)
{
	int error;

	memset(loop, 0, sizeof(*loop));
	loop->alarm = -1;
	loop->quiet = true;
	error = uv_loop_init(&loop->uv);
	if (error)
		return error;
	loop->uv.data = loop;
	uv_prepare_init(&loop->uv, &loop->prepare);
	loop->prepare.data = loop;
	uv_prepare_start(&loop->prepare, on_prepare);
	uv_unref((uv_handle_t *)&loop->prepare);
	loop->prepared = loop->gauge_begin = uv_hrtime();
	return 0;
}

int
loop_open(struct loop *loop, enum role role, uint32_t id, const char *name)
{
	struct event born = {
	    .kind = EVENT_THREAD_BORN,
	    .number = role,
	    .value = id,
	};
	int error = loop_open_quiet(loop);

	if (error)
		return error;
	loop->quiet = false;
	/* Not for nothing: libuv then polls twice where it has to wait. */
	uv_loop_configure(&loop->uv, UV_METRICS_IDLE_TIME);
	emit(&born, name);
	return 0;
}

void
loop_run(struct loop *loop)
{
	uv_run(&loop->uv, UV_RUN_DEFAULT);
	tell_turns(loop, uv_hrtime());
	emit_flush();
}

bool
loop_should_stop(const struct loop *loop)
{
	return loop->stop && __atomic_load_n(loop->stop, __ATOMIC_RELAXED);
}

static void
close_handle(uv_handle_t *handle, void *data)
{
	(void)data;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

void
loop_close(struct loop *loop)
{
	atomics_forget(loop);
	uv_walk(&loop->uv, close_handle, NULL);
	/* A uv_stop() that came too late ends the first one at once. */
	while (uv_run(&loop->uv, UV_RUN_DEFAULT))
		;
	uv_loop_close(&loop->uv);
	if (loop->alarm >= 0)
		close(loop->alarm);
	emit_flush();
}

void
loop_span_begin(struct loop *loop, const char *name)
{
	struct event event = {.kind = EVENT_SPAN_BEGIN};

	if (loop->spans++ > 0)
		return;
	loop->span_since = uv_hrtime();
	event.time = loop->span_since;
	emit(&event, name);
}

void
loop_span_end(struct loop *loop, const char *name)
{
	struct event event = {.kind = EVENT_SPAN_END};

	if (--loop->spans > 0)
		return;
	event.time = uv_hrtime();
	event.value = event.time - loop->span_since;
	loop->spanned += event.value;
	emit(&event, name);
}
