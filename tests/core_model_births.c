/* A program that starts children by the thousand: they come and go, the living
 * stay, the totals are exact. And what was missed; and queues of channels. */
#include "model_lives.h"

enum { SHORT = 1000, LIVING = 3 };

static void
short_lives_do_not_push_out_the_living(void **state)
{
	struct model *model = *state;
	uint64_t time = 1000;

	for (uint32_t i = 1; i <= LIVING; i++)
		born(model, time++, i);
	for (uint32_t i = 0; i < SHORT; i++) {
		uint32_t pid = 100 + i;

		assert_true(born(model, time++, pid));
		assert_true(died(model, time++, pid, DEATH_CODE, i % 10 == 0));
	}
	for (uint32_t i = 1; i <= LIVING; i++) {
		const struct process *process =
		    actor_process(&model->actors, i);

		assert_non_null(process);
		assert_int_equal(process->row.died, 0);
	}
	assert_int_equal(model->totals.processes, SHORT + LIVING);
	assert_int_equal(model->totals.crashed, SHORT / 10);
	assert_int_equal(model->actors.process_table.unstored, 0);
	/* The newest can still be shown. */
	assert_non_null(actor_process(&model->actors, 100 + SHORT - 1));
}

/* Their records may come in one go, the parent's birth among them. */
static void
a_birth_and_a_death_may_be_told_at_once(void **state)
{
	struct model *model = *state;

	born(model, 1000, 1);
	assert_true(tell(model,
	                 (struct event){.kind = EVENT_PROCESS_BORN,
	                                .time = 1100,
	                                .pid = 50,
	                                .other_pid = 1},
	                 "true"));
	assert_true(died(model, 1150, 50, DEATH_UNKNOWN, 0));
	assert_false(died(model, 1160, 50, DEATH_CODE, 0));
	assert_int_equal(actor_process(&model->actors, 50)->ppid, 1);
	assert_int_equal(actor_process(&model->actors, 50)->row.died, 1150);
	assert_int_equal(model->totals.crashed, 0);
}

static void
what_was_missed_is_known(void **state)
{
	struct model *model = *state;

	assert_string_equal(model->births_source, "");
	tell(model, (struct event){.kind = EVENT_BIRTHS, .number = 17},
	     "looking");
	assert_int_equal(model->births_missed, 17);
	assert_string_equal(model->births_source, "looking");
	tell(model, (struct event){.kind = EVENT_BIRTHS},
	     "a way with a name that is far too long to be kept whole");
	assert_int_equal(model->births_missed, 0);
	assert_int_equal(strlen(model->births_source),
	                 sizeof(model->births_source) - 1);
}

static void
a_queue_belongs_to_its_channel(void **state)
{
	struct model *model = *state;
	struct event queue = {
	    .kind = EVENT_CHANNEL_QUEUE,
	    .channel = channel_id(CHANNEL_SOCKET, 1, 2),
	    .number = 10,
	    .size = 20,
	    .value = 3,
	};
	struct event channel = {
	    .kind = EVENT_CHANNEL_BORN,
	    .pid = 1,
	    .other_pid = 2,
	    .channel = queue.channel,
	    .number = CHANNEL_SOCKET,
	};

	/* Not known yet: nothing to keep it in. */
	assert_true(tell(model, queue, ""));
	assert_null(model_channel(model, queue.channel));
	tell(model, channel, "stdin");
	tell(model, queue, "");
	assert_int_equal(model_channel(model, queue.channel)->waits_a, 10);
	assert_int_equal(model_channel(model, queue.channel)->waits_b, 20);
	assert_int_equal(model_channel(model, queue.channel)->connections, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(short_lives_do_not_push_out_the_living,
	                           set_up),
	    cmocka_unit_test_setup(a_birth_and_a_death_may_be_told_at_once,
	                           set_up),
	    cmocka_unit_test_setup(what_was_missed_is_known, set_up),
	    cmocka_unit_test_setup(a_queue_belongs_to_its_channel, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
