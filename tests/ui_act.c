/* Keys become commands for the explorer; nothing else happens. */
#include "hands.h"

#include <signal.h>

/* The message for the stage, as one text: "load=fib(42) on=main". */
static const char *
stage_message(const struct hands *hands)
{
	static char text[512];
	size_t used = 0;

	assert_int_equal(hands->command.kind, COMMAND_STAGE);
	for (int i = 0; i < hands->command.field_count; i++) {
		const struct command_field *field = &hands->command.fields[i];

		used += (size_t)sprintf(
		    text + used, "%s%s%s%s", i ? " " : "", field->name,
		    field->is_number ? ":" : "=", field->value);
	}
	return text;
}

static void
b_blocks_and_o_offloads_the_same(void **state)
{
	struct hands *hands = *state;

	hands_press(hands, "b");
	assert_string_equal(stage_message(hands), "load=fib(42) on=main");
	hands_press(hands, "o");
	assert_string_equal(stage_message(hands), "load=fib(42) on=worker");
}

static void
o_offloads_what_blocks_now(void **state)
{
	struct hands *hands = *state;

	world_blocked(&hands->world, 2500, WORLD_STAGE, 2400, "sha(1000)");
	world_tick(&hands->world, 2500);
	hands_press(hands, "o");
	assert_string_equal(stage_message(hands), "load=sha(1000) on=worker");
}

static void
the_menu_asks_load_place_and_argument(void **state)
{
	struct hands *hands = *state;

	hands_press(hands, "l 2 p 7 5 Enter");
	assert_string_equal(stage_message(hands), "load=sleep(75) on=pool");
	/* It is the load of b and o from now on. */
	hands_press(hands, "b");
	assert_string_equal(stage_message(hands), "load=sleep(75) on=main");
	/* Enter alone takes what stands there. */
	hands_press(hands, "l 2 c Enter");
	assert_string_equal(stage_message(hands), "load=sleep(75) on=child");
}

static void
an_item_with_two_fields_asks_for_both(void **state)
{
	struct hands *hands = *state;

	hands_press(hands, "u f 3 Enter");
	assert_int_equal(hands->command.kind, COMMAND_NONE);
	hands_press(hands, "8 0 9 0 Enter");
	assert_string_equal(stage_message(hands), "cluster:3 port:8090");
}

static void
an_item_without_questions_goes_at_once(void **state)
{
	struct hands *hands = *state;

	hands_press(hands, "c f");
	assert_string_equal(stage_message(hands), "fork:1");
	hands_press(hands, "u d");
	assert_string_equal(stage_message(hands), "disconnect=all");
	hands_press(hands, "t e");
	assert_string_equal(stage_message(hands), "terminate:1");
}

static void
a_prompt_can_be_edited_and_left(void **state)
{
	struct hands *hands = *state;

	hands_press(hands, "c s l s Space x Backspace - a Enter");
	assert_string_equal(stage_message(hands), "spawn=ls -a");
	hands_press(hands, "c s p w d Esc");
	assert_int_equal(hands->command.kind, COMMAND_NONE);
	assert_int_equal(hands->ui.mode, UI_NORMAL);
	/* Numbers take digits only. */
	hands_press(hands, "c p x 1 y 2 Enter");
	assert_string_equal(stage_message(hands), "ping:12 to=child");
}

static void
menus_are_walked_with_arrows(void **state)
{
	struct hands *hands = *state;

	hands_press(hands, "F10 Right Down Enter");
	assert_string_equal(stage_message(hands), "cluster:1");
	hands_press(hands, "F10 Left");
	assert_int_equal(hands->ui.menu, MENU_HELP);
	hands_press(hands, "Esc");
	assert_int_equal(hands->ui.mode, UI_NORMAL);
}

static void
a_signal_goes_to_the_selected_process(void **state)
{
	struct hands *hands = *state;

	/* looptop, stage, client, worker 1: worker 2 was killed at 1500, but
	 * is still shown. */
	hands_press(hands, "1 j j j K k");
	assert_int_equal(hands->command.kind, COMMAND_SIGNAL);
	assert_int_equal(hands->command.pid, WORLD_THREAD + 7);
	assert_int_equal(hands->command.signal, SIGKILL);
	assert_true(hands->command.since == hands->world.model.now);
}

