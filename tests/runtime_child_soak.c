/*
 * Many children leave nothing behind: no descriptor, no zombie, no thread, no
 * byte. CHILD_CYCLES in the environment says how many (300 are usual).
 */
#include "runtime_child.h"

#include "runtime/child_sync.h"

#include <malloc.h>

/* What glibc keeps at hand for a thread counts as used: up to 3 KiB seen. */
enum { CROWD = 20, USUAL_CYCLES = 300, SLACK_BYTES = 8192 };

static struct child children[CROWD];

static int
cycles(void)
{
	const char *text = getenv("CHILD_CYCLES");

	return text ? atoi(text) : USUAL_CYCLES;
}

/* ---- each way that a child can go ---- */

static void
echo_and_end(struct fixture *fixture, struct child *child)
{
	const char *const args[] = {"@soak", NULL};
	json_t *message = json_string("hello");

	child_fork(child, &fixture->world.loop, BIRTH_FORK, "@echo", args, NULL,
	           &events);
	channel_send(&child->channel, message);
	json_decref(message);
}

static void
be_read_and_written(struct fixture *fixture, struct child *child)
{
	static const struct child_descriptor stdio[] = {
	    {.mode = CHILD_PIPE},
	    {.mode = CHILD_PIPE},
	    {.mode = CHILD_IGNORE},
	    {.mode = CHILD_PIPE},
	};
	const struct child_options options = {
	    .file = "cat",
	    .stdio = stdio,
	    .stdio_count = 4,
	};

	child_spawn(child, &fixture->world.loop, &options, &events);
	child_write(child, 0, "hello", 5);
	child_end(child, 0);
}

static void
be_kept(struct fixture *fixture, struct child *child)
{
	child_exec(child, &fixture->world.loop, "yes", 10, &events);
}

static void
be_missing(struct fixture *fixture, struct child *child)
{
	const struct child_options options = {
	    .file = "no-such-program-here",
	    .channel = true,
	};

	child_spawn(child, &fixture->world.loop, &options, &events);
}

static void
be_aborted_as_a_zombie(struct fixture *fixture, struct child *child)
{
	const struct child_options options = {
	    .file = "cat",
	    .zombie_ms = 1,
	    .aborted = true,
	};

	child_spawn(child, &fixture->world.loop, &options, &events);
}

static void (*const ways[])(struct fixture *, struct child *) = {
    echo_and_end, be_read_and_written,    be_kept,
    be_missing,   be_aborted_as_a_zombie,
};

/* What is returned or waited for has no events. */
static void
be_gone_at_once(struct fixture *fixture)
{
	const struct child_descriptor bad = {.mode = CHILD_FD, .fd = 999};
	struct child_options options = {
	    .file = "true",
	    .stdio = &bad,
	    .stdio_count = 1,
	};
	struct child_result result;
	struct child child;

	assert_int_equal(
	    child_spawn(&child, &fixture->world.loop, &options, &events),
	    -EBADF);
	options.stdio = NULL;
	child_run_sync(&fixture->world.loop, &options, NULL, 0, &result);
	child_result_close(&result);
}

/* ---- rounds ---- */

static void
play_round(struct fixture *fixture, int size)
{
	const int all = (int)(sizeof(ways) / sizeof(*ways));
	int closes = fixture->closes;

	for (int i = 0; i < size; i++) {
		children[i].data = fixture;
		ways[i % all](fixture, &children[i]);
	}
	be_gone_at_once(fixture);
	world_run(&fixture->world, &fixture->closes, closes + size);
	world_turn(&fixture->world);
	told_clear(&fixture->world);
	json_array_clear(fixture->got);
	fixture->used[0] = fixture->used[1] = 0;
	fixture->world.said[0] = '\0';
	uv_timer_again(&fixture->world.guard);
}

/* Sanitizers keep what is freed for a while. */
static size_t
bytes_in_use(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return 0;
#else
	return mallinfo2().uordblks;
#endif
}

static void
children_leave_nothing_behind(void **state)
{
	struct fixture *fixture = *state;
	int threads = entries_in("/proc/self/task"), fds;
	size_t bytes;

	uv_timer_set_repeat(&fixture->world.guard, GUARD_MS);
	play_round(fixture, CROWD);
	fds = fd_count();
	bytes = bytes_in_use();
	for (int left = cycles(); left > 0; left -= CROWD) {
		alarm(2 * GUARD_MS / 1000);
		play_round(fixture, left < CROWD ? left : CROWD);
	}
	assert_int_equal(fd_count(), fds);
	assert_int_equal(entries_in("/proc/self/task"), threads);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_true(bytes_in_use() <= bytes + SLACK_BYTES);
}

/* ---- the role ---- */

static void
echo(struct channel *channel, json_t *message, bool has_handle)
{
	(void)has_handle;
	channel_send(channel, message);
	channel_disconnect(channel);
}

static const struct channel_events echo_events = {.message = echo};

static int
be_echo(void)
{
	struct channel channel;
	struct loop loop;

	signal(SIGPIPE, SIG_IGN);
	if (loop_open(&loop, ROLE_MAIN, 0, "echo") ||
	    channel_open_inherited(&channel, &loop, &echo_events))
		return 1;
	loop_run(&loop);
	loop_close(&loop);
	return 0;
}

static const struct CMUnitTest tests[] = {
    CHILD_TEST(children_leave_nothing_behind),
};

/* Whoever has lost its role must not run the tests once more. */
int
main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1 || getenv("NODE_CHANNEL_FD"))
		return argc > 1 ? be_echo() : 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
