/* A callback that takes too long is told by what it was for. */
#include "runtime_world.h"

#include "runtime/child_exec.h"
#include "runtime/port.h"

enum { SLOW_MS = 80 };

struct slow {
	struct world world;
	const char *at; /* the callback that is slow */
	int ends;
};

static void
spin(void)
{
	uint64_t end = uv_hrtime() + SLOW_MS * 1000000ull;

	while (uv_hrtime() < end)
		;
}

static void
come_by(struct slow *slow, const char *name)
{
	if (strcmp(slow->at, name) == 0)
		spin();
}

/* Of a loaded machine there may be others. */
static void
assert_told(struct slow *slow, const char *name)
{
	struct world *world = &slow->world;
	int count = told_count(world, EVENT_SPAN_END);

	for (int i = 0; i < count; i++) {
		const struct told *end = told_nth(world, EVENT_SPAN_END, i);

		if (strcmp(end->text, name) == 0 &&
		    end->event.value >= SLOW_MS * 1000000ull)
			return;
	}
	fail_msg("no slow \"%s\" was told, but %d others", name, count);
}

static int
open_slow(void **state)
{
	struct slow *slow = calloc(1, sizeof(*slow));

	world_init(&slow->world);
	slow->world.tells_slow = true;
	*state = slow;
	return 0;
}

/* ---- a child ---- */

static void
on_output(struct child *child, int fd, const char *bytes, size_t size)
{
	(void)fd;
	(void)bytes;
	(void)size;
	come_by(child->data, "output");
}

static void
on_message(struct child *child, json_t *message, bool has_handle)
{
	(void)message;
	(void)has_handle;
	come_by(child->data, "message");
}

static void
on_disconnect(struct child *child)
{
	come_by(child->data, "disconnect");
}

static void
on_exit_child(struct child *child, int code, int signal)
{
	(void)code;
	(void)signal;
	come_by(child->data, "exit");
}

static void
on_close(struct child *child)
{
	struct slow *slow = child->data;

	come_by(slow, "close");
	slow->ends++;
}

static const struct child_events child_events = {
    .output = on_output,
    .message = on_message,
    .disconnect = on_disconnect,
    .exit = on_exit_child,
    .close = on_close,
};

static void
run_child(struct slow *slow, const char *at)
{
	static const char *const args[] = {
	    "/bin/sh", "-c", "echo hello; echo 1 >&$NODE_CHANNEL_FD", NULL};
	const struct child_options options = {
	    .file = "/bin/sh",
	    .args = args,
	    .channel = true,
	};
	struct child child = {.data = slow};

	slow->at = at;
	slow->ends = 0;
	assert_int_equal(
	    child_spawn(&child, &slow->world.loop, &options, &child_events), 0);
	world_run(&slow->world, &slow->ends, 1);
	world_turn(&slow->world);
	assert_told(slow, at);
	told_clear(&slow->world);
}

static void
what_comes_of_a_child_has_names(void **state)
{
	run_child(*state, "output");
	run_child(*state, "message");
	run_child(*state, "disconnect");
	run_child(*state, "exit");
	run_child(*state, "close");
}

/* ---- a port ---- */

static void
on_port_message(struct port *port, struct message *message)
{
	struct slow *slow = port_data(port);

	(void)message;
	come_by(slow, "message");
	slow->ends++;
}

static const struct port_events port_events = {.message = on_port_message};

static void
what_comes_through_a_port_is_a_message(void **state)
{
	struct slow *slow = *state;
	struct port *ends[2];

	slow->at = "message";
	assert_int_equal(port_pair(ends), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    port_open(ends[i], &slow->world.loop, &port_events, slow),
		    0);
	port_post(ends[0], "x", 1);
	world_run(&slow->world, &slow->ends, 1);
	world_turn(&slow->world);
	assert_told(slow, "message");
	port_close(ends[0]);
	world_drain(&slow->world);
}

/* ---- somebody else ---- */

static void
on_tick(uv_timer_t *timer)
{
	struct slow *slow = timer->data;

	uv_close((uv_handle_t *)timer, NULL);
	spin();
	slow->ends++;
}

static void
start_tick(struct port *port, struct message *message)
{
	static uv_timer_t timer;
	struct slow *slow = port_data(port);

	(void)message;
	uv_timer_init(&slow->world.loop.uv, &timer);
	timer.data = slow;
	uv_timer_start(&timer, on_tick, 0, 0);
}

static const struct port_events tick_events = {.message = start_tick};

/* A timer runs in the same iteration, behind the message. */
static void
what_comes_after_a_callback_is_not_it(void **state)
{
	struct slow *slow = *state;
	struct port *ends[2];

	assert_int_equal(port_pair(ends), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    port_open(ends[i], &slow->world.loop, &tick_events, slow),
		    0);
	port_post(ends[0], "x", 1);
	world_run(&slow->world, &slow->ends, 1);
	world_turn(&slow->world);
	assert_told(slow, "a callback");
	port_close(ends[0]);
	world_drain(&slow->world);
}

#define SLOW_TEST(test) \
	cmocka_unit_test_setup_teardown(test, open_slow, world_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    SLOW_TEST(what_comes_of_a_child_has_names),
	    SLOW_TEST(what_comes_through_a_port_is_a_message),
	    SLOW_TEST(what_comes_after_a_callback_is_not_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
