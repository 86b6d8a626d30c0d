/* How worker threads end, what they begin with, and that nothing is left. */
#include "runtime_world.h"

#include "runtime/atomics.h"
#include "runtime/broadcast.h"
#include "runtime/shared.h"
#include "runtime/worker_scope.h"

#include <malloc.h>

enum { CYCLES = 300 }; /* WORKER_CYCLES in the environment: another number */

struct fixture {
	struct world world;
	struct worker worker;
	int messages, outputs, exits, errors, code;
	char last[128];
};

static void
on_message(struct worker *worker, struct message *message)
{
	struct fixture *fixture = worker->data;

	fixture->messages++;
	snprintf(fixture->last, sizeof(fixture->last), "%.*s",
	         (int)message->size, message->bytes);
	world_say(&fixture->world, fixture->last);
}

static void
on_error(struct worker *worker, const char *text)
{
	struct fixture *fixture = worker->data;

	fixture->errors++;
	world_say(&fixture->world, "error:");
	world_say(&fixture->world, text);
}

static void
on_output(struct worker *worker, int fd, const char *bytes, size_t size)
{
	struct fixture *fixture = worker->data;

	(void)bytes;
	(void)size;
	fixture->outputs++;
	world_say(&fixture->world, fd == 1 ? "out" : "err");
}

static void
on_exit_worker(struct worker *worker, int code)
{
	struct fixture *fixture = worker->data;

	fixture->exits++;
	fixture->code = code;
	world_say(&fixture->world, "exit");
}

static const struct worker_events events = {
    .message = on_message,
    .error = on_error,
    .output = on_output,
    .exit = on_exit_worker,
};

static int
open_fixture(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	world_init(&fixture->world);
	*state = fixture;
	return 0;
}

static void
run(struct fixture *fixture, const struct worker_script *script,
    const struct worker_options *options)
{
	assert_int_equal(worker_start(&fixture->worker, &fixture->world.loop,
	                              script, options, &events),
	                 0);
	fixture->worker.data = fixture;
	world_run(&fixture->world, &fixture->exits, fixture->exits + 1);
}

static void
scope_say(struct worker_scope *scope, const char *text)
{
	worker_scope_post(scope, text, strlen(text));
}

/* ---- ends ---- */

static void
throw_twice(struct worker_scope *scope)
{
	worker_scope_throw(scope, "first");
	worker_scope_throw(scope, "second");
}

static void
an_error_ends_the_thread_and_is_noted(void **state)
{
	static const struct worker_script script = {.start = throw_twice};
	struct fixture *fixture = *state;

	run(fixture, &script, &(struct worker_options){.name = "cook"});
	assert_string_equal(fixture->world.said, "error: first exit");
	assert_int_equal(fixture->code, 1);
	assert_string_equal(told_nth(&fixture->world, EVENT_NOTE, 0)->text,
	                    "cook: first");
}

static void
exit_in_a_message(struct worker_scope *scope, struct message *message)
{
	(void)message;
	scope_say(scope, "last");
	worker_scope_exit(scope, 42);
}

static void
after_exit_nothing_more_is_delivered(void **state)
{
	static const struct worker_script script = {
	    .message = exit_in_a_message,
	};
	struct fixture *fixture = *state;

	worker_start(&fixture->worker, &fixture->world.loop, &script, NULL,
	             &events);
	fixture->worker.data = fixture;
	for (int i = 0; i < 10; i++)
		worker_post(&fixture->worker, "x", 1);
	world_run(&fixture->world, &fixture->exits, 1);
	assert_string_equal(fixture->world.said, "last exit");
	assert_int_equal(fixture->code, 42);
	assert_int_equal(fixture->worker.id, -1);
	assert_int_equal(worker_terminate(&fixture->worker), -ESRCH);
}

static void
close_port(struct worker_scope *scope)
{
	worker_scope_close(scope);
	worker_scope_post(scope, "nobody", 6);
}

