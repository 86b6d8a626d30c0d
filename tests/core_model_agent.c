/* What Node's agent says, and how it meets what others say. */
#include "model_lives.h"

enum { MS = 1000000, NODE = 10, CHILD = 20, THREAD = 21 };

static bool
agent_speaks(struct model *model, uint64_t time, uint32_t pid)
{
	return tell(
	    model,
	    (struct event){.kind = EVENT_AGENT, .time = time, .pid = pid},
	    "v20.20.2");
}

static void
it_may_speak_before_its_process_is_announced(void **state)
{
	struct model *model = *state;

	assert_true(agent_speaks(model, 5, NODE));
	assert_true(born(model, 6, NODE));
	assert_false(born(model, 7, NODE));
	assert_true(actor_process(&model->actors, NODE)->agent);
	assert_false(actor_process(&model->actors, NODE)->runtime);
	assert_int_equal(model->totals.processes, 1);
}

static void
what_a_parent_calls_its_child_is_not_the_childs_word(void **state)
{
	struct model *model = *state;
	char label[NAME_BYTES];

	born(model, 1, CHILD);
	tell(model,
	     (struct event){.kind = EVENT_PROCESS_TITLE,
	                    .time = 2,
	                    .pid = CHILD,
	                    .number = WITNESS_AGENT},
	     "worker 1");
	assert_false(actor_process(&model->actors, CHILD)->runtime);
	assert_string_equal(
	    model_process_label(actor_process(&model->actors, CHILD), label,
	                        sizeof(label)),
	    "worker 1");
}

static bool
port_born(struct model *model, uint64_t channel, uint32_t tid)
{
	return tell(model,
	            (struct event){.kind = EVENT_CHANNEL_BORN,
	                           .time = 3,
	                           .pid = NODE,
	                           .tid = tid,
	                           .channel = channel,
	                           .number = CHANNEL_PORT},
	            "");
}

static void
a_port_is_announced_by_both_ends(void **state)
{
	struct model *model = *state;
	uint64_t channel = channel_id(CHANNEL_PORT, NODE, 1);

	born(model, 1, NODE);
	assert_true(port_born(model, channel, NODE));
	assert_true(port_born(model, channel, THREAD));
	assert_false(port_born(model, channel, THREAD));
	assert_int_equal(model_channel(model, channel)->a_tid, NODE);
	assert_int_equal(model_channel(model, channel)->b_tid, THREAD);
}

static const struct channel_row *
moved(struct model *model, uint64_t channel, uint32_t tid)
{
	port_born(model, channel, tid);
	return model_channel(model, channel);
}

/* Its port was transferred: who sends back is b, whoever speaks first. */
static void
a_port_may_move_to_another_thread(void **state)
{
	struct model *model = *state;
	uint64_t channel = channel_id(CHANNEL_PORT, NODE, 1);
	const struct channel_row *row;

	born(model, 1, NODE);
	row = moved(model, channel | CHANNEL_BACK, THREAD);
	assert_int_equal(row->a_pid, 0);
	assert_int_equal(row->b_tid, THREAD);
	row = moved(model, channel, NODE);
	assert_int_equal(row->a_tid, NODE);
	assert_int_equal(row->b_tid, THREAD);
	row = moved(model, channel, THREAD + 1);
	assert_int_equal(row->a_tid, THREAD + 1);
	row = moved(model, channel | CHANNEL_BACK, THREAD + 2);
	assert_int_equal(row->a_tid, THREAD + 1);
	assert_int_equal(row->b_tid, THREAD + 2);
}

static void
messages_that_were_only_counted_count(void **state)
{
	struct model *model = *state;
	uint64_t channel = channel_id(CHANNEL_IPC, NODE, CHILD);
	struct event gauge = {.kind = EVENT_CHANNEL_GAUGE,
	                      .time = 4,
	                      .pid = NODE,
	                      .channel = channel,
	                      .number = 100};

	born(model, 1, NODE);
	port_born(model, channel, NODE);
	tell(model,
	     (struct event){.kind = EVENT_MESSAGE_SEND,
	                    .time = 3,
	                    .pid = NODE,
	                    .channel = channel,
	                    .number = 1},
	     "");
	tell(model, gauge, "");
	tell(model, gauge, "");
	assert_int_equal(model->totals.sent, 1);
	assert_int_equal(model->totals.untold, 99);
}

static void
sent(struct model *model, uint64_t channel, uint64_t number)
{
	tell(model,
	     (struct event){.kind = EVENT_MESSAGE_SEND,
	                    .time = 3,
	                    .pid = NODE,
	                    .channel = channel,
	                    .number = number},
	     "");
}

/* Between two that were told; and some of them after all. */
static void
messages_whose_records_were_lost_count(void **state)
{
	struct model *model = *state;
	uint64_t channel = channel_id(CHANNEL_IPC, NODE, CHILD);

	born(model, 1, NODE);
	port_born(model, channel, NODE);
	sent(model, channel, 3);
	assert_int_equal(model->totals.untold, 2);
	sent(model, channel, 10);
	sent(model, channel | CHANNEL_BACK, 1);
	assert_int_equal(model->totals.untold, 8);
	sent(model, channel, 5);
	assert_int_equal(model->totals.untold, 7);
	assert_int_equal(model->totals.sent + model->totals.untold, 11);
	/* A port that has moved counts from 1 again. */
	sent(model, channel | CHANNEL_BACK, 1);
	assert_int_equal(model->totals.untold, 7);
}

static bool
cause_is(struct model *model, uint64_t time, const char *words)
{
	return tell(
	    model,
	    (struct event){.kind = EVENT_LOOP_CAUSE, .time = time, .pid = NODE},
	    words);
}

static bool
cause(struct model *model, uint64_t time)
{
	return cause_is(model, time, "hashPassword (auth.js:41)");
}

static void
a_cause_is_of_the_block_that_lasts(void **state)
{
	struct model *model = *state;
	const struct thread *thread;

	born(model, 1, NODE);
	assert_false(cause(model, 10 * MS));
	tell(model,
	     (struct event){.kind = EVENT_LOOP_BLOCKED,
	                    .time = 100 * MS,
	                    .pid = NODE,
	                    .number = WITNESS_OUTSIDE,
	                    .value = 50 * MS},
	     "computing");
	assert_true(cause(model, 110 * MS));
	thread = actor_thread(&model->actors, NODE);
	assert_string_equal(thread->loop.cause, "hashPassword (auth.js:41)");
	assert_int_equal(thread->loop.witness, WITNESS_AGENT);
	/* It is asked again; the last answer is the one that counts. */
	assert_false(cause(model, 120 * MS));
	assert_true(cause_is(model, 200 * MS, "save (db.js:7)"));
	assert_string_equal(thread->loop.cause, "save (db.js:7)");
	tell(model,
	     (struct event){.kind = EVENT_LOOP_FREED,
	                    .time = 300 * MS,
	                    .pid = NODE,
	                    .value = 250 * MS},
	     "hashPassword (auth.js:41)");
	assert_false(cause(model, 310 * MS));
}

#define with_model(test) cmocka_unit_test_setup(test, set_up)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    with_model(it_may_speak_before_its_process_is_announced),
	    with_model(what_a_parent_calls_its_child_is_not_the_childs_word),
	    with_model(a_port_is_announced_by_both_ends),
	    with_model(a_port_may_move_to_another_thread),
	    with_model(messages_that_were_only_counted_count),
	    with_model(messages_whose_records_were_lost_count),
	    with_model(a_cause_is_of_the_block_that_lasts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
