/*
 * Many writers at one FIFO: processes and threads that share it with no lock.
 * Run it with SANITIZE=thread as well.
 */
#include "test.h"

#include "core/emit.h"
#include "core/fifo.h"
#include "core/stream.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PROCESSES_N = 4, THREADS_N = 2, WRITERS = PROCESSES_N * THREADS_N };
enum { RECORDS = 3000, AHEAD = 4, PATIENCE_MS = 60000 };

/* Lies in memory that the processes share. */
struct ledger {
	pthread_barrier_t crowd, calm;
	uint32_t received[WRITERS];
};

struct world {
	struct fifo fifo;
	struct stream stream;
	struct ledger *ledger;
	uint64_t lost, received;
	uint64_t lost_of[WRITERS];
	uint32_t tids[WRITERS];
	bool has_gaps; /* records may be missing, but none may come late */
};

struct writer {
	pthread_t thread;
	struct ledger *ledger;
	unsigned index;
};

static uint64_t
real_clock(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* ---- a record that shows whether it is whole ---- */

static size_t
size_of(unsigned writer, uint64_t number)
{
	return (number * 131 + writer * 17) % (EVENT_TEXT_MAX / 4);
}

static char
letter_of(unsigned writer, uint64_t number)
{
	return (char)('a' + (number + writer) % 26);
}

static void
say(unsigned writer, uint64_t number)
{
	struct event event = {
	    .kind = number % 50 ? EVENT_MESSAGE_SEND : EVENT_NOTE,
	    .other_pid = writer,
	    .number = number,
	};
	char text[EVENT_TEXT_MAX];
	size_t size = size_of(writer, number);

	memset(text, letter_of(writer, number), size);
	emit_bytes(&event, text, size);
}

static void
check_whole(const struct event *event, const char *text)
{
	assert_true(event->other_pid < WRITERS);
	assert_int_equal(event->text, size_of(event->other_pid, event->number));
	for (size_t i = 0; i < event->text; i++)
		assert_int_equal(text[i],
		                 letter_of(event->other_pid, event->number));
}

static bool
hear(void *data, const struct event *event, const char *text)
{
	struct world *world = data;
	uint32_t *received;

	if (event->kind == EVENT_LOST) {
		world->lost += event->number;
		return true;
	}
	check_whole(event, text);
	received = &world->ledger->received[event->other_pid];
	if (world->has_gaps)
		assert_true(event->number >= *received);
	else
		assert_int_equal(event->number, *received);
	world->tids[event->other_pid] = event->tid;
	world->received++;
	__atomic_store_n(received, (uint32_t)event->number + 1,
	                 __ATOMIC_RELEASE);
	return true;
}

/* ---- the writers ---- */

static void
wait_for(const uint32_t *received, uint64_t number)
{
	while (__atomic_load_n(received, __ATOMIC_ACQUIRE) < number)
		sched_yield();
}

/* Never further ahead of the reader than even a small pipe can hold. */
static void *
write_in_step(void *data)
{
	const struct writer *writer = data;
	const uint32_t *received = &writer->ledger->received[writer->index];

	for (uint64_t number = 0; number < RECORDS; number++) {
		say(writer->index, number);
		if (number % AHEAD == AHEAD - 1) {
			emit_flush();
			wait_for(received, number + 1 - AHEAD / 2);
		}
	}
	emit_flush();
	return NULL;
}

/* As fast as it goes while nobody reads; the last record is written when there
 * is room again, and says what was lost. */
static void *
write_into_the_crowd(void *data)
{
	struct writer *writer = data;

	for (uint64_t number = 0; number < RECORDS - 1; number++)
		say(writer->index, number);
	emit_flush();
	pthread_barrier_wait(&writer->ledger->crowd);
	pthread_barrier_wait(&writer->ledger->calm);
	say(writer->index, RECORDS - 1);
	emit_flush();
	return NULL;
}

static void *
write_until_it_is_closed(void *data)
{
	struct writer *writer = data;

	pthread_barrier_wait(&writer->ledger->crowd);
	for (uint64_t number = 0; emit_is_open(); number++)
		say(writer->index, number);
	return NULL;
}

static void
start(struct writer *writers, unsigned first, unsigned count,
      struct ledger *ledger, void *(*run)(void *))
{
	for (unsigned i = first; i < first + count; i++) {
		writers[i].ledger = ledger;
		writers[i].index = i;
		if (pthread_create(&writers[i].thread, NULL, run, &writers[i]))
			abort();
	}
}

static void
join(struct writer *writers, unsigned first, unsigned count)
{
	for (unsigned i = first; i < first + count; i++)
		pthread_join(writers[i].thread, NULL);
}

/* Ends with the test program, should that fail and read no more. */
static pid_t
fork_writers(const struct world *world, unsigned first)
{
	static struct writer writers[WRITERS];
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child != 0)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (emit_open(world->fifo.path, real_clock))
		exit(1);
	start(writers, first, THREADS_N, world->ledger, write_in_step);
	join(writers, first, THREADS_N);
	emit_close();
	exit(0);
}

