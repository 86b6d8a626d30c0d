/* One writer with a clock that only the test moves: when is what written, and
 * what becomes of a record that does not get through. */
#include "test.h"

#include "core/emit.h"
#include "core/fifo.h"
#include "core/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HEARD = 64, MS = 1000000, LONG_AGO = 1000 * MS };
enum { HEADS_A_WRITE = PIPE_BUF / EVENT_HEAD };

struct world {
	struct fifo fifo;
	struct stream stream;
	int count; /* without lost events */
	uint64_t lost;
	struct event events[HEARD];
	char texts[HEARD][EVENT_TEXT_MAX + 1];
};

static uint64_t fake_time, fake_tick;

static uint64_t
fake_clock(void)
{
	fake_time += fake_tick;
	return fake_time;
}

static bool
hear(void *data, const struct event *event, const char *text)
{
	struct world *world = data;

	if (event->kind == EVENT_LOST) {
		world->lost += event->number;
		return true;
	}
	if (world->count < HEARD) {
		world->events[world->count] = *event;
		memcpy(world->texts[world->count], text, event->text + 1u);
	}
	world->count++;
	return true;
}

/* Reads all there is; returns how many records came in all. */
static int
listen_to(struct world *world)
{
	while (stream_read(&world->stream, world->fifo.fd) > 0)
		;
	assert_int_equal(world->stream.damaged, 0);
	assert_int_equal(world->stream.held, 0);
	assert_int_equal(world->lost, world->stream.lost);
	return world->count;
}

static void
say(uint64_t number)
{
	struct event event = {.kind = EVENT_MESSAGE_SEND, .number = number};

	assert_false(event_is_urgent(EVENT_MESSAGE_SEND));
	emit(&event, NULL);
}

static void
say_at_once(uint64_t number)
{
	struct event event = {.kind = EVENT_NOTE, .number = number};

	assert_true(event_is_urgent(EVENT_NOTE));
	emit(&event, NULL);
}

static int
set_up(void **state)
{
	static struct world world;

	signal(SIGPIPE, SIG_IGN);
	memset(&world, 0, sizeof(world));
	stream_init(&world.stream);
	stream_add(&world.stream, hear, &world);
	*state = &world;
	fake_time += LONG_AGO;
	fake_tick = 0;
	if (fifo_open(&world.fifo, "/tmp"))
		return -1;
	return emit_open(world.fifo.path, fake_clock);
}

static int
tear_down(void **state)
{
	struct world *world = *state;

	emit_close();
	fifo_close(&world->fifo);
	return 0;
}

/* What is said first is written first; from then on a millisecond counts. */
static void
start_millisecond(struct world *world)
{
	say_at_once(0);
	assert_int_equal(listen_to(world), 1);
	world->count = 0;
}

/* ---- when it is written ---- */

static void
collects_what_is_not_urgent(void **state)
{
	struct world *world = *state;

	start_millisecond(world);
	for (int i = 1; i <= HEADS_A_WRITE; i++)
		say((uint64_t)i);
	assert_int_equal(listen_to(world), 0);
	emit_flush();
	assert_int_equal(listen_to(world), HEADS_A_WRITE);
	for (int i = 0; i < HEADS_A_WRITE; i++)
		assert_int_equal(world->events[i].number, i + 1);
	emit_flush();
	assert_int_equal(listen_to(world), HEADS_A_WRITE);
}

