/* The lessons' table, and a strip that goes on by what happens. */
#include "hands.h"

#include "ui/lesson_strip.h"

#include <errno.h>
#include <locale.h>

static const char *const loads[] = {"fib", "sha", "primes", "block", "sleep"};
static const struct lesson_names names = {.loads = loads, .load_count = 5};

/* ---- the table ---- */

static void
each_lesson_has_a_name_and_steps(void **state)
{
	(void)state;
	for (int i = 0; i < LESSONS; i++) {
		const struct lesson_row *row = &lessons[i];
		int steps = 0;

		assert_int_equal(lesson_named(row->name, strlen(row->name)), i);
		assert_in_range(strlen(row->title), 10, 60);
		assert_int_equal(row->teaches[strlen(row->teaches) - 1], '.');
		while (lesson_step((enum lesson)i, steps))
			steps++;
		assert_in_range(steps, 2, LESSON_STEPS);
	}
	assert_int_equal(lesson_named("frob", 4), LESSONS);
	assert_int_equal(lesson_named("bloc", 4), LESSONS);
}

static void
each_step_names_keys_that_exist(void **state)
{
	char presses[LESSON_PRESSES][LESSON_WORD];
	const struct lesson_step *step;
	struct key key;

	(void)state;
	for (int i = 0; i < LESSONS; i++)
		for (int n = 0; (step = lesson_step((enum lesson)i, n)); n++) {
			int count = lesson_presses(step->text, &names, presses);

			if (count <= 0)
				fail_msg("%s %d: %s: %s", lessons[i].name,
				         n + 1, strerror(-count), presses[0]);
			for (int k = 0; k < count; k++)
				assert_true(key_read(presses[k],
				                     strlen(presses[k]), &key));
		}
}

static void
what_means_nothing_is_refused(void **state)
{
	static const char *const texts[] = {
	    "{frobnicate}", "{Child/Q}", "{Frob/s}",
	    "{Load/frob}",  "{/}",       "{Lesson/frob}",
	};
	char presses[LESSON_PRESSES][LESSON_WORD];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_int_equal(lesson_presses(texts[i], &names, presses),
		                 -EINVAL);
	assert_int_equal(lesson_presses("{b 99times}", &names, presses),
	                 -E2BIG);
	assert_int_equal(lesson_presses("{b", &names, presses), -E2BIG);
}

static void
words_and_keys_in_their_order(void **state)
{
	static const char *const expected[] = {
	    "o", "l",     "5", "p", "1", "0", "Enter", "c", "s",
	    "a", "Space", "b", "c", "s", "a", "Space", "b",
	};
	char presses[LESSON_PRESSES][LESSON_WORD];
	int count =
	    lesson_presses("Do {offload}, then {Load/sleep p 10 Enter}: "
	                   "and {Child/s 'a b' 2times}.",
	                   &names, presses);

	(void)state;
	assert_int_equal(count, 17);
	for (int i = 0; i < count; i++)
		assert_string_equal(presses[i], expected[i]);
}

/* ---- the strip ---- */

static bool
shows(const struct hands *hands, const char *text)
{
	char *dump = canvas_dump(&hands->canvas, false);
	bool shown = strstr(dump, text) != NULL;

	free(dump);
	return shown;
}

static void
draw(struct hands *hands, int rows, int cols)
{
	static const struct ui_status status;

	canvas_reset(&hands->canvas, rows, cols);
	ui_draw(&hands->ui, &hands->world.model, &status, &hands->canvas);
}

static void
set_up(struct hands *hands)
{
	struct ui_setup setup = {.lab = true, .own_pid = WORLD_LOOPTOP};

	for (int i = 0; i < names.load_count; i++)
		setup.loads[i] = (struct ui_load){loads[i], "n", "help", 42};
	setup.load_count = names.load_count;
	ui_init(&hands->ui, &setup);
}

static void
begin(struct hands *hands, enum lesson lesson)
{
	set_up(hands);
	ui_begin_lesson(&hands->ui, lesson);
	ui_watch(&hands->ui, &hands->world.model);
}

/* Nothing is cut off from 80 columns on, whatever the numbers. */
static void
each_text_fits_from_80_columns_on(void **state)
{
	static const int widths[] = {80, 100, 120, 179, 180, 250};
	struct hands *hands = *state;

	for (int i = 0; i < LESSONS; i++) {
		begin(hands, (enum lesson)i);
		for (int n = 0; n < hands->ui.lesson.steps; n++)
			strcpy(hands->ui.lesson.briefs[n], "123.45 ms");
		for (int n = 0; n <= hands->ui.lesson.steps; n++)
			for (int w = 0; w < 6; w++) {
				struct area area;
				char *text;

				hands->ui.lesson.step = n;
				canvas_reset(&hands->canvas,
				             lesson_strip_rows(
						 &hands->ui.lesson, widths[w]),
				             widths[w]);
				area = canvas_area(
				    &hands->canvas,
				    (struct rect){0, 0, hands->canvas.rows,
				                  widths[w]});
				ui_draw_lesson(&hands->ui, &hands->world.model,
				               &area);
				text = canvas_dump(&hands->canvas, false);
				if (strstr(text, "\u2026"))
					fail_msg("%d columns: %s", widths[w],
					         text);
				free(text);
			}
	}
}

