/* Every key of the table, pressed in every pane: none is dead, the help names
 * each. */
#include "hands.h"

/* Whether the same screen is shown as before. */
static bool
is_alike(const struct canvas *a, const struct canvas *b)
{
	for (int row = 0; row < a->rows; row++)
		if (memcmp(a->cells[row], b->cells[row],
		           (size_t)a->cols * sizeof(struct cell)) != 0)
			return false;
	return true;
}

/* A screen on which a pane has the focus, and its second row the cursor. */
static void
focus(struct hands *hands, int pane, bool lab)
{
	struct ui_setup setup = hands->ui.setup;

	setup.lab = lab;
	ui_init(&hands->ui, &setup);
	hands->ui.focused = (enum pane_id)pane;
	hands_draw(hands);
	hands_press(hands, "k k j");
	hands->ui.saved[0] = '\0';
	hands_draw(hands);
}

static void
assert_not_dead(struct hands *hands, const char *name, size_t length, int pane)
{
	static struct canvas before;
	struct key key = key_named(name, length);

	before = hands->canvas;
	ui_key(&hands->ui, &hands->world.model, &key, &hands->command);
	hands_draw(hands);
	if (hands->command.kind == COMMAND_NONE &&
	    is_alike(&before, &hands->canvas))
		fail_msg("%.*s is dead in %s", (int)length, name,
		         panes[pane].title);
}

static void
press_every_key(struct hands *hands, bool lab)
{
	for (int i = 0; i < key_row_count; i++) {
		const char *keys = key_rows[i].keys;

		while (*keys) {
			size_t length = strcspn(keys, " ");

			for (int pane = 0; pane < PANES; pane++) {
				focus(hands, pane, lab);
				assert_not_dead(hands, keys, length, pane);
			}
			keys += length;
			keys += strspn(keys, " ");
		}
	}
}

/* Something is seen to change, a sentence says why not, or there is a command
 * for the explorer. */
static void
none_is_dead_in_any_pane(void **state)
{
	press_every_key(*state, true);
}

static void
nor_without_a_stage(void **state)
{
	press_every_key(*state, false);
}

static void
nor_while_the_screen_is_paused(void **state)
{
	struct hands *hands = *state;

	for (int i = 0; i < key_row_count; i++) {
		size_t length = strcspn(key_rows[i].keys, " ");

		focus(hands, PANE_LOOPS, true);
		hands_press(hands, "Space");
		assert_not_dead(hands, key_rows[i].keys, length, PANE_LOOPS);
	}
}

static void
a_key_that_cannot_do_its_work_says_why(void **state)
{
	static const struct {
		const char *keys, *sentence;
	} cases[] = {
	    {"Esc Esc", "There is nothing to go back from."},
	    {".", "This is now: go back first."},
	    {"n", "Nothing has been searched yet."},
	    {"*", "Nothing is folded."},
	    {"1 G f", "There is nothing below it to fold."},
	    {"+ + +", "This is the finest time scale."},
	    {"- - -", "This is the coarsest time scale."},
	    {"5 j", "There is nothing to move to in this pane."},
	};
	struct hands *hands = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		focus(hands, PANE_LOOPS, true);
		hands_press(hands, cases[i].keys);
		assert_string_equal(hands->ui.saved, cases[i].sentence);
	}
	focus(hands, PANE_LOOPS, false);
	hands_press(hands, "o");
	assert_string_equal(hands->ui.saved, "Only the lab has a stage.");
	hands->ui.setup.read_only = true;
	hands_press(hands, "K");
	assert_string_equal(hands->ui.saved,
	                    "Read-only: nothing is signalled.");
}

/* No time goes by that would end it. */
static void
while_paused_a_sentence_goes_with_the_next_key(void **state)
{
	struct hands *hands = *state;

	focus(hands, PANE_LOOPS, true);
	hands_press(hands, "Space *");
	assert_string_equal(hands->ui.saved, "Nothing is folded.");
	hands_press(hands, "z");
	assert_string_equal(hands->ui.saved, "");
}

/* All lines of the help, page by page. */
static bool
help_shows(struct hands *hands, const char *text)
{
	bool shown = false;

	hands_press(hands, "?");
	for (int page = 0; page < 12 && !shown; page++) {
		char *dump = canvas_dump(&hands->canvas, false);

		shown = strstr(dump, text) != NULL;
		free(dump);
		hands_press(hands, "PgDn");
	}
	hands_press(hands, "Esc");
	return shown;
}

static void
the_help_names_each(void **state)
{
	struct hands *hands = *state;

	for (int i = 0; i < key_row_count; i++) {
		focus(hands, PANE_LOOPS, true);
		if (!help_shows(hands, key_rows[i].keys) ||
		    !help_shows(hands, key_rows[i].help))
			fail_msg("the help lacks %s", key_rows[i].keys);
	}
}

static bool
screen_shows(const struct hands *hands, const char *text)
{
	char *dump = canvas_dump(&hands->canvas, false);
	bool shown = strstr(dump, text) != NULL;

	free(dump);
	return shown;
}

static void
keys_that_were_changed_are_shown_everywhere(void **state)
{
	struct hands *hands = *state;
	struct ui_setup setup = hands->ui.setup;
	struct key_table keys;

	key_table_init(&keys);
	key_table_set(&keys, REQUEST_OFFLOAD, "F5 y", NULL, NULL);
	key_table_set(&keys, REQUEST_QUIT, "Q", NULL, NULL);
	setup.keys = &keys;
	ui_init(&hands->ui, &setup);
	world_blocked(&hands->world, 2500, WORLD_STAGE, 2400, "sha(1000)");
	world_tick(&hands->world, 2500);
	hands_press(hands, "o");
	assert_int_equal(hands->command.kind, COMMAND_NONE);
	assert_true(screen_shows(hands, " F5  offload"));
	assert_true(screen_shows(hands, " Q  quit"));
	assert_true(screen_shows(hands, "[F5] do it in a worker thread"));
	hands_press(hands, "F5");
	assert_int_equal(hands->command.kind, COMMAND_STAGE);
	hands_press(hands, "y");
	assert_int_equal(hands->command.kind, COMMAND_STAGE);
	assert_true(help_shows(hands, "F5 y"));
	hands_press(hands, ": o f f l");
	assert_true(screen_shows(hands, "F5 y"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    with_hands(none_is_dead_in_any_pane),
	    with_hands(nor_without_a_stage),
	    with_hands(nor_while_the_screen_is_paused),
	    with_hands(a_key_that_cannot_do_its_work_says_why),
	    with_hands(while_paused_a_sentence_goes_with_the_next_key),
	    with_hands(the_help_names_each),
	    with_hands(keys_that_were_changed_are_shown_everywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
