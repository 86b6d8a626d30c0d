/* Worker threads: from start to exit, seen from the parent's loop. */
#include "runtime_world.h"

#include "runtime/worker_scope.h"

#include <sys/resource.h>
#include <sys/syscall.h>

/* ---- the parent's side ---- */

struct fixture {
	struct world world;
	struct worker worker;
	int onlines, messages, exits, code;
	char last[64];
	int ticks;
};

static void
on_online(struct worker *worker)
{
	struct fixture *fixture = worker->data;

	fixture->onlines++;
	world_say(&fixture->world, "online");
}

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
on_exit_worker(struct worker *worker, int code)
{
	struct fixture *fixture = worker->data;

	fixture->exits++;
	fixture->code = code;
	world_say(&fixture->world, "exit");
}

static const struct worker_events events = {
    .online = on_online,
    .message = on_message,
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
start_worker(struct fixture *fixture, struct worker *worker,
             const struct worker_script *script, void *data)
{
	const struct worker_options options = {.context = data};

	assert_int_equal(worker_start(worker, &fixture->world.loop, script,
	                              &options, &events),
	                 0);
	worker->data = fixture;
}

static void
post(struct fixture *fixture, const char *text)
{
	assert_int_equal(worker_post(&fixture->worker, text, strlen(text)), 0);
}

static void
terminate(struct fixture *fixture)
{
	worker_terminate(&fixture->worker);
	world_run(&fixture->world, &fixture->exits, 1);
}

/* ---- the inside ---- */

static void
scope_say(struct worker_scope *scope, const char *text)
{
	worker_scope_post(scope, text, strlen(text));
}

static void
echo(struct worker_scope *scope, struct message *message)
{
	worker_scope_post_message(scope, message);
}

static void
greet(struct worker_scope *scope)
{
	scope_say(scope, "hello");
}

static void
greet_and_exit(struct worker_scope *scope)
{
	scope_say(scope, "hello");
	worker_scope_exit(scope, 7);
}

static const struct worker_script echo_script = {.message = echo};
static const struct worker_script greeting_script = {
    .start = greet,
    .message = echo,
};

/* A gate: the thread waits at it, as busy as can be, until as many may pass. */
struct gate {
	uv_sem_t entered;
	int open; /* atomic */
	int came;
};

static void
wait_at_gate(struct worker_scope *scope, struct message *message)
{
	struct gate *gate = scope->context;

	(void)message;
	gate->came++;
	uv_sem_post(&gate->entered);
	while (__atomic_load_n(&gate->open, __ATOMIC_ACQUIRE) < gate->came)
		;
}

static const struct worker_script gate_script = {.message = wait_at_gate};

static void
open_gate(struct gate *gate, int count)
{
	__atomic_store_n(&gate->open, count, __ATOMIC_RELEASE);
}

/* ---- life ---- */

static void
a_thread_says_online_then_talks_then_exits(void **state)
{
	struct fixture *fixture = *state;

	start_worker(fixture, &fixture->worker, &echo_script, NULL);
	assert_false(fixture->worker.online);
	post(fixture, "one");
	post(fixture, "two");
	assert_string_equal(fixture->world.said, "");
	world_run(&fixture->world, &fixture->messages, 2);
	terminate(fixture);
	assert_string_equal(fixture->world.said, "online one two exit");
	assert_null(fixture->worker.scope);
	assert_null(fixture->worker.port);
}

static void
what_it_says_at_its_start_comes_after_online(void **state)
{
	struct fixture *fixture = *state;

	start_worker(fixture, &fixture->worker, &greeting_script, NULL);
	post(fixture, "echo");
	world_run(&fixture->world, &fixture->messages, 2);
	terminate(fixture);
	assert_string_equal(fixture->world.said, "online hello echo exit");
}

static void
the_stream_hears_of_the_thread_and_its_channel(void **state)
{
	struct fixture *fixture = *state;
	const struct told *born;
	uint32_t tid, id;

	worker_start(&fixture->worker, &fixture->world.loop, &echo_script,
	             &(struct worker_options){.name = "cook"}, &events);
	fixture->worker.data = fixture;
	world_run(&fixture->world, &fixture->onlines, 1);
	tid = fixture->worker.tid;
	id = fixture->worker.id;
	terminate(fixture);
	assert_string_equal(told_kinds(&fixture->world),
	                    "thread-born channel-born thread-died "
	                    "channel-died");
	born = told_nth(&fixture->world, EVENT_THREAD_BORN, 0);
	assert_string_equal(born->text, "cook");
	assert_int_equal(born->event.number, ROLE_WORKER);
	assert_int_equal(born->event.value, id);
	assert_int_equal(born->event.tid, tid);
	assert_int_not_equal(tid, getpid());
	born = told_nth(&fixture->world, EVENT_CHANNEL_BORN, 0);
	assert_int_equal(born->event.tid, getpid());
	assert_int_equal(born->event.other_tid, tid);
	assert_int_equal(
	    told_nth(&fixture->world, EVENT_THREAD_DIED, 0)->event.tid, tid);
}

static void
read_comm(uint32_t tid, char into[32])
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%u/comm", tid);
	file = fopen(path, "r");
	if (!file || !fgets(into, 32, file))
		strcpy(into, "?");
	into[strcspn(into, "\n")] = '\0';
	if (file)
		fclose(file);
}