static void
writes_what_is_urgent_behind_what_was_collected(void **state)
{
	struct world *world = *state;

	start_millisecond(world);
	say(1);
	say(2);
	assert_int_equal(listen_to(world), 0);
	say_at_once(3);
	assert_int_equal(listen_to(world), 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(world->events[i].number, i + 1);
}

static void
writes_when_no_more_fits_into_one_write(void **state)
{
	struct world *world = *state;

	start_millisecond(world);
	fake_tick = 1;
	for (int i = 0; i < HEADS_A_WRITE; i++)
		say((uint64_t)i);
	assert_int_equal(listen_to(world), 0);
	say(99);
	assert_int_equal(listen_to(world), HEADS_A_WRITE);
	emit_flush();
	assert_int_equal(listen_to(world), HEADS_A_WRITE + 1);
}

static void
writes_when_the_last_write_is_over_a_millisecond_ago(void **state)
{
	struct world *world = *state;

	start_millisecond(world);
	fake_time += MS;
	say(1);
	assert_int_equal(listen_to(world), 0);
	fake_time += 1;
	say(2);
	assert_int_equal(listen_to(world), 2);
}

static void
counts_every_write_as_the_last_one(void **state)
{
	struct world *world = *state;

	start_millisecond(world);
	say(1);
	fake_time += MS;
	emit_flush();
	fake_time += MS;
	say(2);
	assert_int_equal(listen_to(world), 1);
	for (int i = 0; i < HEADS_A_WRITE; i++)
		say(3);
	assert_int_equal(listen_to(world), 1 + HEADS_A_WRITE);
	fake_time += MS;
	say(4);
	assert_int_equal(listen_to(world), 1 + HEADS_A_WRITE);
}

static void
writes_the_rest_when_it_closes_and_then_nothing(void **state)
{
	struct world *world = *state;

	start_millisecond(world);
	assert_true(emit_is_open());
	say(1);
	emit_close();
	assert_false(emit_is_open());
	assert_int_equal(listen_to(world), 1);
	say_at_once(2);
	emit_flush();
	assert_int_equal(listen_to(world), 1);
}

/* ---- what is written ---- */

static void
fills_in_who_and_when(void **state)
{
	struct world *world = *state;
	struct event event = {.kind = EVENT_NOTE, .lost = 7};

	emit(&event, NULL);
	event.time = 11;
	event.pid = 12;
	event.tid = 13;
	emit(&event, "text");
	assert_int_equal(listen_to(world), 2);
	assert_int_equal(world->lost, 0);
	assert_int_equal(world->events[0].time, fake_time);
	assert_int_equal(world->events[0].pid, getpid());
	assert_int_equal(world->events[0].tid, syscall(SYS_gettid));
	assert_int_equal(world->events[0].text, 0);
	assert_int_equal(world->events[1].time, 11);
	assert_int_equal(world->events[1].pid, 12);
	assert_int_equal(world->events[1].tid, 13);
	assert_string_equal(world->texts[1], "text");
}

static void
cuts_a_text_that_is_too_long(void **state)
{
	struct event event = {.kind = EVENT_NOTE};
	struct world *world = *state;
	char text[EVENT_TEXT_MAX + 9];

	memset(text, 'x', sizeof(text));
	for (size_t more = 0; more < 8; more++) {
		text[EVENT_TEXT_MAX + more] = '\0';
		emit(&event, text);
		text[EVENT_TEXT_MAX + more] = 'x';
	}
	emit_bytes(&event, text, 1 << 20);
	assert_int_equal(listen_to(world), 9);
	text[EVENT_TEXT_MAX] = '\0';
	for (int i = 0; i < 9; i++)
		assert_string_equal(world->texts[i], text);
}

static void
takes_bytes_without_a_nul_and_with(void **state)
{
	static const char bytes[] = {'a', '\0', 'b', 'X'};
	struct event event = {.kind = EVENT_NOTE};
	struct world *world = *state;

	emit_bytes(&event, bytes, 3);
	assert_int_equal(listen_to(world), 1);
	assert_int_equal(world->events[0].text, 3);
	assert_memory_equal(world->texts[0], "a\0b", 4);
}

/* What lay in the buffer before must not leak into the stream. */
static void
pads_with_zeros(void **state)
{
	struct event event = {.kind = EVENT_NOTE};
	struct world *world = *state;
	char record[EVENT_RECORD_MAX];
	char text[64];

	memset(text, 'x', sizeof(text));
	emit_bytes(&event, text, sizeof(text));
	listen_to(world);
	for (size_t size = 0; size <= 17; size++) {
		ssize_t got;

		emit_bytes(&event, text, size);
		got = read(world->fifo.fd, record, sizeof(record));
		assert_int_equal(got, event_record_size(size));
		for (ssize_t i = EVENT_HEAD + (ssize_t)size; i < got; i++)
			assert_int_equal(record[i], 0);
	}
}

/* ---- what does not get through ---- */

static void
drops_and_counts_when_the_fifo_is_full(void **state)
{
	enum { SENT = 10 * HEADS_A_WRITE };
	struct world *world = *state;

	start_millisecond(world);
	assert_true(fcntl(world->fifo.fd, F_SETPIPE_SZ, PIPE_BUF) >= 0);
	for (int i = 0; i < SENT; i++)
		say((uint64_t)i);
	emit_flush();
	assert_int_equal(listen_to(world), HEADS_A_WRITE);
	assert_int_equal(world->lost, 0);
	say_at_once(SENT);
	assert_int_equal(listen_to(world), HEADS_A_WRITE + 1);
	assert_int_equal(world->lost, SENT - HEADS_A_WRITE);
}

/* The record that reports the loss may be lost itself, and so may the one that
 * reports that: nothing may be counted twice or not at all. */
static void
counts_also_what_was_to_report_a_loss(void **state)
{
	struct world *world = *state;
	char text[EVENT_TEXT_MAX] = "";
	struct event event = {.kind = EVENT_STDOUT};
	int sent = 0;

	assert_true(fcntl(world->fifo.fd, F_SETPIPE_SZ, PIPE_BUF) >= 0);
	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < round; i++, sent++) {
			emit_bytes(&event, text, (size_t)(i * 37) % 900);
			if (i % 7 == 6)
				emit_flush();
		}
		if (round % 3 == 0)
			listen_to(world);
	}
	listen_to(world);
	say_at_once(0);
	listen_to(world);
	assert_true(world->lost > 0);
	assert_int_equal(world->lost + (uint64_t)world->count, sent + 1);
}