/* ---- the tests ---- */

static int
set_up(void **state)
{
	static struct world world;

	signal(SIGPIPE, SIG_IGN);
	memset(&world, 0, sizeof(world));
	stream_init(&world.stream);
	stream_add(&world.stream, hear, &world);
	world.ledger = mmap(NULL, sizeof(*world.ledger), PROT_READ | PROT_WRITE,
	                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (world.ledger == MAP_FAILED)
		return -1;
	pthread_barrier_init(&world.ledger->crowd, NULL, WRITERS + 1);
	pthread_barrier_init(&world.ledger->calm, NULL, WRITERS + 1);
	*state = &world;
	return fifo_open(&world.fifo, "/tmp");
}

static int
tear_down(void **state)
{
	struct world *world = *state;

	emit_close();
	fifo_close(&world->fifo);
	pthread_barrier_destroy(&world->ledger->crowd);
	pthread_barrier_destroy(&world->ledger->calm);
	munmap(world->ledger, sizeof(*world->ledger));
	return 0;
}

static void
drain(struct world *world)
{
	while (stream_read(&world->stream, world->fifo.fd) > 0)
		;
	assert_int_equal(world->stream.held, 0);
	assert_int_equal(world->stream.damaged, 0);
}

static void
read_all(struct world *world, uint64_t records)
{
	while (world->received + world->lost < records) {
		struct pollfd ready = {world->fifo.fd, POLLIN, 0};

		assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
		drain(world);
	}
}

static void
processes_share_a_fifo_and_nothing_is_torn_or_lost(void **state)
{
	struct world *world = *state;
	pid_t children[PROCESSES_N];

	for (unsigned i = 0; i < PROCESSES_N; i++) {
		children[i] = fork_writers(world, i * THREADS_N);
		assert_true(children[i] > 0);
	}
	read_all(world, WRITERS * RECORDS);
	for (unsigned i = 0; i < PROCESSES_N; i++) {
		int status;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	drain(world);
	assert_int_equal(world->lost, 0);
	assert_int_equal(world->received, WRITERS * RECORDS);
	for (unsigned i = 0; i < WRITERS; i++)
		assert_int_equal(world->ledger->received[i], RECORDS);
}

static void
threads_share_a_fifo_and_nothing_is_torn_or_lost(void **state)
{
	struct writer writers[WRITERS];
	struct world *world = *state;

	assert_int_equal(emit_open(world->fifo.path, real_clock), 0);
	start(writers, 0, WRITERS, world->ledger, write_in_step);
	read_all(world, WRITERS * RECORDS);
	join(writers, 0, WRITERS);
	drain(world);
	assert_int_equal(world->lost, 0);
	assert_int_equal(world->received, WRITERS * RECORDS);
	for (unsigned i = 1; i < WRITERS; i++)
		assert_int_not_equal(world->tids[i], world->tids[i - 1]);
}

static void
what_is_lost_and_what_is_received_is_what_was_sent(void **state)
{
	struct writer writers[WRITERS];
	struct world *world = *state;

	world->has_gaps = true;
	assert_true(fcntl(world->fifo.fd, F_SETPIPE_SZ, PIPE_BUF) >= 0);
	assert_int_equal(emit_open(world->fifo.path, real_clock), 0);
	start(writers, 0, WRITERS, world->ledger, write_into_the_crowd);
	pthread_barrier_wait(&world->ledger->crowd);
	drain(world);
	pthread_barrier_wait(&world->ledger->calm);
	join(writers, 0, WRITERS);
	drain(world);
	assert_true(world->lost > 0);
	assert_int_equal(world->lost + world->received, WRITERS * RECORDS);
	for (unsigned i = 0; i < WRITERS; i++)
		assert_int_equal(world->ledger->received[i], RECORDS);
}

static void
closes_under_the_hands_of_those_who_write(void **state)
{
	struct writer writers[WRITERS];
	struct world *world = *state;

	world->has_gaps = true;
	assert_int_equal(emit_open(world->fifo.path, real_clock), 0);
	start(writers, 0, WRITERS, world->ledger, write_until_it_is_closed);
	pthread_barrier_wait(&world->ledger->crowd);
	/* They may be quicker than we: there is no end of it. */
	while (world->received < RECORDS)
		stream_read(&world->stream, world->fifo.fd);
	emit_close();
	join(writers, 0, WRITERS);
	drain(world);
	assert_false(emit_is_open());
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(processes_share_a_fifo_and_nothing_is_torn_or_lost),
	    TEST(threads_share_a_fifo_and_nothing_is_torn_or_lost),
	    TEST(what_is_lost_and_what_is_received_is_what_was_sent),
	    TEST(closes_under_the_hands_of_those_who_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