static void
a_thread_without_a_port_ends_by_itself(void **state)
{
	static const struct worker_script script = {
	    .start = close_port,
	    .message = exit_in_a_message,
	};
	struct fixture *fixture = *state;

	run(fixture, &script, NULL);
	assert_string_equal(fixture->world.said, "exit");
	assert_int_equal(fixture->code, 0);
}

static void
wait_for_messages(struct worker_scope *scope, struct message *message)
{
	(void)scope;
	(void)message;
}

static const struct worker_script waiting = {.message = wait_for_messages};

static void
an_unrefd_thread_does_not_hold_the_loop(void **state)
{
	struct fixture *fixture = *state;

	worker_start(&fixture->worker, &fixture->world.loop, &waiting, NULL,
	             &events);
	fixture->worker.data = fixture;
	worker_unref(&fixture->worker);
	world_drain(&fixture->world);
	assert_int_equal(fixture->exits, 0);
	worker_ref(&fixture->worker);
	worker_terminate(&fixture->worker);
	world_drain(&fixture->world);
	assert_int_equal(fixture->exits, 1);
}

/* ---- threads of threads ---- */

static struct worker inner;

static void
inner_message(struct worker *worker, struct message *message)
{
	(void)message;
	worker_scope_exit(worker->data, 5);
}

static void
inner_exit(struct worker *worker, int code)
{
	(void)worker;
	(void)code;
	abort(); /* its parent is gone before */
}

static void
inner_start(struct worker_scope *scope)
{
	scope_say(scope, "hello");
}

static void
start_inner(struct worker_scope *scope)
{
	static const struct worker_script script = {
	    .start = inner_start,
	    .message = wait_for_messages,
	};
	static const struct worker_events inner_events = {
	    .message = inner_message,
	    .exit = inner_exit,
	};

	worker_start(&inner, &scope->loop, &script, NULL, &inner_events);
	inner.data = scope;
}

static void
a_thread_takes_its_own_threads_with_it(void **state)
{
	static const struct worker_script script = {.start = start_inner};
	struct fixture *fixture = *state;
	int threads = entries_in("/proc/self/task");
	uint64_t limit = uv_hrtime() + GUARD_MS * 1000000ull;

	run(fixture, &script, NULL);
	assert_int_equal(fixture->code, 5);
	assert_int_equal(inner.id, -1);
	while (entries_in("/proc/self/task") > threads && uv_hrtime() < limit)
		sched_yield();
	assert_int_equal(entries_in("/proc/self/task"), threads);
}

/* ---- what it begins with ---- */

static void
tell_work(struct worker_scope *scope)
{
	struct shared *shared = message_take_shared(scope->work, 1);
	struct buffer buffer = message_take_buffer(scope->work, 0);

	worker_scope_post(scope, scope->work->bytes, scope->work->size);
	worker_scope_post(scope, buffer.bytes, buffer.size);
	strcpy(shared_bytes(shared), "seen");
	shared_unref(shared);
	buffer_free(&buffer);
}

static void
worker_data_has_bytes_and_parts(void **state)
{
	static const struct worker_script script = {.start = tell_work};
	struct fixture *fixture = *state;
	struct shared *shared;
	struct buffer buffer;
	struct part parts[2] = {{PART_BUFFER, true, {&buffer}},
	                        {PART_SHARED, false, {NULL}}};
	const struct message data = {"data", 4, parts, 2};

	shared_new(&shared, 8, SHARED_THREADS);
	parts[1].shared = shared;
	buffer_new(&buffer, 3);
	memcpy(buffer.bytes, "buf", 3);
	run(fixture, &script, &(struct worker_options){.data = &data});
	assert_string_equal(fixture->world.said, "data buf exit");
	assert_int_equal(buffer.size, 0);
	assert_string_equal(shared_bytes(shared), "seen");
	shared_unref(shared);
}

