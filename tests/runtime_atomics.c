/* Shared memory and Atomics, between threads and between processes. */
#include "runtime_world.h"

#include "runtime/atomics.h"
#include "runtime/shared.h"
#include "runtime/worker_scope.h"

#include <sys/mman.h>
#include <sys/wait.h>

struct fixture {
	struct world world;
	struct shared *shared;
	int32_t *words;
	int done, result;
};

static int
open_fixture(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	*state = fixture;
	world_init(&fixture->world);
	assert_int_equal(shared_new(&fixture->shared, 64, SHARED_MEMFD), 0);
	fixture->words = shared_bytes(fixture->shared);
	told_clear(&fixture->world);
	return 0;
}

static int
close_fixture(void **state)
{
	struct fixture *fixture = *state;

	shared_unref(fixture->shared);
	return world_close(state);
}

/* ---- operations ---- */

static void
each_operation_returns_what_was_before(void **state)
{
	struct fixture *fixture = *state;
	int32_t *at = fixture->words;

	assert_int_equal(atomics_store(at, 12), 12);
	assert_int_equal(atomics_add(at, 3), 12);
	assert_int_equal(atomics_sub(at, 5), 15);
	assert_int_equal(atomics_and(at, 6), 10);
	assert_int_equal(atomics_or(at, 5), 2);
	assert_int_equal(atomics_xor(at, 1), 7);
	assert_int_equal(atomics_exchange(at, 1), 6);
	assert_int_equal(atomics_compare_exchange(at, 0, 9), 1);
	assert_int_equal(atomics_load(at), 1);
	assert_int_equal(atomics_compare_exchange(at, 1, 9), 1);
	assert_int_equal(atomics_load(at), 9);
}

static void
the_same_with_64_bits(void **state)
{
	struct fixture *fixture = *state;
	int64_t *at = (int64_t *)(void *)fixture->words, big = 1ll << 40;

	assert_int_equal(atomics_store64(at, big), big);
	assert_int_equal(atomics_add64(at, 3), big);
	assert_int_equal(atomics_sub64(at, 3), big + 3);
	assert_int_equal(atomics_or64(at, 1), big);
	assert_int_equal(atomics_and64(at, ~1ll), big + 1);
	assert_int_equal(atomics_xor64(at, big), big);
	assert_int_equal(atomics_exchange64(at, 7), 0);
	assert_int_equal(atomics_compare_exchange64(at, 7, big), 7);
	assert_int_equal(atomics_load64(at), big);
}

/* ---- waiting ---- */

static void
a_wait_looks_before_it_sleeps(void **state)
{
	struct fixture *fixture = *state;
	struct loop *loop = &fixture->world.loop;
	int64_t *wide = (int64_t *)(void *)&fixture->words[2];

	assert_int_equal(atomics_wait(loop, fixture->words, 1, 0),
	                 ATOMICS_NOT_EQUAL);
	assert_int_equal(atomics_wait(loop, fixture->words, 0, 0),
	                 ATOMICS_TIMED_OUT);
	assert_int_equal(atomics_wait(NULL, fixture->words, 0, 1),
	                 ATOMICS_TIMED_OUT);
	atomics_store64(wide, 1ll << 40);
	assert_int_equal(atomics_wait64(loop, wide, 0, 1), ATOMICS_NOT_EQUAL);
	assert_int_equal(atomics_wait64(loop, wide, 1ll << 40, 1),
	                 ATOMICS_TIMED_OUT);
	assert_int_equal(atomics_notify(fixture->words, 0), 0);
}

static void
a_long_wait_is_a_span(void **state)
{
	struct fixture *fixture = *state;
	const struct told *told;

	atomics_wait(&fixture->world.loop, fixture->words, 0, 20);
	atomics_notify(fixture->words, 1);
	assert_string_equal(told_kinds(&fixture->world),
	                    "span-begin span-end atomics-notify");
	told = told_nth(&fixture->world, EVENT_SPAN_BEGIN, 0);
	assert_string_equal(told->text, "Atomics.wait");
	told = told_nth(&fixture->world, EVENT_SPAN_END, 0);
	assert_true(told->event.value >= 20000000);
}

