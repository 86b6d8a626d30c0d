/* The cluster of the lab, from its menu: reload, respawn, policies, Node. */
#include "program.h"
#include "test.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

struct lab {
	struct tty tty;
	char mark[64];
};

static void
press(struct lab *lab, const char *keys)
{
	assert_int_equal(tty_keys(&lab->tty, keys), 0);
}

static int
open_lab(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	*state = lab;
	program_start_tty(&lab->tty, lab->mark, NULL, 40, 120, NULL);
	program_expect(&lab->tty, "EVENT LOOP RESPONSIVE");
	program_expect(&lab->tty, "200 pong");
	return 0;
}

static int
close_lab(void **state)
{
	struct lab *lab = *state;
	int status = 0;

	press(lab, "q");
	assert_int_equal(tty_wait_exit(&lab->tty, PROGRAM_MS, &status), 0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	tty_close(&lab->tty);
	program_assert_no_orphans(lab->mark);
	free(lab);
	return 0;
}

/* looptop, stage, client, worker 1. */
static void
kill_first(struct lab *lab)
{
	press(lab, "1");
	press(lab, "jjj");
	press(lab, "K");
	program_expect(&lab->tty, "Signal worker");
	press(lab, "k");
}

static void
workers_are_replaced_one_by_one(void **state)
{
	struct lab *lab = *state;

	press(lab, "uf2\r0\r");
	program_expect(&lab->tty, "the primary deals");
	program_expect(&lab->tty, "newconn");
	press(lab, "ur");
	program_expect(&lab->tty, "worker 4");
	program_expect(&lab->tty, "All workers are new");
}

static void
who_dies_is_forked_again_when_respawn_is_on(void **state)
{
	struct lab *lab = *state;

	press(lab, "ua");
	program_expect(&lab->tty, "Workers that die are forked again.");
	press(lab, "uf2\r0\r");
	program_expect(&lab->tty, "newconn");
	kill_first(lab);
	program_expect(&lab->tty, "was killed by signal 9");
	program_expect(&lab->tty, "worker 3");
	press(lab, "uo");
	program_expect(&lab->tty, "Workers that die stay dead.");
}

static void
the_policy_holds_for_the_next_cluster(void **state)
{
	struct lab *lab = *state;

	press(lab, "us");
	program_expect(&lab->tty, "Shared handle: the workers accept.");
	press(lab, "uf2\r0\r");
	program_expect(&lab->tty, ": the workers accept.");
	program_expect(&lab->tty, "200 pong");
	press(lab, "up");
	program_expect(&lab->tty, "from the next cluster on");
	press(lab, "ud");
}

static void
there_is_nothing_to_reload_without_workers(void **state)
{
	struct lab *lab = *state;

	press(lab, "ur");
	program_expect(&lab->tty, "There is no worker to reload.");
}

static void
workers_of_a_real_node_serve_beside_ours(void **state)
{
	struct lab *lab = *state;

	if (!program_has_node())
		skip_because("there is no node");
	press(lab, "uf1\r0\r");
	program_expect(&lab->tty, "newconn");
	press(lab, "un1\r");
	program_expect(&lab->tty, "node");
	program_expect(&lab->tty, "listening");
	press(lab, "ul");
}

#define LAB_TEST(test) \
	cmocka_unit_test_setup_teardown(test, open_lab, close_lab)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    LAB_TEST(workers_are_replaced_one_by_one),
	    LAB_TEST(who_dies_is_forked_again_when_respawn_is_on),
	    LAB_TEST(the_policy_holds_for_the_next_cluster),
	    LAB_TEST(there_is_nothing_to_reload_without_workers),
	    LAB_TEST(workers_of_a_real_node_serve_beside_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
