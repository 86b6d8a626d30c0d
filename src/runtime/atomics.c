/*
 * A futex is a word of 32 bits. Of one of 64 both halves are waited at, in one
 * call that looks at both after it has queued the thread, so no change of
 * either can slip through; a notify wakes at the lower half.
 *
 * A worker thread waits at one word more: the one that terminate writes to.
 *
 * What the stream hears: a span, which is written at once, so that it can be
 * seen while the thread is blocked. Where waits are brief, as in a game of
 * ping-pong, that would cost more than the wait; after a brief one the next is
 * taken to be brief too, and such ones are counted and told together.
 */
#include "atomics.h"
#include "futex.h"

#include "core/emit.h"

enum { BRIEF_NS = 1000000 };

static const char wait_name[] = "Atomics.wait";

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the lower half of a 64-bit word is taken to come first"
#endif

const char *
atomics_name(int result)
{
	static const char *const names[] = {"ok", "not-equal", "timed-out",
	                                    "pending"};

	return result >= 0 && result <= ATOMICS_PENDING ? names[result]
	                                                : "error";
}

/* ---- sleeping ---- */

struct sleep {
	struct futex_waitv words[3]; /* the last is where a notify wakes */
	unsigned count;
	bool has_stop; /* words[0] */
};

static void
add_word(struct sleep *sleep, const void *at, uint32_t expected)
{
	sleep->words[sleep->count++] = futex_word(at, expected);
}

/* As futex_wait(): 0 is woken by a notify; -ECANCELED: by a stop. */
static int
sleep_once(const struct loop *loop, struct sleep *sleep,
           const struct deadline *deadline)
{
	const struct futex_waitv *last = &sleep->words[sleep->count - 1];
	int result = -ENOSYS;

	if (sleep->count > 1)
		result = futex_wait_any(sleep->words, sleep->count, deadline);
	if (result == 0 && sleep->has_stop)
		return -ECANCELED;
	if (result == -EAGAIN && loop && loop_should_stop(loop))
		return -ECANCELED;
	/* Without futex_waitv one word must do. */
	if (result == -ENOSYS && sleep->count - sleep->has_stop == 1)
		result = futex_wait((const void *)(uintptr_t)last->uaddr,
		                    (uint32_t)last->val, deadline);
	return result > 0 ? 0 : result;
}

static int
sleep_on(const struct loop *loop, struct sleep *sleep, int64_t ms)
{
	struct deadline deadline = deadline_after(ms);
	int result;

	do {
		result = sleep_once(loop, sleep, &deadline);
	} while (result == -EINTR);
	switch (result) {
	case 0:
		return ATOMICS_OK;
	case -EAGAIN:
		return ATOMICS_NOT_EQUAL;
	case -ETIMEDOUT:
		return ATOMICS_TIMED_OUT;
	case -ECANCELED:
		return -EINTR;
	default:
		return result;
	}
}

/* ---- telling ---- */

static void
tell_long(uint64_t length)
{
	struct event event = {.kind = EVENT_SPAN_END, .value = length};

	emit(&event, wait_name);
}

static void
tell_brief(uint64_t count, uint64_t length)
{
	struct event event = {
	    .kind = EVENT_ATOMICS_WAIT,
	    .number = count,
	    .value = length,
	};

	emit(&event, NULL);
}

/* At most once a millisecond. */
static void
count_brief(struct loop *loop, uint64_t now, uint64_t length)
{
	loop->waits_brief++;
	loop->waits_ns += length;
	if (now - loop->waits_told < BRIEF_NS)
		return;
	tell_brief(loop->waits_brief, loop->waits_ns);
	loop->waits_told = now;
	loop->waits_brief = loop->waits_ns = 0;
}

static int
wait_told(struct loop *loop, struct sleep *sleep, int64_t ms)
{
	uint64_t begin = uv_hrtime(), now, length;
	bool brief = !loop || (loop->waited && loop->waited < BRIEF_NS);
	int result;

	if (!brief)
		loop_span_begin(loop, wait_name);
	result = sleep_on(loop, sleep, ms);
	now = uv_hrtime();
	length = now - begin;
	if (!brief)
		loop_span_end(loop, wait_name);
	else if (length >= BRIEF_NS)
		tell_long(length);
	else if (loop)
		count_brief(loop, now, length);
	else
		tell_brief(1, length);
	if (loop)
		loop->waited = length + 1;
	return result;
}

/* ---- what the header offers ---- */

static void
add_stop(struct sleep *sleep, const struct loop *loop)
{
	sleep->has_stop = loop && loop->stop;
	if (sleep->has_stop)
		add_word(sleep, loop->stop, 0);
}

int
atomics_wait(struct loop *loop, const int32_t *at, int32_t expected, int64_t ms)
{
	struct sleep sleep = {.count = 0};

	if (atomics_load(at) != expected)
		return ATOMICS_NOT_EQUAL;
	add_stop(&sleep, loop);
	add_word(&sleep, at, (uint32_t)expected);
	return wait_told(loop, &sleep, ms);
}

int
atomics_wait64(struct loop *loop, const int64_t *at, int64_t expected,
               int64_t ms)
{
	uint64_t value = (uint64_t)expected;
	struct sleep sleep = {.count = 0};

	if (atomics_load64(at) != expected)
		return ATOMICS_NOT_EQUAL;
	add_stop(&sleep, loop);
	add_word(&sleep, (const int32_t *)(const void *)at + 1,
	         (uint32_t)(value >> 32));
	add_word(&sleep, at, (uint32_t)value);
	return wait_told(loop, &sleep, ms);
}

static int
notify(const void *at, int count)
{
	struct event event = {.kind = EVENT_ATOMICS_NOTIFY};
	int woken = count > 0 ? futex_wake(at, count) : 0;

	event.number = (uint64_t)(woken < 0 ? 0 : woken);
	emit(&event, NULL);
	return (int)event.number;
}

int
atomics_notify(const int32_t *at, int count)
{
	return notify(at, count);
}

int
atomics_notify64(const int64_t *at, int count)
{
	return notify(at, count);
}
