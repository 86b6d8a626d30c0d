/* Births that looking would miss: each source, and what the observer makes of
 * its records. What this machine does not permit is skipped aloud. */
#include "observe_said.h"

#include "observe/nursery.h"

#include <sys/epoll.h>

enum { MANY = 60 };

/* ---- the helper: a mother of many ---- */

static void
child_ends(char order, int n)
{
	if (order == 'k' && n == 0)
		raise(SIGKILL);
	if (order == 'x')
		execl("/bin/true", "true", NULL);
	_exit(n % 3);
}

/* m: MANY children, one after the other; k: one is killed; x: they exec;
 * o: a child with a child that loses it; z: a zombie that stays. */
static void
play_mother(void)
{
	char order;

	while ((order = helper_hear()) != 'q') {
		int count = order == 'o' || order == 'z' ? 1 : MANY;
		pid_t pid = 0;

		for (int i = 0; i < count; i++) {
			pid = fork();
			if (pid == 0 && order == 'o' && fork() == 0)
				_exit(5);
			if (pid == 0)
				child_ends(order, i);
			if (order != 'z')
				waitpid(pid, NULL, 0);
		}
		helper_say(pid);
	}
}

static const struct helper_role roles[] = {
    {"@mother", play_mother},
    {NULL, NULL},
};

/* ---- watching one ---- */

/* The guard's part is played by us: what we fork from now on is watched. */
static void
watch_mother(struct watching *watching, enum births_source source)
{
	observe_births(watching->observe, source);
	if (nursery_source(watching->observe->nursery) != source) {
		skip_because("this way to see births is not permitted here");
	}
	observe_root(watching->observe, getpid());
	helper_start(&watching->helper, "@mother");
	observe_anchor(watching->observe, getpid());
	observe_started(watching->observe, watching->helper.pid, getpid(),
	                BIRTH_RUN, "mother");
}

/* The mother does it; no look is taken meanwhile. */
static void
let(struct watching *watching, char order)
{
	helper_ask(&watching->helper, order);
	for (int i = 0; i < 3; i++)
		watching_round(watching);
	observe_finish(watching->observe, helper_now());
}

/* `alone`: records of no other processes take its room. */
static void
assert_many(struct watching *watching, bool alone)
{
	const struct said *born = NULL;
	pid_t mother = watching->helper.pid;
	uint64_t missed =
	    said_next(watching, NULL, EVENT_BIRTHS, 0, 0)->event.number;
	int count = 0;

	while ((born = said_next(watching, born, EVENT_PROCESS_BORN, 0, 0))) {
		const struct said *died;

		if (born->event.pid == (uint32_t)mother)
			continue;
		count++;
		assert_int_equal(born->event.other_pid, mother);
		died = said_next(watching, born, EVENT_PROCESS_DIED,
		                 born->event.pid, 0);
		assert_non_null(died);
		assert_true(died->event.time >= born->event.time);
	}
	/* Others on this machine may make it overflow; then it says so. */
	if (missed && !alone) {
		assert_true((uint64_t)count + missed >= MANY);
		return;
	}
	assert_int_equal(missed, 0);
	assert_int_equal(count, MANY);
	assert_int_equal(said_count(watching, EVENT_PROCESS_DIED, 0), MANY);
}

static void
see_many(struct watching *watching, enum births_source source)
{
	watch_mother(watching, source);
	let(watching, 'm');
	assert_many(watching, source == BIRTHS_TREE);
}

static void
the_connector_sees_all(void **state)
{
	see_many(*state, BIRTHS_CONNECTOR);
}

static void
perf_sees_all(void **state)
{
	see_many(*state, BIRTHS_TREE);
}

static void
perf_of_the_machine_sees_all(void **state)
{
	see_many(*state, BIRTHS_MACHINE);
}

static void
an_end_is_told_with_its_status(void **state)
{
	struct watching *watching = *state;
	const struct said *died = NULL;
	int killed = 0, codes[3] = {0};

	watch_mother(watching, BIRTHS_TREE);
	if (!nursery_has_status(watching->observe->nursery))
		skip_because("perf cannot say how a child ended here");
	let(watching, 'k');
	while ((died = said_next(watching, died, EVENT_PROCESS_DIED, 0, 0))) {
		if (died->event.number == DEATH_SIGNAL)
			killed += died->event.value == SIGKILL;
		else if (died->event.number == DEATH_CODE)
			codes[died->event.value % 3]++;
	}
	assert_int_equal(killed, 1);
	assert_int_equal(codes[0] + codes[1] + codes[2], MANY - 1);
	assert_int_equal(codes[1], (MANY + 1) / 3);
}

static void
a_name_is_what_was_run(void **state)
{
	struct watching *watching = *state;
	const struct said *born = NULL;

	watch_mother(watching, BIRTHS_TREE);
	let(watching, 'x');
	assert_many(watching, true);
	while ((born = said_next(watching, born, EVENT_PROCESS_BORN, 0, 0)))
		if (born->event.pid != (uint32_t)watching->helper.pid)
			assert_string_equal(born->text, "true");
}