struct sleeper {
	struct loop loop;
	uv_thread_t thread;
	int32_t *word;
	int64_t *wide; /* instead */
	int result;
};

static void
sleep_there(void *argument)
{
	struct sleeper *sleeper = argument;

	sleeper->result =
	    sleeper->wide
		? atomics_wait64(NULL, sleeper->wide, 0, ATOMICS_FOREVER)
		: atomics_wait(NULL, sleeper->word, 0, ATOMICS_FOREVER);
}

static void
notify_wakes_so_many_and_counts_them(void **state)
{
	struct fixture *fixture = *state;
	struct sleeper sleepers[4];
	int woken = 0;

	for (int i = 0; i < 4; i++) {
		sleepers[i] = (struct sleeper){.word = fixture->words};
		uv_thread_create(&sleepers[i].thread, sleep_there,
		                 &sleepers[i]);
	}
	while (woken < 3) {
		int once = atomics_notify(fixture->words, 1);

		assert_true(once <= 1);
		woken += once;
	}
	while (atomics_notify(fixture->words, ATOMICS_ALL) == 0)
		sched_yield();
	assert_int_equal(atomics_notify(fixture->words, ATOMICS_ALL), 0);
	for (int i = 0; i < 4; i++) {
		uv_thread_join(&sleepers[i].thread);
		assert_int_equal(sleepers[i].result, ATOMICS_OK);
	}
}

static void
a_wait_for_64_bits_is_woken_too(void **state)
{
	struct fixture *fixture = *state;
	struct sleeper sleeper = {.wide = (void *)fixture->words};

	uv_thread_create(&sleeper.thread, sleep_there, &sleeper);
	while (atomics_notify64(sleeper.wide, 1) == 0)
		sched_yield();
	uv_thread_join(&sleeper.thread);
	assert_int_equal(sleeper.result, ATOMICS_OK);
}

/* ---- waitAsync ---- */

static void
on_done(void *data, int result)
{
	struct fixture *fixture = data;

	fixture->done++;
	fixture->result = result;
}

static int
wait_async(struct fixture *fixture, int32_t expected, int64_t ms)
{
	return atomics_wait_async(&fixture->world.loop, fixture->words,
	                          expected, ms, on_done, fixture);
}

static void
notify_finds_who_waits_without_blocking(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(wait_async(fixture, 1, ATOMICS_FOREVER),
	                 ATOMICS_NOT_EQUAL);
	assert_int_equal(wait_async(fixture, 0, 0), ATOMICS_TIMED_OUT);
	for (int i = 0; i < 3; i++)
		assert_int_equal(wait_async(fixture, 0, ATOMICS_FOREVER),
		                 ATOMICS_PENDING);
	assert_int_equal(atomics_notify(fixture->words, ATOMICS_ALL), 3);
	assert_int_equal(fixture->done, 0);
	uv_ref((uv_handle_t *)&fixture->world.guard);
	world_run(&fixture->world, &fixture->done, 3);
	uv_unref((uv_handle_t *)&fixture->world.guard);
	assert_int_equal(fixture->result, ATOMICS_OK);
}

static void
it_times_out(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(wait_async(fixture, 0, 5), ATOMICS_PENDING);
	uv_ref((uv_handle_t *)&fixture->world.guard);
	world_run(&fixture->world, &fixture->done, 1);
	uv_unref((uv_handle_t *)&fixture->world.guard);
	assert_int_equal(fixture->result, ATOMICS_TIMED_OUT);
}

static void
a_pending_one_does_not_hold_the_loop(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(wait_async(fixture, 0, ATOMICS_FOREVER),
	                 ATOMICS_PENDING);
	world_drain(&fixture->world);
	atomics_forget(&fixture->world.loop);
	world_turn(&fixture->world);
	assert_int_equal(atomics_notify(fixture->words, ATOMICS_ALL), 0);
	assert_int_equal(fixture->done, 0);
}

/* ---- another process ---- */

/* In the child: maps it anew, adds, waits for the parent, answers. */
static void
be_child(const char *path)
{
	struct shared *shared;
	int32_t *words;

	if (shared_open_path(&shared, path) || shared_size(shared) != 64)
		_exit(1);
	words = shared_bytes(shared);
	for (int i = 0; i < 100000; i++)
		atomics_add(&words[0], 1);
	if (atomics_wait(NULL, &words[1], 0, GUARD_MS) == ATOMICS_TIMED_OUT)
		_exit(2);
	atomics_store(&words[2], 1);
	atomics_notify(&words[2], 1);
	_exit(0);
}