static void
the_chosen_pid_stays_while_the_list_is_open(void **state)
{
	struct hands *hands = *state;
	uint64_t since = hands->world.model.now;

	hands_press(hands, "1 j j j K");
	/* It ends, and another gets its pid: the explorer sees that it was
	 * not there when the list was opened. */
	world_died(&hands->world, 2100, WORLD_THREAD + 7, DEATH_CODE, 0);
	world_process(&hands->world, 2200, WORLD_THREAD + 7, WORLD_STAGE,
	              BIRTH_SPAWN, NULL, "other");
	world_tick(&hands->world, 2300);
	hands_press(hands, "t");
	assert_int_equal(hands->command.pid, WORLD_THREAD + 7);
	assert_true(hands->command.since == since);
}

static void
looptop_and_the_dead_are_not_signalled(void **state)
{
	struct hands *hands = *state;

	hands_press(hands, "1 g K");
	assert_int_equal(hands->ui.mode, UI_NORMAL);
	hands_press(hands, "j j j j K");
	assert_int_equal(hands->ui.mode, UI_NORMAL);
	hands->ui.setup.read_only = true;
	hands_press(hands, "g j K");
	assert_int_equal(hands->ui.mode, UI_NORMAL);
	assert_int_equal(hands->command.kind, COMMAND_NONE);
}

static void
the_selection_follows_its_process(void **state)
{
	struct hands *hands = *state;

	hands_press(hands, "1 G");
	assert_int_equal(hands->ui.chosen[PANE_PROCESSES].pid,
	                 WORLD_THREAD + 10);
	world_process(&hands->world, 2001, WORLD_THREAD + 50, WORLD_CLIENT,
	              BIRTH_FORK, "child 1", "x");
	hands_draw(hands);
	assert_int_equal(hands->ui.cursor[PANE_PROCESSES], 7);
	assert_int_equal(hands->ui.chosen[PANE_PROCESSES].pid,
	                 WORLD_THREAD + 10);
}

static void
the_mouse_opens_menus_chooses_items_and_panes(void **state)
{
	struct hands *hands = *state;

	hands_draw(hands);
	hands_click(hands, 0, menu_col(MENU_CHILD, true) + 1);
	assert_int_equal(hands->ui.mode, UI_MENU);
	hands_click(hands, 5, menu_col(MENU_CHILD, true) + 6);
	assert_string_equal(stage_message(hands), "fork:1");
	hands_click(hands, 30, 100);
	assert_int_equal(hands->ui.focused, PANE_MESSAGES);
	hands_press(hands, "c");
	hands_click(hands, 39, 110);
	assert_int_equal(hands->ui.mode, UI_NORMAL);
}

static void
keys_for_the_explorer_become_commands(void **state)
{
	static const struct {
		const char *key;
		enum command_kind kind;
	} cases[] = {{"q", COMMAND_QUIT},      {"^C", COMMAND_QUIT},
	             {"N", COMMAND_NEW_STAGE}, {"s", COMMAND_SAVE},
	             {"^L", COMMAND_REDRAW},   {"^Z", COMMAND_SUSPEND},
	             {"M", COMMAND_MOUSE}};
	struct hands *hands = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		hands_press(hands, cases[i].key);
		assert_int_equal(hands->command.kind, cases[i].kind);
	}
}

static void
without_a_stage_its_keys_and_menus_are_dead(void **state)
{
	struct hands *hands = *state;

	hands->ui.setup.lab = false;
	hands_press(hands, "b o w W N c u t l");
	assert_int_equal(hands->ui.mode, UI_NORMAL);
	assert_int_equal(hands->command.kind, COMMAND_NONE);
	hands_press(hands, "F10 Right");
	assert_int_equal(hands->ui.menu, MENU_HELP);
	hands_press(hands, "Right");
	assert_int_equal(hands->ui.menu, MENU_VIEW);
}