static void
an_orphan_keeps_its_parent(void **state)
{
	struct watching *watching = *state;
	const struct said *one, *other;

	watch_mother(watching, BIRTHS_TREE);
	let(watching, 'o');
	one = said_next(watching, NULL, EVENT_PROCESS_BORN, 0, 0);
	one = said_next(watching, one, EVENT_PROCESS_BORN, 0, 0);
	assert_non_null(one);
	other = said_next(watching, one, EVENT_PROCESS_BORN, 0, 0);
	assert_non_null(other);
	assert_int_equal(one->event.other_pid, watching->helper.pid);
	assert_int_equal(other->event.other_pid, one->event.pid);
}

/* It is in the records, and in the list of its parent's children. */
static void
a_zombie_is_told_once(void **state)
{
	struct watching *watching = *state;
	int64_t pid;

	watch_mother(watching, BIRTHS_TREE);
	pid = helper_ask(&watching->helper, 'z');
	for (int i = 0; i < 20; i++)
		watching_round(watching);
	observe_finish(watching->observe, helper_now());
	assert_died(watching, pid, DEATH_CODE, 0);
	assert_int_equal(said_count(watching, EVENT_PROCESS_BORN, pid), 1);
}

/* A child that has ended and has not been waited for (wait(2)) is said to be a
 * zombie, once. */
static void
a_zombie_that_stays_is_said_to_be_one(void **state)
{
	struct watching *watching = *state;
	const struct said *said = NULL;
	int64_t pid;

	watch_mother(watching, BIRTHS_TREE);
	pid = helper_ask(&watching->helper, 'z');
	for (int i = 0; i < 2000 && !said; i++) {
		watching_round(watching);
		said = said_next(watching, NULL, EVENT_PROCESS_ZOMBIE, pid, 0);
	}
	assert_non_null(said);
	assert_int_equal(said->event.number, 1);
	assert_int_equal(said->event.other_pid, watching->helper.pid);
	for (int i = 0; i < 20; i++)
		watching_round(watching);
	assert_int_equal(said_count(watching, EVENT_PROCESS_ZOMBIE, pid), 1);
}

/* By looking: what was seen and what was missed is all there was. Others fork
 * on this machine too, so there may be more. */
static void
the_missed_are_counted(void **state)
{
	struct watching *watching = *state;
	const struct said *missed;
	uint64_t forks;

	watch_mother(watching, BIRTHS_NONE);
	forks = births_forks();
	let(watching, 'm');
	forks = births_forks() - forks;
	missed = said_next(watching, NULL, EVENT_BIRTHS, 0, 0);
	assert_non_null(missed);
	assert_string_equal(missed->text, "looking");
	assert_true(said_count(watching, EVENT_PROCESS_BORN, 0) < MANY);
	assert_true(missed->event.number +
	                (uint64_t)said_count(watching, EVENT_PROCESS_BORN, 0) >=
	            MANY + 1);
	assert_true(forks >= MANY);
}

/* A tree that runs already. */
static void
attached_it_sees_what_comes(void **state)
{
	struct watching *watching = *state;
	enum births_source source;

	helper_start(&watching->helper, "@mother");
	observe_births(watching->observe, BIRTHS_TREE);
	source = nursery_source(watching->observe->nursery);
	if (source != BIRTHS_TREE)
		skip_because("perf task records are not permitted here");
	assert_int_equal(
	    observe_watch(watching->observe, watching->helper.pid, BIRTH_SEEN),
	    0);
	let(watching, 'm');
	assert_many(watching, true);
}

/* ---- the queue ---- */

static void
records_come_in_order(void **state)
{
	struct births *births;
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct birth_record record;

	(void)state;
	assert_int_equal(births_open(&births, BIRTHS_NONE, epoll), 0);
	assert_int_equal(births_source(births), BIRTHS_NONE);
	for (int i = 0; i < 1000; i++) {
		record = (struct birth_record){
		    .kind = BIRTH_OF,
		    .pid = i,
		    .time = (uint64_t)(i * 7919 % 1000) + 10,
		};
		birth_queue_add(births_queue(births), &record);
	}
	assert_false(births_next(births, 9, &record));
	for (uint64_t time = 10; time < 500; time++) {
		assert_true(births_next(births, 499, &record));
		assert_int_equal(record.time, time);
	}
	assert_false(births_next(births, 499, &record));
	record.time = 300;
	birth_queue_add(births_queue(births), &record);
	assert_true(births_next(births, 499, &record));
	assert_int_equal(record.time, 300);
	while (births_next(births, UINT64_MAX, &record))
		;
	assert_int_equal(record.time, 1009);
	births_close(births);
	close(epoll);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, watching_setup, watching_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_connector_sees_all),
	    TEST(perf_sees_all),
	    TEST(perf_of_the_machine_sees_all),
	    TEST(an_end_is_told_with_its_status),
	    TEST(a_name_is_what_was_run),
	    TEST(an_orphan_keeps_its_parent),
	    TEST(a_zombie_is_told_once),
	    TEST(a_zombie_that_stays_is_said_to_be_one),
	    TEST(the_missed_are_counted),
	    TEST(attached_it_sees_what_comes),
	    cmocka_unit_test(records_come_in_order),
	};

	helper_play(argc, argv, roles);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