static void
says_why_it_does_not_open(void **state)
{
	struct world *world = *state;
	char path[PATH_MAX + 8];

	emit_close();
	assert_int_equal(emit_open("/nowhere/at all", fake_clock), -ENOENT);
	assert_false(emit_is_open());
	/* A FIFO that nobody reads. */
	snprintf(path, sizeof(path), "%s2", world->fifo.path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(emit_open(path, fake_clock), -ENXIO);
	assert_false(emit_is_open());
	unlink(path);
	say_at_once(1);
	assert_int_equal(listen_to(world), 0);
}

static void
falls_silent_when_the_reader_is_gone(void **state)
{
	struct world *world = *state;

	start_millisecond(world);
	assert_true(emit_is_open());
	close(world->fifo.fd);
	say(1);
	say_at_once(2);
	assert_false(emit_is_open());
	/* One who comes later hears nothing any more. */
	world->fifo.fd = open(world->fifo.path, O_RDWR | O_NONBLOCK);
	say_at_once(3);
	emit_flush();
	assert_int_equal(listen_to(world), 0);
}

static void
starts_afresh_when_it_is_opened_again(void **state)
{
	struct world *world = *state;

	assert_true(fcntl(world->fifo.fd, F_SETPIPE_SZ, PIPE_BUF) >= 0);
	for (int i = 0; i < 4 * HEADS_A_WRITE; i++)
		say_at_once(1);
	emit_close();
	listen_to(world);
	world->count = 0;
	assert_int_equal(emit_open(world->fifo.path, fake_clock), 0);
	say_at_once(2);
	assert_int_equal(listen_to(world), 1);
	assert_int_equal(world->lost, 0);
}

/* What the parent has collected is the parent's, and so is its thread id. */
static void
starts_afresh_in_a_forked_process(void **state)
{
	struct world *world = *state;
	int status;
	pid_t child;

	start_millisecond(world);
	say(1);
	child = fork();
	if (child == 0) {
		emit_open(world->fifo.path, fake_clock);
		say_at_once(2);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(listen_to(world), 1);
	assert_int_equal(world->events[0].number, 2);
	assert_int_equal(world->events[0].pid, child);
	assert_int_equal(world->events[0].tid, child);
	emit_flush();
	assert_int_equal(listen_to(world), 2);
	assert_int_equal(world->events[1].number, 1);
	assert_int_equal(world->events[1].pid, getpid());
}

/* ---- without a FIFO ---- */

static void
take(void *data, const struct event *event, const char *text)
{
	stream_event(data, event, text);
}

static void
hands_over_directly(void **state)
{
	struct world *world = *state;
	struct event event = {.kind = EVENT_STDOUT};

	emit_close();
	emit_open_direct(take, &world->stream, fake_clock);
	assert_true(emit_is_open());
	emit_bytes(&event, "hello, world", 5);
	assert_int_equal(world->count, 1);
	assert_string_equal(world->texts[0], "hello");
	assert_int_equal(world->events[0].magic, EVENT_MAGIC);
	assert_int_equal(world->events[0].pid, getpid());
	assert_int_equal(world->events[0].tid, getpid());
	assert_int_equal(world->events[0].time, fake_time);
	emit_close();
	assert_false(emit_is_open());
	emit(&event, "more");
	assert_int_equal(world->count, 1);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(collects_what_is_not_urgent),
	    TEST(writes_what_is_urgent_behind_what_was_collected),
	    TEST(writes_when_no_more_fits_into_one_write),
	    TEST(writes_when_the_last_write_is_over_a_millisecond_ago),
	    TEST(counts_every_write_as_the_last_one),
	    TEST(writes_the_rest_when_it_closes_and_then_nothing),
	    TEST(fills_in_who_and_when),
	    TEST(cuts_a_text_that_is_too_long),
	    TEST(takes_bytes_without_a_nul_and_with),
	    TEST(pads_with_zeros),
	    TEST(drops_and_counts_when_the_fifo_is_full),
	    TEST(counts_also_what_was_to_report_a_loss),
	    TEST(says_why_it_does_not_open),
	    TEST(falls_silent_when_the_reader_is_gone),
	    TEST(starts_afresh_when_it_is_opened_again),
	    TEST(starts_afresh_in_a_forked_process),
	    TEST(hands_over_directly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