static void
a_process_is_searched_and_found(void **state)
{
	struct hands *hands = *state;

	hands_press(hands, "/ w o r k e r Enter");
	assert_int_equal(hands->ui.focused, PANE_PROCESSES);
	assert_int_equal(hands->ui.chosen[PANE_PROCESSES].pid,
	                 WORLD_THREAD + 7);
	hands_press(hands, "n n");
	assert_int_equal(hands->ui.chosen[PANE_PROCESSES].pid,
	                 WORLD_THREAD + 9);
	hands_press(hands, "p p p");
	assert_int_equal(hands->ui.chosen[PANE_PROCESSES].pid,
	                 WORLD_THREAD + 10);
	hands_press(hands, "/ x y z Enter");
	assert_string_equal(hands->ui.saved, "No process matches.");
	assert_int_equal(hands->ui.chosen[PANE_PROCESSES].pid,
	                 WORLD_THREAD + 10);
}

static void
a_filter_leaves_what_matches_and_esc_all(void **state)
{
	static struct tree_row rows[TREE_ROWS];
	struct hands *hands = *state;
	struct view view;

	hands_press(hands, "\\ W O R K E R Space 3 Enter");
	view = ui_view(&hands->ui, &hands->world.model, NULL, PANE_PROCESSES);
	/* looptop, the stage it hangs from, and itself. */
	assert_int_equal(tree_rows(&view, rows, TREE_ROWS), 3);
	assert_int_equal(rows[2].process->pid, WORLD_THREAD + 9);
	hands_press(hands, "Esc");
	assert_int_equal(tree_rows(&view, rows, TREE_ROWS), 7);
}

static void
what_is_folded_is_counted(void **state)
{
	static struct tree_row rows[TREE_ROWS];
	struct hands *hands = *state;
	struct view view;

	hands_press(hands, "1 g j f");
	view = ui_view(&hands->ui, &hands->world.model, NULL, PANE_PROCESSES);
	assert_int_equal(tree_rows(&view, rows, TREE_ROWS), 2);
	assert_int_equal(rows[1].hidden, 5);
	hands_press(hands, "f");
	assert_int_equal(tree_rows(&view, rows, TREE_ROWS), 7);
	hands_press(hands, "f *");
	assert_int_equal(tree_rows(&view, rows, TREE_ROWS), 7);
}

/* Whoever was heard first. */
static void
threads_in_the_tree_stand_in_the_order_of_their_tids(void **state)
{
	static struct tree_row rows[TREE_ROWS];
	struct hands *hands = *state;
	struct view view;
	uint32_t last = 0;
	int count, threads = 0;

	for (uint32_t tid = 9009; tid > 9000; tid -= 2)
		world_thread(&hands->world, 2400, WORLD_STAGE, tid, ROLE_WORKER,
		             "thread");
	hands_press(hands, "H");
	view = ui_view(&hands->ui, &hands->world.model, NULL, PANE_PROCESSES);
	count = tree_rows(&view, rows, TREE_ROWS);
	for (int i = 0; i < count; i++) {
		if (!rows[i].thread || rows[i].thread->pid != WORLD_STAGE)
			continue;
		assert_true(rows[i].thread->tid > last);
		last = rows[i].thread->tid;
		threads++;
	}
	assert_true(threads >= 5);
}

static void
a_list_is_sorted_by_what_is_asked_for(void **state)
{
	static struct tree_row rows[TREE_ROWS];
	struct hands *hands = *state;
	struct view view;

	/* cpu%, rss, name, pid, and the tree again */
	hands_press(hands, "1 I");
	view = ui_view(&hands->ui, &hands->world.model, NULL, PANE_PROCESSES);
	assert_int_equal(tree_rows(&view, rows, TREE_ROWS), 7);
	assert_int_equal(rows[1].process->pid, WORLD_STAGE);
	hands_press(hands, "I I");
	tree_rows(&view, rows, TREE_ROWS);
	assert_int_equal(rows[1].process->pid, WORLD_CLIENT);
	hands_press(hands, "I");
	tree_rows(&view, rows, TREE_ROWS);
	assert_int_equal(rows[1].process->pid, WORLD_STAGE);
	assert_int_equal(rows[6].process->pid, WORLD_THREAD + 10);
	hands_press(hands, "I");
	assert_int_equal(hands->ui.wish.sort, SORT_TREE);
}

