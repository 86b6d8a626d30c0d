/* Selecting in the lab on a terminal: what belongs to it is marked, live,
 * paused and after going back. */
#include "lab.h"

#include <string.h>
#include <sys/wait.h>

#define MARK "\u258c"

/* Blocks the stage's loop for two seconds, and selects a request that waits for
 * it; the pause is the moment at which it all is looked at. On a busy machine
 * the block may be over by then: another try, with a longer one. */
static void
select_waiting(struct lab *lab)
{
	for (int ms = 2000; ms < 20000; ms *= 3) {
		char keys[32], over[32];

		snprintf(keys, sizeof(keys), "l4m%d\r", ms);
		snprintf(over, sizeof(over), "block(%d) = ", ms);
		press(lab, keys);
		if (!comes_before(lab, "EVENT LOOP BLOCKED 1.", over))
			continue;
		press(lab, "3kkk");
		program_expect(&lab->tty, MARK "GET /ping: client ");
		press(lab, " ");
		program_expect(&lab->tty, "PAUSED");
		if (tty_wait_text(&lab->tty, "EVENT LOOP BLOCKED", 0) == 0)
			return;
		press(lab, " ");
		program_expect(&lab->tty, "LIVE");
		press(lab, "\033");
		program_expect_gone(&lab->tty, MARK);
	}
	fail_msg("never paused while it was blocked");
}

static void
a_waiting_request_lights_up_what_belongs_to_it(void **state)
{
	struct lab *lab = *state;

	open_lab_at(lab, 40, 120, NULL);
	select_waiting(lab);
	/* Its sender and its receiver: in the tree, by their lanes; why. */
	program_expect(&lab->tty, MARK "\u2514\u2500stage");
	program_expect(&lab->tty, MARK "  \u2514\u2500client");
	program_expect(&lab->tty, MARK "stage ");
	program_expect(&lab->tty, MARK "BLOCKED");
	program_expect(&lab->tty, "for block(");
	press(lab, "\r");
	program_expect(&lab->tty, "the receiver's loop was blocked by block");
	press(lab, "\033");
	program_expect_gone(&lab->tty, "Esc leaves");
	/* Back in time the same message is on the same screen. */
	press(lab, ",");
	program_expect(&lab->tty, MARK "GET /ping: client ");
	/* Nothing is selected any more. */
	press(lab, "\033");
	program_expect_gone(&lab->tty, MARK);
	quit(lab);
}

static void
it_is_marked_while_all_goes_on(void **state)
{
	struct lab *lab = *state;

	open_lab_at(lab, 24, 80, NULL);
	press(lab, "j");
	program_expect(&lab->tty, MARK "main thread of client");
	press(lab, "3");
	program_expect(&lab->tty, MARK);
	program_expect(&lab->tty, MARK "client");
	press(lab, "4k");
	program_expect(&lab->tty, MARK "main thread of stage");
	quit(lab);
}

static void
without_utf8_and_colour_too(void **state)
{
	struct lab *lab = *state;

	open_lab_at(lab, 40, 120, ARGS("LC_ALL=C", "NO_COLOR=1"));
	press(lab, "1j");
	program_expect(&lab->tty, ">`-stage");
	program_expect(&lab->tty, "|=stage");
	press(lab, "2");
	program_expect(&lab->tty, "|>stage");
	quit(lab);
}

static void
a_click_selects(void **state)
{
	struct lab *lab = *state;
	struct grid grid;
	char keys[32];
	int row, col;

	open_lab_at(lab, 40, 120, NULL);
	assert_int_equal(grid_take(&grid, &lab->tty), 0);
	assert_true(grid_find(&grid, "\u2514\u2500client", &row, &col));
	grid_free(&grid);
	snprintf(keys, sizeof(keys), "\033[<0;%d;%dM", col + 4, row + 1);
	press(lab, keys);
	program_expect(&lab->tty, MARK "client");
	quit(lab);
}

/* A long block is in the findings when it is over, and leads back to it. */
static void
a_block_of_the_past_can_be_gone_to(void **state)
{
	struct lab *lab = *state;

	open_lab_at(lab, 40, 120, NULL);
	press(lab, "l4m400\r");
	program_expect(&lab->tty, "last block ");
	press(lab, "!");
	program_expect(&lab->tty, " ms on the loop of stage");
	program_expect(&lab->tty, "Nothing is wrong now.");
	press(lab, "\r");
	program_expect(&lab->tty, "PAUSED");
	program_expect(&lab->tty, MARK "main thread of stage");
	quit(lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    with_lab(a_waiting_request_lights_up_what_belongs_to_it),
	    with_lab(it_is_marked_while_all_goes_on),
	    with_lab(without_utf8_and_colour_too),
	    with_lab(a_click_selects),
	    with_lab(a_block_of_the_past_can_be_gone_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
