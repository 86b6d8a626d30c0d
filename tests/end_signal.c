/* Signals from the screen: to all of a process group, once it has been shown.
 */
#include "lab.h"

#include <string.h>

static void
a_group_is_shown_and_then_signalled(void **state)
{
	struct lab *lab = *state;

	program_start_tty(&lab->tty, lab->mark, ARGS(NULL), 40, 120, NULL);
	program_expect(&lab->tty, "EVENT LOOP RESPONSIVE");
	/* A shell and two sleeps, in a group of their own. */
	press(lab, "cd\r");
	program_expect(&lab->tty, "\u251c\u2500sleep");
	program_expect(&lab->tty, "\u2514\u2500sleep");
	press(lab, "1G");
	program_expect(&lab->tty, "\u258csleep");
	press(lab, "K");
	program_expect(&lab->tty, "all of its group ");
	program_expect(&lab->tty, ": 3 processes...");
	press(lab, "g");
	program_expect(&lab->tty, "Signal all 3 of group ");
	press(lab, "t");
	program_expect(&lab->tty, "SIGTERM was sent to group ");
	program_expect_gone(&lab->tty, "\u2500sleep");
	press(lab, "q");
}

/* It is looptop's own group, or the lab's programs hang from it. */
static void
one_can_leave_the_list(void **state)
{
	struct lab *lab = *state;

	program_start_tty(&lab->tty, lab->mark, ARGS(NULL), 40, 120, NULL);
	program_expect(&lab->tty, "EVENT LOOP RESPONSIVE");
	press(lab, "1jK");
	program_expect(&lab->tty, "Signal stage");
	press(lab, "\033");
	program_expect_gone(&lab->tty, "Signal stage");
	press(lab, "q");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_group_is_shown_and_then_signalled,
	                                    setup, teardown),
	    cmocka_unit_test_setup_teardown(one_can_leave_the_list, setup,
	                                    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