static void
a_pause_can_be_stepped_back_and_forth(void **state)
{
	struct hands *hands = *state;
	uint64_t now = hands->world.model.now;

	/* Forward there is nothing yet. */
	hands_press(hands, ".");
	assert_int_equal(hands->command.kind, COMMAND_NONE);
	assert_false(hands->ui.paused);
	/* Back is also the pause. A column is 50 ms. */
	hands_press(hands, ",");
	assert_true(hands->ui.paused);
	assert_int_equal(hands->command.kind, COMMAND_SEEK);
	assert_true(hands->command.since == now - 50000000);
	hands_press(hands, "ShiftLeft");
	assert_true(hands->command.since == now - 1000000000);
	hands_press(hands, "<");
	assert_true(hands->command.since == now - 1000000000);
	hands_press(hands, "ShiftRight");
	assert_true(hands->command.since == now + 1000000000);
	hands_press(hands, "Right");
	assert_true(hands->command.since == now + 50000000);
	hands_press(hands, "End");
	assert_false(hands->ui.paused);
	hands_press(hands, "Space");
	assert_true(hands->ui.paused);
	hands_press(hands, "`");
	assert_false(hands->ui.paused);
	/* While it is live End is the last row. */
	hands_press(hands, "1 End");
	assert_int_equal(hands->ui.chosen[PANE_PROCESSES].pid,
	                 WORLD_THREAD + 10);
}

static void
the_chosen_lane_stays_in_sight(void **state)
{
	struct hands *hands = *state;

	for (uint32_t i = 0; i < 40; i++)
		world_thread(&hands->world, 2000, WORLD_STAGE,
		             WORLD_THREAD + 100 + i, ROLE_WORKER, "thread");
	for (int i = 0; i < 60; i++) {
		struct view view;
		int row;

		hands_press(hands, i < 45 ? "j" : "k");
		view =
		    ui_view(&hands->ui, &hands->world.model, NULL, PANE_LOOPS);
		row = view.cursor - view.top;
		assert_in_range(row, 0, pane_loops_shown(&view) - 1);
		assert_int_equal(hands->ui.focused, PANE_LOOPS);
	}
}

/* Any keys in any order, drawn at any size. */
static void
noise_never_breaks_it(void **state)
{
	static const int sizes[][2] = {{24, 80}, {40, 120}, {70, 250}, {9, 20}};
	static const struct ui_status status;
	struct hands *hands = *state;

	srand(11);
	for (int i = 0; i < 20000; i++) {
		struct key key = {.code = (uint32_t)rand() % 128};

		if (rand() % 5 == 0)
			key.code = KEY_CODES + (uint32_t)rand() % 40;
		key.row = rand() % 50;
		key.col = rand() % 130;
		ui_key(&hands->ui, &hands->world.model, &key, &hands->command);
		if (i % 20)
			continue;
		canvas_reset(&hands->canvas, sizes[i / 20 % 4][0],
		             sizes[i / 20 % 4][1]);
		ui_draw(&hands->ui, &hands->world.model, &status,
		        &hands->canvas);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    with_hands(b_blocks_and_o_offloads_the_same),
	    with_hands(o_offloads_what_blocks_now),
	    with_hands(the_menu_asks_load_place_and_argument),
	    with_hands(an_item_with_two_fields_asks_for_both),
	    with_hands(an_item_without_questions_goes_at_once),
	    with_hands(a_prompt_can_be_edited_and_left),
	    with_hands(menus_are_walked_with_arrows),
	    with_hands(a_signal_goes_to_the_selected_process),
	    with_hands(the_chosen_pid_stays_while_the_list_is_open),
	    with_hands(looptop_and_the_dead_are_not_signalled),
	    with_hands(the_selection_follows_its_process),
	    with_hands(the_mouse_opens_menus_chooses_items_and_panes),
	    with_hands(keys_for_the_explorer_become_commands),
	    with_hands(without_a_stage_its_keys_and_menus_are_dead),
	    with_hands(a_process_is_searched_and_found),
	    with_hands(a_filter_leaves_what_matches_and_esc_all),
	    with_hands(what_is_folded_is_counted),
	    with_hands(threads_in_the_tree_stand_in_the_order_of_their_tids),
	    with_hands(a_list_is_sorted_by_what_is_asked_for),
	    with_hands(a_pause_can_be_stepped_back_and_forth),
	    with_hands(the_chosen_lane_stays_in_sight),
	    with_hands(noise_never_breaks_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
