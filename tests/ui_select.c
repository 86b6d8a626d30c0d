/* Selecting, as a user does it: cursors, what is marked, details, findings. */
#include "ui_links.h"

static void
nothing_is_marked_until_one_selects(void **state)
{
	struct links *links = *state;

	press(links, "3");
	assert_int_equal(row_with(links, 0, "\u258c"), -1);
	press(links, "k");
	assert_shows(links, "\u258c");
	press(links, "Esc");
	assert_int_equal(row_with(links, 0, "\u258c"), -1);
}

static void
a_selected_message_stays_selected(void **state)
{
	struct links *links = *state;
	const struct flow *flow = first_waiting(&links->world.model);
	struct selection first = select_flow(flow);

	press(links, "3 k k k k k");
	assert_true(select_is_same(&links->ui.linked.of, &first));
	/* It arrives late, and others come. */
	world_offloaded(&links->world);
	draw_at(links, 40, 120);
	assert_true(select_is_same(&links->ui.linked.of, &first));
	assert_shows(links, "\u258cGET /ping #50");
	assert_shows(links, "waited 591 ms for fib(45)");
	/* The row is wherever it is by now. */
	assert_in_range(links->ui.cursor[PANE_MESSAGES], 0, 30);
	/* So many that the pane stays where it is, and says so. */
	for (unsigned i = 0; i < 60; i++)
		world_message(&links->world, 3300 + i * 1100, 0, WORLD_CLIENT,
		              WORLD_STAGE, i % 2 ? "GET /a" : "GET /b");
	world_tick(&links->world, 70000);
	draw_at(links, 40, 120);
	assert_shows(links, "newer: G");
	assert_int_equal(row_with(links, 0, "\u2191 1 above"), -1);
	assert_shows(links, "\u258cGET /ping #50");
	/* So many that it is no longer kept. */
	for (unsigned i = 0; i < FLOWS; i++)
		world_message(&links->world, 70000 + i, 0, WORLD_CLIENT,
		              WORLD_STAGE, "GET /c");
	world_tick(&links->world, 80000);
	draw_at(links, 40, 120);
	assert_shows(links, "\u2191 1 above");
	press(links, "G");
	assert_int_equal(row_with(links, 0, "\u2191 1 above"), -1);
}

/* Rows of one second each, more than the pane has. */
static void
tell_many(struct links *links)
{
	for (unsigned i = 0; i < 90; i++) {
		char text[16];

		snprintf(text, sizeof(text), "GET /%u", i);
		world_message(&links->world, 3000 + i * 1000, 3001 + i * 1000,
		              WORLD_CLIENT, WORLD_STAGE, text);
	}
	world_tick(&links->world, 100000);
	draw_at(links, 40, 120);
}

static void
messages_scroll_to_the_first_and_back(void **state)
{
	struct links *links = *state;

	tell_many(links);
	press(links, "3");
	assert_int_equal(row_with(links, 0, "newer: G"), -1);
	assert_shows(links, "GET /89");
	press(links, "PgUp PgUp PgUp PgUp");
	assert_shows(links, "GET /49");
	assert_int_equal(row_with(links, 0, "GET /89"), -1);
	assert_shows(links, "newer: G");
	/* Down within what is shown: it stands still. */
	press(links, "j");
	assert_shows(links, "GET /49");
	press(links, "g");
	assert_int_equal(links->ui.cursor[PANE_MESSAGES], 0);
	assert_shows(links, "0 older");
	press(links, "G");
	assert_shows(links, "GET /89");
	assert_int_equal(row_with(links, 0, "newer: G"), -1);
}

/* A row that is clicked on is the one under the pointer, also then. */
static void
a_click_on_a_message_that_was_scrolled_to_chooses_it(void **state)
{
	struct links *links = *state;
	const struct flow *flow;
	int row;

	tell_many(links);
	press(links, "3 PgUp PgUp PgUp PgUp");
	row = row_with(links, 0, "GET /51");
	click(links, row, 70);
	flow = select_find_flow(&links->world.model, &links->ui.linked.of);
	assert_non_null(flow);
	assert_string_equal(flow->text, "GET /51");
}

static void
a_pane_goes_to_what_is_linked_when_it_gets_the_focus(void **state)
{
	struct links *links = *state;

	world_cluster(&links->world);
	press(links, "1 j j j j j");
	assert_int_equal(links->ui.linked.of.pid, WORKER_3);
	press(links, "4");
	assert_int_equal(links->ui.linked.of.kind, SELECT_THREAD);
	assert_int_equal(links->ui.linked.of.pid, WORKER_3);
	press(links, "2");
	assert_int_equal(links->ui.linked.of.tid, WORKER_3);
	press(links, "1");
	assert_int_equal(links->ui.linked.of.kind, SELECT_PROCESS);
	assert_int_equal(links->ui.linked.of.pid, WORKER_3);
}

static void
what_is_linked_out_of_sight_is_counted_at_the_edge(void **state)
{
	struct links *links = *state;

	for (uint32_t i = 0; i < 41; i++) {
		uint32_t pid = WORLD_THREAD + 100 + i;

		world_process(&links->world, 2300, pid, WORLD_STAGE, BIRTH_FORK,
		              NULL, "child");
		world_thread(&links->world, 2310, pid, pid, ROLE_MAIN, "child");
	}
	press(links, "1 G");
	assert_int_equal(links->ui.linked.of.pid, WORLD_THREAD + 140);
	assert_shows(links, "\u2193 1 below");
	press(links, "g j");
	assert_int_equal(links->ui.linked.of.pid, WORLD_STAGE);
	assert_int_equal(row_with(links, 0, "\u2193 1 below"), -1);
}