static void
tell_environment(struct worker_scope *scope)
{
	char text[8];

	worker_scope_setenv(scope, "NEW", "1");
	worker_scope_setenv(scope, "NEW", "22");
	worker_scope_setenv(scope, "OLD", "333");
	worker_scope_setenv(scope, "GONE", NULL);
	assert_int_equal(worker_scope_getenv(scope, "NEW", text, 8), 2);
	assert_int_equal(worker_scope_getenv(scope, "OLD", text, 3), 3);
	assert_string_equal(text, "33");
	assert_int_equal(worker_scope_getenv(scope, "GONE", text, 8), -ENOENT);
	assert_int_equal(worker_scope_getenv(scope, "OTHER", text, 8), 5);
	assert_int_equal(worker_scope_setenv(scope, "A=B", ""), -EINVAL);
}

static void
an_environment_can_be_changed(void **state)
{
	static const struct worker_script script = {.start = tell_environment};
	static const char *const env[] = {"GONE=1", "OLD=1", "OTHER=other",
	                                  NULL};

	run(*state, &script, &(struct worker_options){.env = env});
}

static void
use_memory(struct worker_scope *scope)
{
	void *pieces[10];

	for (int i = 0; i < 100; i++) {
		for (int j = 0; j < 9; j++)
			pieces[j] = worker_scope_alloc(scope, 100);
		for (int j = 0; j < 9; j++)
			worker_scope_free(scope, pieces[j]);
	}
	scope_say(scope, "fits");
	while (worker_scope_alloc(scope, 100))
		;
}

static void
memory_is_counted_and_freed(void **state)
{
	static const struct worker_script script = {.start = use_memory};
	struct fixture *fixture = *state;

	run(fixture, &script, &(struct worker_options){.heap_limit = 1000});
	assert_non_null(strstr(fixture->world.said,
	                       "fits error: ERR_WORKER_OUT_OF_MEMORY"));
	assert_int_equal(fixture->code, 1);
}

static void
use_stack(struct worker_scope *scope)
{
	pthread_attr_t attributes;
	char text[32];
	size_t size;

	pthread_getattr_np(pthread_self(), &attributes);
	pthread_attr_getstacksize(&attributes, &size);
	pthread_attr_destroy(&attributes);
	snprintf(text, sizeof(text), "%zu", size >> 20);
	scope_say(scope, text);
}

static void
the_stack_is_as_big_as_asked_for(void **state)
{
	static const struct worker_script script = {.start = use_stack};
	struct fixture *fixture = *state;

	/* More than the usual, for libc keeps the stacks of those before. */
	run(fixture, &script, &(struct worker_options){.stack_size = 20 << 20});
	assert_string_equal(fixture->world.said, "20 exit");
	assert_int_equal(
	    worker_start(&fixture->worker, &fixture->world.loop, &script,
	                 &(struct worker_options){.stack_size = 1}, &events),
	    -EINVAL);
}

/* ---- output ---- */

static void
print_lines(struct worker_scope *scope)
{
	worker_scope_print(scope, 1, "one\ntw", 6);
	worker_scope_print(scope, 2, "bad\n", 4);
	worker_scope_print(scope, 1, "o", 1);
	assert_int_equal(worker_scope_print(scope, 3, "", 0), -EBADF);
}

static void
what_it_prints_becomes_lines_of_its_thread(void **state)
{
	static const struct worker_script script = {.start = print_lines};
	struct fixture *fixture = *state;
	const struct told *told;

	run(fixture, &script, NULL);
	assert_string_equal(fixture->world.said, "out err out exit");
	told = told_nth(&fixture->world, EVENT_STDOUT, 0);
	assert_string_equal(told->text, "one");
	assert_int_equal(told->event.pid, getpid());
	assert_int_not_equal(told->event.tid, getpid());
	assert_string_equal(told_nth(&fixture->world, EVENT_STDOUT, 1)->text,
	                    "two");
	assert_string_equal(told_nth(&fixture->world, EVENT_STDERR, 0)->text,
	                    "bad");
}