static void
two_processes_count_and_wake_each_other(void **state)
{
	struct fixture *fixture = *state;
	int32_t *words = fixture->words;
	char path[64];
	int status;
	pid_t pid;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(),
	         shared_fd(fixture->shared));
	pid = fork();
	if (pid == 0)
		be_child(path);
	for (int i = 0; i < 100000; i++)
		atomics_add(&words[0], 1);
	while (atomics_notify(&words[1], 1) == 0 &&
	       waitpid(pid, &status, WNOHANG) == 0)
		sched_yield();
	assert_int_not_equal(
	    atomics_wait(&fixture->world.loop, &words[2], 0, GUARD_MS),
	    ATOMICS_TIMED_OUT);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_int_equal(atomics_load(&words[0]), 200000);
}

static void
a_file_that_may_shrink_is_refused(void **state)
{
	int fd = memfd_create("bad", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct shared *shared;

	(void)state;
	assert_int_equal(ftruncate(fd, 4096), 0);
	assert_int_equal(shared_open(&shared, fd), -EPERM);
	close(fd);
	assert_int_equal(shared_open_path(&shared, "/no/such"), -ENOENT);
	assert_int_equal(shared_open(&shared, -1), -EBADF);
}

static void
the_stream_hears_of_memory_for_processes(void **state)
{
	struct fixture *fixture = *state;
	struct shared *shared;

	assert_int_equal(shared_open(&shared, shared_fd(fixture->shared)), 0);
	assert_int_equal(
	    told_nth(&fixture->world, EVENT_CHANNEL_BORN, 0)->event.number,
	    CHANNEL_SHM);
	shared_unref(shared);
	assert_int_equal(told_count(&fixture->world, EVENT_CHANNEL_DIED), 1);
}

/* ---- terminate ---- */

static void
wait_for_ever(struct worker_scope *scope)
{
	struct shared *shared = scope->context;

	worker_scope_post(scope, "", 0);
	assert_int_equal(atomics_wait(&scope->loop, shared_bytes(shared), 0,
	                              ATOMICS_FOREVER),
	                 -EINTR);
}

static void
on_waiting(struct worker *worker, struct message *message)
{
	(void)message;
	worker_terminate(worker);
}

static void
on_exit_worker(struct worker *worker, int code)
{
	struct fixture *fixture = worker->data;

	fixture->done++;
	fixture->result = code;
}

static void
terminate_breaks_off_a_wait(void **state)
{
	static const struct worker_script script = {.start = wait_for_ever};
	static const struct worker_events events = {
	    .message = on_waiting,
	    .exit = on_exit_worker,
	};
	struct fixture *fixture = *state;
	struct worker_options options = {.context = fixture->shared};
	struct worker worker;

	assert_int_equal(worker_start(&worker, &fixture->world.loop, &script,
	                              &options, &events),
	                 0);
	worker.data = fixture;
	world_run(&fixture->world, &fixture->done, 1);
	assert_int_equal(fixture->result, 1);
}

#define ATOMICS_TEST(test) \
	cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ATOMICS_TEST(each_operation_returns_what_was_before),
	    ATOMICS_TEST(the_same_with_64_bits),
	    ATOMICS_TEST(a_wait_looks_before_it_sleeps),
	    ATOMICS_TEST(a_long_wait_is_a_span),
	    ATOMICS_TEST(notify_wakes_so_many_and_counts_them),
	    ATOMICS_TEST(a_wait_for_64_bits_is_woken_too),
	    ATOMICS_TEST(notify_finds_who_waits_without_blocking),
	    ATOMICS_TEST(it_times_out),
	    ATOMICS_TEST(a_pending_one_does_not_hold_the_loop),
	    ATOMICS_TEST(two_processes_count_and_wake_each_other),
	    ATOMICS_TEST(a_file_that_may_shrink_is_refused),
	    ATOMICS_TEST(the_stream_hears_of_memory_for_processes),
	    ATOMICS_TEST(terminate_breaks_off_a_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