static void
what_is_folded_away_marks_the_row_it_hangs_from(void **state)
{
	struct links *links = *state;

	press(links, "1 j f");
	press(links, "4 j");
	assert_int_equal(links->ui.linked.of.pid, WORLD_CLIENT);
	assert_shows(links, "\u258c\u2514\u2500stage +1");
}

static void
every_pane_has_a_cursor_that_keys_and_mouse_move(void **state)
{
	struct links *links = *state;

	world_cluster(&links->world);
	for (int i = 0; i < 30; i++)
		world_line(&links->world, 1900, WORLD_STAGE, false, "a line");
	for (int pane = 0; pane < PANES; pane++) {
		struct layout layout;
		struct rect *rect = &layout.panes[pane];
		struct selection first;

		ui_unselect(&links->ui);
		links->ui.focused = (enum pane_id)pane;
		press(links, "G k k");
		first = links->ui.linked.of;
		assert_int_not_equal(first.kind, SELECT_NONE);
		press(links, "k");
		assert_false(select_is_same(&first, &links->ui.linked.of));
		press(links, "PgUp g");
		assert_int_equal(links->ui.cursor[pane], 0);
		press(links, "j");
		assert_int_equal(links->ui.cursor[pane], 1);
		press(links, "Enter");
		assert_shows(links, "Esc leaves");
		press(links, "Esc");
		layout_make(&layout, 40, 120, links->ui.focused, false, true,
		            0);
		click(links, rect->row + 2, rect->col + 4);
		assert_int_equal(links->ui.focused, pane);
		assert_int_not_equal(links->ui.linked.of.kind, SELECT_NONE);
	}
}

/* Signals go to what is selected, also in another pane. */
static void
a_signal_goes_to_the_process_of_the_selected_lane(void **state)
{
	struct links *links = *state;

	press(links, "1 j");
	press(links, "4 g j K");
	assert_shows(links, "Signal client, pid 4102");
	press(links, "k");
	assert_int_equal(links->command.kind, COMMAND_SIGNAL);
	assert_int_equal(links->command.pid, WORLD_CLIENT);
}

static void
a_click_on_a_lane_chooses_that_lane(void **state)
{
	struct links *links = *state;
	int row;

	draw_at(links, 40, 120);
	row = row_with(links, 0, " client    idle");
	click(links, row, 60);
	assert_int_equal(links->ui.linked.of.tid, WORLD_CLIENT);
	click(links, row - 3, 60);
	assert_int_equal(links->ui.linked.of.tid, WORLD_STAGE);
}

/* ---- details and findings ---- */

static void
enter_tells_what_the_receiver_did_meanwhile(void **state)
{
	struct links *links = *state;

	press(links, "3 k k k k k Enter");
	assert_shows(links, "client, pid 4102");
	assert_shows(links, "for 339 ms so far");
	assert_shows(links, "the receiver's loop was blocked by fib(45)");
	assert_shows(links, "number 50 in its direction");
}

static void
a_finding_leads_to_its_evidence(void **state)
{
	struct links *links = *state;

	press(links, "! Enter");
	assert_int_equal(links->ui.mode, UI_NORMAL);
	assert_int_equal(links->ui.focused, PANE_LOOPS);
	assert_int_equal(links->ui.linked.of.tid, WORLD_STAGE);
	assert_int_equal(links->command.kind, COMMAND_NONE);
}

/* A block that is over is kept, and Enter goes back to when it was. */
static void
a_finding_of_the_past_leads_back_to_its_moment(void **state)
{
	struct links *links = *state;

	world_offloaded(&links->world);
	world_turns(&links->world, 3210, WORLD_STAGE, WORLD_STAGE, 10, 1);
	world_turns(&links->world, 60000, WORLD_STAGE, WORLD_STAGE, 100, 1);
	world_tick(&links->world, 60000);
	press(links, "!");
	assert_shows(links, "Nothing is wrong now.");
	assert_shows(links, "LONG BLOCK: 600 ms on the loop of stage, by fib(45)");
	assert_shows(links, "57 s ago");
	press(links, "Enter");
	assert_true(links->ui.paused);
	assert_int_equal(links->command.kind, COMMAND_SEEK);
	assert_in_range(links->command.since - links->world.model.start,
	                2500000000, 3200000000);
	assert_int_equal(links->ui.linked.of.tid, WORLD_STAGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    with_links(nothing_is_marked_until_one_selects),
	    with_links(a_selected_message_stays_selected),
	    with_links(messages_scroll_to_the_first_and_back),
	    with_links(a_click_on_a_message_that_was_scrolled_to_chooses_it),
	    with_links(a_pane_goes_to_what_is_linked_when_it_gets_the_focus),
	    with_links(what_is_linked_out_of_sight_is_counted_at_the_edge),
	    with_links(what_is_folded_away_marks_the_row_it_hangs_from),
	    with_links(every_pane_has_a_cursor_that_keys_and_mouse_move),
	    with_links(a_signal_goes_to_the_process_of_the_selected_lane),
	    with_links(a_click_on_a_lane_chooses_that_lane),
	    with_links(enter_tells_what_the_receiver_did_meanwhile),
	    with_links(a_finding_leads_to_its_evidence),
	    with_links(a_finding_of_the_past_leads_back_to_its_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