static void
a_thread_without_a_name_is_called_by_its_id(void **state)
{
	struct fixture *fixture = *state;
	char expected[32], comm[32];

	start_worker(fixture, &fixture->worker, &echo_script, NULL);
	world_run(&fixture->world, &fixture->onlines, 1);
	snprintf(expected, sizeof(expected), "thread %d", fixture->worker.id);
	read_comm(fixture->worker.tid, comm);
	assert_string_equal(comm, expected);
	assert_string_equal(
	    told_nth(&fixture->world, EVENT_THREAD_BORN, 0)->text, expected);
	terminate(fixture);
}

static void
after_its_exit_nothing_can_be_posted(void **state)
{
	struct fixture *fixture = *state;

	start_worker(fixture, &fixture->worker, &echo_script, NULL);
	terminate(fixture);
	told_clear(&fixture->world);
	assert_int_equal(worker_post(&fixture->worker, "x", 1), -EPIPE);
	worker_terminate(&fixture->worker);
	assert_string_equal(told_kinds(&fixture->world), "");
}

/* Node: messages posted before process.exit() arrive before 'exit'. */
static void
last_words_arrive_before_the_exit(void **state)
{
	struct fixture *fixture = *state;

	static const struct worker_script script = {.start = greet_and_exit};

	start_worker(fixture, &fixture->worker, &script, NULL);
	world_run(&fixture->world, &fixture->exits, 1);
	assert_string_equal(fixture->world.said, "online hello exit");
	assert_int_equal(fixture->code, 7);
}

/* ---- busy threads ---- */

static void
tick(uv_timer_t *timer)
{
	struct fixture *fixture = timer->data;

	fixture->ticks++;
}

static void
a_busy_thread_does_not_block_the_parent(void **state)
{
	struct fixture *fixture = *state;
	struct gate gate = {0};
	uv_timer_t timer;

	uv_sem_init(&gate.entered, 0);
	start_worker(fixture, &fixture->worker, &gate_script, &gate);
	post(fixture, "work");
	uv_sem_wait(&gate.entered);
	worker_terminate(&fixture->worker);
	uv_timer_init(&fixture->world.loop.uv, &timer);
	timer.data = fixture;
	uv_timer_start(&timer, tick, 0, 1);
	/* The parent goes round and round; the thread has not moved. */
	world_run(&fixture->world, &fixture->ticks, 20);
	assert_string_equal(fixture->world.said, "online");
	open_gate(&gate, 1);
	world_run(&fixture->world, &fixture->exits, 1);
	uv_close((uv_handle_t *)&timer, NULL);
	world_turn(&fixture->world);
	uv_sem_destroy(&gate.entered);
}

/* The thread has taken a hundred messages at once and is at the first. */
static void
terminate_means_after_the_current_callback(void **state)
{
	struct fixture *fixture = *state;
	struct gate gate = {0};

	uv_sem_init(&gate.entered, 0);
	start_worker(fixture, &fixture->worker, &gate_script, &gate);
	post(fixture, "work");
	uv_sem_wait(&gate.entered);
	for (int i = 0; i < 100; i++)
		post(fixture, "work");
	open_gate(&gate, 1);
	uv_sem_wait(&gate.entered);
	worker_terminate(&fixture->worker);
	open_gate(&gate, 1000);
	world_run(&fixture->world, &fixture->exits, 1);
	assert_int_equal(gate.came, 2);
	uv_sem_destroy(&gate.entered);
}

/* Its own timers run in the thread. */
static void
on_own_timer(uv_timer_t *timer)
{
	scope_say(timer->data, "tick");
}

static void
start_own_timer(struct worker_scope *scope)
{
	static uv_timer_t timer;

	uv_timer_init(&scope->loop.uv, &timer);
	timer.data = scope;
	uv_timer_start(&timer, on_own_timer, 1, 0);
}

static void
a_thread_has_a_loop_of_its_own(void **state)
{
	struct fixture *fixture = *state;
	static const struct worker_script script = {
	    .start = start_own_timer,
	    .message = echo,
	};

	start_worker(fixture, &fixture->worker, &script, NULL);
	world_run(&fixture->world, &fixture->messages, 1);
	assert_string_equal(fixture->world.said, "online tick");
	terminate(fixture);
}

/* ---- many ---- */

enum { MANY = 50 };

static struct worker many[MANY];

static void
start_many(struct fixture *fixture)
{
	for (int i = 0; i < MANY; i++)
		start_worker(fixture, &many[i], &echo_script, NULL);
}

