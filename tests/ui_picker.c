/* The picker: rows in, keys in, cells out. */
#include "test.h"

#include "ui/picker.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 6 };

struct picking {
	struct picker picker;
	struct picker_row rows[ROWS];
	struct canvas canvas;
};

static const struct picker_row some[ROWS] = {
    {101, 500, 90000, false, true, "root", "/sbin/init", ""},
    {4242, 9000, 75, true, true, "me", "node server.js", ""},
    {4243, 9001, 74, false, true, "me", "node worker.js", ""},
    {777, 7000, 4000, true, false, "redis", "redis-server *:6379",
     "Its loops and channels are not seen: it is another user's."},
    {5000, 9500, 3, false, true, "me", "bash -c \x1b[31m\xff sleep 5", ""},
    {31000, 9600, 1, false, true, "me", "sleep 100", ""},
};

static int
setup(void **state)
{
	struct picking *picking = calloc(1, sizeof(*picking));

	*state = picking;
	if (!picking)
		return -1;
	picker_init(&picking->picker);
	memcpy(picking->rows, some, sizeof(some));
	picker_take(&picking->picker, picking->rows, ROWS);
	return 0;
}

static int
teardown(void **state)
{
	free(*state);
	return 0;
}

static enum picker_state
press(struct picking *picking, const char *name)
{
	struct key key = key_named(name, strlen(name));

	return picker_key(&picking->picker, &key);
}

static void
type(struct picking *picking, const char *text)
{
	for (; *text; text++) {
		struct key key = {.code = (unsigned char)*text};

		assert_int_equal(picker_key(&picking->picker, &key),
		                 PICKER_OPEN);
	}
}

static void
assert_selected(const struct picking *picking, uint32_t pid)
{
	const struct picker_row *row = picker_selected(&picking->picker);

	assert_non_null(row);
	assert_int_equal(row->pid, pid);
}

static char *
show(struct picking *picking, int rows, int cols)
{
	struct area area;

	canvas_reset(&picking->canvas, rows, cols);
	area = canvas_area(&picking->canvas, (struct rect){0, 0, rows, cols});
	picker_draw(&picking->picker, &area);
	return canvas_dump(&picking->canvas, false);
}

static void
loops_come_first_then_the_newest(void **state)
{
	static const uint32_t order[] = {4242, 777, 31000, 5000, 4243, 101};
	struct picking *picking = *state;

	for (int i = 0; i < ROWS; i++) {
		assert_selected(picking, order[i]);
		press(picking, "Down");
	}
	assert_selected(picking, 101);
	press(picking, "Home");
	assert_selected(picking, 4242);
	press(picking, "Up");
	assert_selected(picking, 4242);
	press(picking, "End");
	assert_selected(picking, 101);
}

static void
every_word_of_the_search_must_match(void **state)
{
	struct picking *picking = *state;

	type(picking, "NODE work");
	assert_int_equal(picking->picker.shown_count, 1);
	assert_selected(picking, 4243);
	press(picking, "^U");
	assert_int_equal(picking->picker.shown_count, ROWS);
	type(picking, "777");
	assert_selected(picking, 777);
	press(picking, "Backspace");
	press(picking, "Backspace");
	press(picking, "Backspace");
	type(picking, "redis");
	assert_int_equal(picking->picker.shown_count, 1);
	type(picking, "x");
	assert_null(picker_selected(&picking->picker));
	assert_int_equal(press(picking, "Enter"), PICKER_OPEN);
	assert_int_equal(press(picking, "Esc"), PICKER_OPEN);
	assert_int_equal(press(picking, "Enter"), PICKER_PICKED);
	assert_int_equal(press(picking, "Esc"), PICKER_LEFT);
	assert_int_equal(press(picking, "^C"), PICKER_LEFT);
}

static void
tab_leaves_out_what_is_no_loop_or_not_ours(void **state)
{
	struct picking *picking = *state;

	press(picking, "Tab");
	assert_int_equal(picking->picker.shown_count, 2);
	press(picking, "Tab");
	assert_int_equal(picking->picker.shown_count, 5);
	press(picking, "Tab");
	assert_int_equal(picking->picker.shown_count, ROWS);
}

static void
what_is_selected_stays_so_in_a_new_list(void **state)
{
	struct picking *picking = *state;
	struct picker_row rows[ROWS];

	press(picking, "Down");
	press(picking, "Down");
	assert_selected(picking, 31000);
	/* Two have ended, a new one has the pid of one of them. */
	memcpy(rows, some, sizeof(rows));
	rows[1] =
	    (struct picker_row){777, 9900, 0, false, true, "me", "ls", ""};
	rows[3] = rows[5];
	picker_take(&picking->picker, rows, ROWS - 1);
	assert_selected(picking, 31000);
	picker_take(&picking->picker, rows, 1);
	assert_selected(picking, rows[0].pid);
	picker_take(&picking->picker, rows, 0);
	assert_null(picker_selected(&picking->picker));
}

static void
what_is_not_permitted_is_said_of_the_selected(void **state)
{
	struct picking *picking = *state;
	char *text = show(picking, 12, 90);

	assert_null(strstr(text, "another user's"));
	free(text);
	press(picking, "Down");
	text = show(picking, 12, 90);
	assert_non_null(strstr(text, "it is another user's"));
	assert_non_null(strstr(text, "redis-server *:6379"));
	free(text);
}

static void
it_fits_at_every_size(void **state)
{
	struct picking *picking = *state;

	for (int rows = 1; rows < 40; rows++)
		for (int cols = 1; cols < 120; cols += 7)
			free(show(picking, rows, cols));
	assert_int_equal(picking->picker.top, 0);
	press(picking, "End");
	free(show(picking, 7, 80));
	assert_true(picking->picker.top > 0);
}

static void
a_click_selects(void **state)
{
	struct picking *picking = *state;
	struct key click = {.code = KEY_CODE_MOUSE, .row = 4};

	free(show(picking, 20, 80));
	picker_key(&picking->picker, &click);
	assert_selected(picking, 777);
	click.row = 0;
	picker_key(&picking->picker, &click);
	click.row = 19;
	picker_key(&picking->picker, &click);
	assert_selected(picking, 777);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(loops_come_first_then_the_newest),
	    TEST(every_word_of_the_search_must_match),
	    TEST(tab_leaves_out_what_is_no_loop_or_not_ours),
	    TEST(what_is_selected_stays_so_in_a_new_list),
	    TEST(what_is_not_permitted_is_said_of_the_selected),
	    TEST(it_fits_at_every_size),
	    TEST(a_click_selects),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