static void
keys_are_shown_as_they_are_bound(void **state)
{
	struct hands *hands = *state;

	begin(hands, LESSON_BLOCK);
	key_table_set(&hands->ui.keys, REQUEST_BLOCK, "F5", NULL, NULL);
	key_table_set(&hands->ui.keys, REQUEST_LESSON_SKIP, "F6", NULL, NULL);
	draw(hands, 24, 80);
	assert_true(shows(hands, "1/4 Press  F5 : the stage computes"));
	assert_true(shows(hands, " F6  skips  Esc  ends"));
}

static void
goes_on_by_what_happens_not_by_keys(void **state)
{
	struct hands *hands = *state;

	world_calm(&hands->world);
	begin(hands, LESSON_BLOCK);
	hands_press(hands, "b b o b");
	ui_watch(&hands->ui, &hands->world.model);
	assert_int_equal(hands->ui.lesson.step, 0);
	world_offloaded(&hands->world);
	ui_watch(&hands->ui, &hands->world.model);
	assert_int_equal(hands->ui.lesson.step, 1);
	assert_string_equal(hands->ui.lesson.done,
	                    "fib(45) kept the loop for 600 ms; 9 events had to "
	                    "wait");
	draw(hands, 24, 80);
	assert_true(shows(hands, "\u2713 1/4 fib(45) kept the loop for 600"));
	assert_true(shows(hands, "2/4 Press  o : the same work"));
}

/* What happened before a step began is no merit of it. */
static void
what_was_before_does_not_count(void **state)
{
	struct hands *hands = *state;

	world_offloaded(&hands->world);
	for (int i = 0; i < LESSONS; i++) {
		begin(hands, (enum lesson)i);
		for (int n = 0; n < hands->ui.lesson.steps; n++) {
			ui_watch(&hands->ui, &hands->world.model);
			assert_int_equal(hands->ui.lesson.step, n);
			hands_press(hands, "x");
		}
	}
}

static void
a_step_is_skipped_and_a_lesson_left(void **state)
{
	struct hands *hands = *state;

	begin(hands, LESSON_BLOCK);
	hands_press(hands, "x");
	assert_true(shows(hands, "- 1/4 left out"));
	hands_press(hands, "Esc");
	assert_false(shows(hands, "2/4"));
	assert_true(shows(hands, "The lesson is left."));
	hands_press(hands, "x");
	assert_true(shows(hands, "No lesson runs"));
	hands_press(hands, "e 7");
	ui_watch(&hands->ui, &hands->world.model);
	assert_int_equal(hands->ui.lesson.lesson, LESSON_POOL);
	hands_press(hands, "x x x");
	assert_true(shows(hands, "In the pool the work took (skipped)"));
	assert_true(shows(hands, "That was the last lesson."));
	hands_press(hands, "Esc");
	assert_false(hands->ui.lesson.runs);
}

/* What is zoomed or selected is backed out of first. */
static void
esc_goes_back_one_level(void **state)
{
	struct hands *hands = *state;

	begin(hands, LESSON_BLOCK);
	hands_press(hands, "j z Esc");
	assert_true(hands->ui.lesson.runs);
	hands_press(hands, "Esc");
	assert_true(hands->ui.lesson.runs);
	hands_press(hands, "Esc");
	assert_false(hands->ui.lesson.runs);
}

static void
what_is_done_for_a_step_gives_its_pane_the_focus(void **state)
{
	struct hands *hands = *state;

	begin(hands, LESSON_SPAWN);
	assert_int_equal(hands->ui.focused, PANE_OUTPUT);
	begin(hands, LESSON_FORK);
	assert_int_equal(hands->ui.focused, PANE_PROCESSES);
	hands_press(hands, "x");
	assert_int_equal(hands->ui.focused, PANE_PROCESSES);
	hands_press(hands, "c");
	assert_int_equal(hands->ui.focused, PANE_PROCESSES);
	hands_press(hands, "p Enter");
	assert_int_equal(hands->ui.focused, PANE_MESSAGES);
	hands_press(hands, "4 c f");
	assert_int_equal(hands->ui.focused, PANE_LOOPS);
}

static void
one_row_shows_first_what_was_seen_then_what_to_do(void **state)
{
	struct hands *hands = *state;

	begin(hands, LESSON_BLOCK);
	draw(hands, 15, 60);
	assert_true(shows(hands, "1/4 Press  b : the stage computes"));
	hands_press(hands, "x");
	draw(hands, 15, 60);
	assert_true(shows(hands, "1/4 left out"));
	world_tick(&hands->world, 60000);
	draw(hands, 15, 60);
	assert_true(shows(hands, "2/4 Press  o : the same work"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_lesson_has_a_name_and_steps),
	    cmocka_unit_test(each_step_names_keys_that_exist),
	    cmocka_unit_test(what_means_nothing_is_refused),
	    cmocka_unit_test(words_and_keys_in_their_order),
	    with_hands(each_text_fits_from_80_columns_on),
	    with_hands(keys_are_shown_as_they_are_bound),
	    with_hands(goes_on_by_what_happens_not_by_keys),
	    with_hands(what_was_before_does_not_count),
	    with_hands(a_step_is_skipped_and_a_lesson_left),
	    with_hands(esc_goes_back_one_level),
	    with_hands(what_is_done_for_a_step_gives_its_pane_the_focus),
	    with_hands(one_row_shows_first_what_was_seen_then_what_to_do),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