/* ---- nothing is left ---- */

static void
on_pending(void *data, int result)
{
	(void)data;
	(void)result;
}

/* Leaves behind as much as it can: a timer, a wait, memory, an environment, a
 * port of its own, a broadcast that nobody reads. */
static void
be_untidy(struct worker_scope *scope, struct message *message)
{
	struct shared *shared = message_take_shared(message, 0);

	worker_scope_alloc(scope, 1000);
	worker_scope_setenv(scope, "UNTIDY", "1");
	worker_set_environment_data("untidy", "1", 1);
	atomics_wait_async(&scope->loop, shared_bytes(shared), 0,
	                   ATOMICS_FOREVER, on_pending, NULL);
	atomics_forget(&scope->loop);
	shared_unref(shared);
	worker_scope_post_message(scope, message);
	if (worker_thread_id() % 3 == 0)
		worker_scope_throw(scope, "no more");
	else if (worker_thread_id() % 3 == 1)
		worker_scope_exit(scope, 0);
}

static void
one_life(struct fixture *fixture, struct shared *shared)
{
	static const struct worker_script script = {.message = be_untidy};
	struct part part = {.kind = PART_SHARED, .shared = shared};
	const struct message message = {"x", 1, &part, 1};
	int messages = fixture->messages, exits = fixture->exits;

	assert_int_equal(worker_start(&fixture->worker, &fixture->world.loop,
	                              &script, NULL, &events),
	                 0);
	fixture->worker.data = fixture;
	worker_post_message(&fixture->worker, &message);
	world_run(&fixture->world, &fixture->messages, messages + 1);
	worker_terminate(&fixture->worker);
	world_run(&fixture->world, &fixture->exits, exits + 1);
	fixture->world.said[0] = '\0';
	told_clear(&fixture->world);
}

static void
hundreds_of_lives_leave_nothing(void **state)
{
	struct fixture *fixture = *state;
	const char *asked = getenv("WORKER_CYCLES");
	int cycles = asked ? atoi(asked) : CYCLES, fds = 0;
	int threads = entries_in("/proc/self/task");
	uint64_t limit = uv_hrtime() + GUARD_MS * 1000000ull;
	struct shared *shared;
	size_t bytes = 0;

	/* The guard is for one test; this one may be long. */
	alarm(0);
	uv_timer_stop(&fixture->world.guard);
	assert_int_equal(shared_new(&shared, 4, SHARED_MEMFD), 0);
	for (int i = 0; i < cycles; i++) {
		one_life(fixture, shared);
		if (i == cycles / 2) {
			fds = fd_count();
			bytes = mallinfo2().uordblks;
		}
	}
	shared_unref(shared);
	while (entries_in("/proc/self/task") > threads && uv_hrtime() < limit)
		sched_yield();
	assert_int_equal(fd_count(), fds - 1);
	assert_int_equal(entries_in("/proc/self/task"), threads);
	assert_in_range(mallinfo2().uordblks, 0, bytes + 4096);
}

#define LIFE_TEST(test) \
	cmocka_unit_test_setup_teardown(test, open_fixture, world_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    LIFE_TEST(an_error_ends_the_thread_and_is_noted),
	    LIFE_TEST(after_exit_nothing_more_is_delivered),
	    LIFE_TEST(a_thread_without_a_port_ends_by_itself),
	    LIFE_TEST(an_unrefd_thread_does_not_hold_the_loop),
	    LIFE_TEST(a_thread_takes_its_own_threads_with_it),
	    LIFE_TEST(worker_data_has_bytes_and_parts),
	    LIFE_TEST(an_environment_can_be_changed),
	    LIFE_TEST(memory_is_counted_and_freed),
	    LIFE_TEST(the_stack_is_as_big_as_asked_for),
	    LIFE_TEST(what_it_prints_becomes_lines_of_its_thread),
	    LIFE_TEST(hundreds_of_lives_leave_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
