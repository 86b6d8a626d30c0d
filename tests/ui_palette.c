/* The palette: what matches what, and that everything in it can be done. */
#include "hands.h"

static void
letters_match_in_order_and_the_nearest_comes_first(void **state)
{
	(void)state;
	assert_int_equal(palette_match("offload: do it", ""), 0);
	assert_int_equal(palette_match("offload: do it", "OFF"), 0);
	assert_int_equal(palette_match("offload", "x"), -1);
	assert_int_equal(palette_match("offload", "do"), -1);
	assert_int_equal(palette_match("", "a"), -1);
	assert_true(palette_match("offload", "ofd") > 0);
	/* at the start, at a word's, inside, scattered and wider scattered */
	assert_true(palette_match("load it", "load") <
	            palette_match("do a load", "load"));
	assert_true(palette_match("do a load", "load") <
	            palette_match("offload", "load"));
	assert_true(palette_match("offload", "load") <
	            palette_match("lo, a dog", "load"));
	assert_true(palette_match("a l-oad", "load") <
	            palette_match("a l--o--a--d", "load"));
	/* Blanks need not be typed, nor stand there. */
	assert_true(palette_match("fork-worker", "fork worker") >= 0);
	assert_true(palette_match("theme light", "themelight") >= 0);
}

static const char *
chosen(const struct hands *hands)
{
	const struct palette *palette = &hands->ui.palette;

	return palette->rows[palette->shown[palette->cursor]].text;
}

static void
typing_finds_and_enter_does_it(void **state)
{
	struct hands *hands = *state;

	hands_press(hands, ": o f f l o");
	assert_int_equal(hands->ui.mode, UI_PALETTE);
	assert_memory_equal(chosen(hands), "offload: ", 9);
	hands_press(hands, "Enter");
	assert_int_equal(hands->ui.mode, UI_NORMAL);
	assert_int_equal(hands->command.kind, COMMAND_STAGE);
	/* A row of a menu asks for its fields as the menu does. */
	hands_press(hands, ": d e t a c h e d Enter");
	assert_int_equal(hands->ui.mode, UI_PROMPT);
	hands_press(hands, "Esc : t h e m e Space l Enter");
	assert_int_equal(hands->command.kind, COMMAND_THEME);
	assert_int_equal(hands->ui.theme, THEME_LIGHT);
	hands_press(hands, ": s l e e p Enter");
	assert_int_equal(hands->ui.mode, UI_PLACE);
	assert_int_equal(hands->ui.load, 1);
}

static void
esc_leaves_and_nothing_found_does_nothing(void **state)
{
	struct hands *hands = *state;

	hands_press(hands, ": z z z z Enter");
	assert_int_equal(hands->ui.mode, UI_PALETTE);
	assert_int_equal(hands->ui.palette.shown_count, 0);
	hands_press(hands, "Down Up PgDn Backspace ^U");
	assert_int_equal(hands->ui.palette.shown_count,
	                 hands->ui.palette.count);
	hands_press(hands, "Esc");
	assert_int_equal(hands->ui.mode, UI_NORMAL);
	assert_int_equal(hands->command.kind, COMMAND_NONE);
}

static bool
lists(const struct palette *palette, const char *text)
{
	for (int i = 0; i < palette->count; i++)
		if (strncmp(palette->rows[i].text, text, strlen(text)) == 0)
			return true;
	return false;
}

static void
everything_possible_is_listed_with_its_keys(void **state)
{
	struct hands *hands = *state;
	const struct palette *palette = &hands->ui.palette;
	char name[REQUEST_NAME];
	int keys = 0;

	hands_press(hands, "e 1 z Space / x Enter + :");
	for (int i = 0; i < key_row_count; i++) {
		enum request request = key_rows[i].request;
		bool possible =
		    request != REQUEST_PALETTE &&
		    !ui_why_not(&hands->ui, &hands->world.model, request);

		request_name(request, name);
		strcat(name, ":");
		assert_int_equal(lists(palette, name), possible);
		keys += possible;
	}
	assert_true(keys > key_row_count - 6);
	for (int menu = 0; menu < MENUS; menu++)
		for (int i = 0; menu_item((enum menu_id)menu, i); i++) {
			char text[PALETTE_TEXT];

			if (menu_item((enum menu_id)menu, i)->request ==
			    REQUEST_PALETTE)
				continue;
			snprintf(text, sizeof(text), "%s > %s",
			         menus[menu].name,
			         menu_item((enum menu_id)menu, i)->label);
			assert_true(lists(palette, text));
		}
	assert_true(palette->count < PALETTE_ROWS);
	for (int i = 0; i < palette->count; i++)
		assert_true(strlen(palette->rows[i].text) < PALETTE_TEXT - 1);
}