/* An entry can outlive the join by a moment. */
static void
expect_threads(int count)
{
	uint64_t limit = uv_hrtime() + GUARD_MS * 1000000ull;

	while (entries_in("/proc/self/task") != count && uv_hrtime() < limit)
		sched_yield();
	assert_int_equal(entries_in("/proc/self/task"), count);
}

static void
fifty_threads_come_and_go_and_leave_nothing(void **state)
{
	struct fixture *fixture = *state;
	int threads = entries_in("/proc/self/task"), fds = fd_count();

	for (int round = 1; round <= 2; round++) {
		start_many(fixture);
		for (int i = 0; i < MANY; i++)
			worker_post(&many[i], "x", 1);
		world_run(&fixture->world, &fixture->messages, round * MANY);
		assert_int_equal(fixture->onlines, round * MANY);
		assert_int_equal(entries_in("/proc/self/task"), threads + MANY);
		for (int i = 0; i < MANY; i++)
			worker_terminate(&many[i]);
		world_run(&fixture->world, &fixture->exits, round * MANY);
		expect_threads(threads);
		assert_int_equal(fd_count(), fds);
	}
}

static void
every_thread_has_an_id_and_a_tid_of_its_own(void **state)
{
	struct fixture *fixture = *state;

	start_many(fixture);
	world_run(&fixture->world, &fixture->onlines, MANY);
	for (int i = 0; i < MANY; i++) {
		assert_true(many[i].id > 0);
		for (int j = 0; j < i; j++) {
			assert_int_not_equal(many[i].id, many[j].id);
			assert_int_not_equal(many[i].tid, many[j].tid);
		}
	}
	for (int i = 0; i < MANY; i++)
		worker_terminate(&many[i]);
	world_run(&fixture->world, &fixture->exits, MANY);
}

static void
threads_may_end_before_they_are_online(void **state)
{
	struct fixture *fixture = *state;

	start_many(fixture);
	for (int i = 0; i < MANY; i++)
		worker_terminate(&many[i]);
	world_run(&fixture->world, &fixture->exits, MANY);
}

/* ---- failures ---- */

enum { FILES = 256 };

static struct rlimit old_limit;
static int held[FILES], held_count;

/* Leaves room for so many descriptors and no more. */
static void
leave_files(int count)
{
	struct rlimit limit;
	int fd;

	getrlimit(RLIMIT_NOFILE, &old_limit);
	limit = old_limit;
	limit.rlim_cur = FILES;
	setrlimit(RLIMIT_NOFILE, &limit);
	while ((fd = fcntl(0, F_DUPFD_CLOEXEC, 0)) >= 0)
		held[held_count++] = fd;
	while (count-- > 0)
		close(held[--held_count]);
}

static void
leave_files_free(void)
{
	while (held_count > 0)
		close(held[--held_count]);
	setrlimit(RLIMIT_NOFILE, &old_limit);
}

static int
start_with_files(struct fixture *fixture, int count)
{
	int result;

	leave_files(count);
	result = worker_start(&fixture->worker, &fixture->world.loop,
	                      &echo_script, NULL, &events);
	fixture->worker.data = fixture;
	if (result == 0)
		world_run(&fixture->world, &fixture->exits, 1);
	leave_files_free();
	return result;
}

static void
without_descriptors_no_thread_is_started(void **state)
{
	struct fixture *fixture = *state;
	int threads = entries_in("/proc/self/task");

	assert_int_equal(start_with_files(fixture, 0), -EMFILE);
	assert_int_equal(start_with_files(fixture, 1), -EMFILE);
	world_drain(&fixture->world);
	assert_string_equal(fixture->world.said, "");
	expect_threads(threads);
}

/* There are enough for the port, but not for the thread's loop. */
static void
a_thread_that_cannot_open_its_loop_exits(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(start_with_files(fixture, 2), 0);
	assert_string_equal(fixture->world.said, "exit");
}

#define WORKER_TEST(test) \
	cmocka_unit_test_setup_teardown(test, open_fixture, world_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WORKER_TEST(a_thread_says_online_then_talks_then_exits),
	    WORKER_TEST(what_it_says_at_its_start_comes_after_online),
	    WORKER_TEST(the_stream_hears_of_the_thread_and_its_channel),
	    WORKER_TEST(a_thread_without_a_name_is_called_by_its_id),
	    WORKER_TEST(after_its_exit_nothing_can_be_posted),
	    WORKER_TEST(last_words_arrive_before_the_exit),
	    WORKER_TEST(a_busy_thread_does_not_block_the_parent),
	    WORKER_TEST(terminate_means_after_the_current_callback),
	    WORKER_TEST(a_thread_has_a_loop_of_its_own),
	    WORKER_TEST(fifty_threads_come_and_go_and_leave_nothing),
	    WORKER_TEST(every_thread_has_an_id_and_a_tid_of_its_own),
	    WORKER_TEST(threads_may_end_before_they_are_online),
	    WORKER_TEST(without_descriptors_no_thread_is_started),
	    WORKER_TEST(a_thread_that_cannot_open_its_loop_exits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
