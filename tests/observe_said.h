/*
 * observe_said: an observer at work on helpers, and all that it has said.
 *
 * Rounds are made until what a test waits for has been said. Time is the
 * machine's, or the test's own (`fake`), which goes on by `period` a round: so
 * tests of what happens when need not wait for it.
 */
#ifndef TESTS_OBSERVE_SAID_H
#define TESTS_OBSERVE_SAID_H

#include "observe_helper.h"

#include "observe/observe.h"

struct said {
	struct event event;
	char text[EVENT_TEXT_MAX + 1];
};

struct watching {
	struct observe *observe;
	struct helper helper;
	struct said *said;
	int count, room;
	unsigned period_ms;
	uint64_t fake;    /* 0: the machine's time */
	uint64_t sampled; /* when last */
	uint64_t gap;     /* longest time between two samples */
	uint64_t waited;  /* for a test to add up */
};

static inline void
watching_put(void *data, const struct event *event, const char *text)
{
	struct watching *watching = data;
	struct said *said;

	if (watching->count == watching->room) {
		watching->room = watching->room ? watching->room * 2 : 256;
		watching->said = realloc(
		    watching->said, (size_t)watching->room * sizeof(*said));
		assert_non_null(watching->said);
	}
	said = &watching->said[watching->count++];
	said->event = *event;
	memcpy(said->text, text, event->text);
	said->text[event->text] = '\0';
}

static inline int
watching_setup(void **state)
{
	static struct watching watching;

	memset(&watching, 0, sizeof(watching));
	watching.period_ms = 5;
	*state = &watching;
	return observe_new(&watching.observe, watching_put, &watching);
}

static inline int
watching_teardown(void **state)
{
	struct watching *watching = *state;

	observe_free(watching->observe);
	helper_end(&watching->helper);
	free(watching->said);
	return 0;
}

static inline uint64_t
watching_now(const struct watching *watching)
{
	return watching->fake ? watching->fake : helper_now();
}

/* From now on the test's own time. */
static inline void
watching_fake_time(struct watching *watching)
{
	watching->fake = helper_now();
}

static inline void
watching_sample(struct watching *watching)
{
	uint64_t now;

	if (watching->fake)
		watching->fake += watching->period_ms * HELPER_MS;
	now = watching_now(watching);
	if (watching->sampled && now - watching->sampled > watching->gap)
		watching->gap = now - watching->sampled;
	watching->sampled = now;
	observe_sample(watching->observe, now);
}

/* A look at everything, and the deaths up to the next. */
static inline void
watching_round(struct watching *watching)
{
	struct pollfd ended = {.fd = observe_fd(watching->observe),
	                       .events = POLLIN};

	watching_sample(watching);
	if (poll(&ended, 1, watching->fake ? 1 : (int)watching->period_ms) > 0)
		observe_deaths(watching->observe, watching_now(watching));
}

/* For so long, and not with fewer looks than there are in that time on a
 * machine that has some for us. */
static inline void
watching_for(struct watching *watching, unsigned ms)
{
	uint64_t end = watching_now(watching) + ms * HELPER_MS;
	unsigned rounds = watching->fake ? 0 : ms / watching->period_ms;

	for (unsigned i = 0; i < rounds || watching_now(watching) < end; i++)
		watching_round(watching);
}

/* ---- what was said ---- */

/* The next after `from` (NULL: the first) of that kind, of that process and
 * thread (0: any). NULL: none. The pointers hold until the next round. */
static inline const struct said *
said_next(const struct watching *watching, const struct said *from,
          enum event_kind kind, int64_t pid, int64_t tid)
{
	int i = from ? (int)(from - watching->said) + 1 : 0;

	for (; i < watching->count; i++) {
		const struct event *event = &watching->said[i].event;

		if (event->kind == kind && (!pid || event->pid == pid) &&
		    (!tid || event->tid == tid))
			return &watching->said[i];
	}
	return NULL;
}

static inline int
said_count(const struct watching *watching, enum event_kind kind, int64_t pid)
{
	const struct said *said = NULL;
	int count = 0;

	while ((said = said_next(watching, said, kind, pid, 0)) != NULL)
		count++;
	return count;
}

static inline void
said_print(const struct watching *watching)
{
	for (int i = 0; i < watching->count; i++) {
		const struct event *event = &watching->said[i].event;

		printf(
		    "%10.3f %s pid %u tid %u other %u number %llu size "
		    "%llu value %llu %s\n",
		    (double)(event->time - watching->said[0].event.time) / 1e6,
		    event_name(event->kind), event->pid, event->tid,
		    event->other_pid, (unsigned long long)event->number,
		    (unsigned long long)event->size,
		    (unsigned long long)event->value, watching->said[i].text);
	}
}

/* Makes rounds until it has been said `times` times of `pid` (0: of any), and
 * returns the last. */
static inline const struct said *
said_await_times(struct watching *watching, enum event_kind kind, int64_t pid,
                 int times)
{
	uint64_t deadline = helper_now() + HELPER_PATIENCE_MS * HELPER_MS;
	const struct said *said = NULL;

	while (said_count(watching, kind, pid) < times) {
		if (helper_now() > deadline) {
			said_print(watching);
			fail_msg("%s of %d was never said", event_name(kind),
			         (int)pid);
		}
		watching_round(watching);
	}
	while (times-- > 0)
		said = said_next(watching, said, kind, pid, 0);
	return said;
}

static inline const struct said *
said_await(struct watching *watching, enum event_kind kind, int64_t pid)
{
	return said_await_times(watching, kind, pid, 1);
}

static inline void
assert_died(struct watching *watching, int64_t pid, enum death death, int value)
{
	const struct event *event =
	    &said_await(watching, EVENT_PROCESS_DIED, pid)->event;

	assert_int_equal(event->number, death);
	assert_int_equal(event->value, value);
	assert_int_equal(said_count(watching, EVENT_PROCESS_DIED, pid), 1);
}

/* A helper in that role, watched from now on. */
static inline void
watching_helper(struct watching *watching, const char *role)
{
	helper_start(&watching->helper, role);
	assert_int_equal(
	    observe_watch(watching->observe, watching->helper.pid, BIRTH_RUN),
	    0);
}

#endif