static void
what_cannot_be_done_is_not_listed(void **state)
{
	struct hands *hands = *state;

	hands->ui.setup.lab = false;
	hands->ui.setup.read_only = true;
	hands_press(hands, ":");
	assert_false(lists(&hands->ui.palette, "offload"));
	assert_false(lists(&hands->ui.palette, "Cluster"));
	assert_false(lists(&hands->ui.palette, "Load"));
	assert_false(lists(&hands->ui.palette, "signal"));
	assert_false(lists(&hands->ui.palette, "step-forward"));
	assert_true(lists(&hands->ui.palette, "step-back"));
	assert_true(lists(&hands->ui.palette, "View > processes"));
}

/* Each row does something: what it leaves is another mode, a command, or
 * another state of the screen. */
static void
every_row_can_be_chosen(void **state)
{
	static struct ui before;
	struct hands *hands = *state;
	struct key enter = {.code = KEY_CODE_ENTER};
	int count;

	hands_press(hands, "1 g j :");
	count = hands->ui.palette.count;
	before = hands->ui;
	for (int i = 0; i < count; i++) {
		hands->ui = before;
		hands->ui.palette.cursor = i;
		ui_key(&hands->ui, &hands->world.model, &enter,
		       &hands->command);
		hands_draw(hands);
		before.mode = hands->ui.mode;
		if (hands->command.kind == COMMAND_NONE &&
		    memcmp(&before, &hands->ui, offsetof(struct ui, palette)) ==
		        0 &&
		    hands->ui.mode == UI_NORMAL && !hands->ui.saved[0])
			fail_msg("%s does nothing",
			         hands->ui.palette.rows[i].text);
		before.mode = UI_PALETTE;
	}
}

static void
the_cursor_stays_in_sight_at_any_size(void **state)
{
	static const struct ui_status status;
	static const int sizes[][2] = {{15, 60}, {24, 80}, {40, 120}};
	struct hands *hands = *state;
	struct palette *palette = &hands->ui.palette;

	for (int i = 0; i < 3; i++) {
		int rows = sizes[i][0], cols = sizes[i][1];

		hands_press(hands, ":");
		for (int n = 0; n < palette->count + 5; n++) {
			struct key down = {.code = KEY_CODE_DOWN};

			canvas_reset(&hands->canvas, rows, cols);
			ui_draw(&hands->ui, &hands->world.model, &status,
			        &hands->canvas);
			assert_in_range(palette->cursor - palette->top, 0,
			                palette->page - 1);
			assert_true(palette->page >= 9);
			ui_key(&hands->ui, &hands->world.model, &down,
			       &hands->command);
		}
		assert_int_equal(palette->cursor, palette->count - 1);
		hands_press(hands, "Home Esc");
	}
}

static void
the_mouse_chooses_a_row_or_leaves(void **state)
{
	struct hands *hands = *state;

	hands_press(hands, ": o f f l o");
	hands_click(hands, 3, 40);
	assert_int_equal(hands->command.kind, COMMAND_STAGE);
	hands_press(hands, ":");
	hands_click(hands, 39, 3);
	assert_int_equal(hands->ui.mode, UI_NORMAL);
	assert_int_equal(hands->command.kind, COMMAND_NONE);
}

static void
a_theme_is_chosen_from_a_list(void **state)
{
	struct hands *hands = *state;

	hands_press(hands, "T h");
	assert_int_equal(hands->ui.theme, THEME_CONTRAST);
	assert_int_equal(hands->command.kind, COMMAND_THEME);
	hands_press(hands, "v e");
	assert_int_equal(hands->ui.popup.cursor, THEME_CONTRAST);
	hands_press(hands, "Down Enter");
	assert_int_equal(hands->ui.theme, THEME_MONO);
	hands_press(hands, "T Esc");
	assert_int_equal(hands->ui.theme, THEME_MONO);
	assert_int_equal(hands->command.kind, COMMAND_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		letters_match_in_order_and_the_nearest_comes_first),
	    with_hands(typing_finds_and_enter_does_it),
	    with_hands(esc_leaves_and_nothing_found_does_nothing),
	    with_hands(everything_possible_is_listed_with_its_keys),
	    with_hands(what_cannot_be_done_is_not_listed),
	    with_hands(every_row_can_be_chosen),
	    with_hands(the_cursor_stays_in_sight_at_any_size),
	    with_hands(the_mouse_chooses_a_row_or_leaves),
	    with_hands(a_theme_is_chosen_from_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
