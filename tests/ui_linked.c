/* What belongs together, and its words: pure. */
#include "ui_links.h"

static void
a_message_has_its_sender_its_receiver_and_what_it_waits_for(void **state)
{
	struct links *links = *state;
	const struct linked_span *span;

	make(links, select_flow(first_waiting(&links->world.model)));
	assert_int_equal(linked_process(&links->linked, WORLD_CLIENT),
	                 LINK_FROM);
	assert_int_equal(linked_process(&links->linked, WORLD_STAGE), LINK_TO);
	assert_int_equal(linked_process(&links->linked, WORLD_LOOPTOP),
	                 LINK_NONE);
	assert_int_equal(thread_link(links, WORLD_CLIENT), LINK_FROM);
	assert_int_equal(thread_link(links, WORLD_STAGE), LINK_TO);
	assert_int_equal(links->linked.span_count, 2);
	span = &links->linked.spans[0];
	assert_int_equal(span->meaning, LINKED_BLOCK);
	assert_int_equal(span->tid, WORLD_STAGE);
	assert_string_equal(span->name, "fib(45)");
	assert_int_equal(links->linked.spans[1].meaning, LINKED_WAIT);
	assert_true(links->linked.spans[1].end == links->world.model.now);
	assert_non_null(linked_span_at(&links->linked, WORLD_STAGE, span->begin,
	                               span->begin + 1));
	assert_null(linked_span_at(&links->linked, WORLD_CLIENT, span->begin,
	                           span->begin + 1));
}

static void
its_words_say_who_to_whom_how_long_and_why(void **state)
{
	struct links *links = *state;
	char words[LINKED_WORDS];

	make(links, select_flow(first_waiting(&links->world.model)));
	assert_string_equal(links->linked.words,
	                    "GET /ping #50: client 4102 \u2192 stage 4101; "
	                    "waits 339 ms for fib(45) on stage's loop");
	assert_string_equal(linked_words(&links->linked, 70, words),
	                    "GET /ping #50: client 4102 \u2192 stage 4101; "
	                    "waits 339 ms for fib(45)");
	assert_string_equal(linked_words(&links->linked, 50, words),
	                    "GET /ping #50: client 4102 \u2192 stage 4101");
}

static void
a_message_that_arrived_says_what_it_waited_for(void **state)
{
	struct links *links = *state;
	const struct flow *flow = first_waiting(&links->world.model);
	struct selection thing = select_flow(flow);

	world_offloaded(&links->world);
	make(links, thing);
	assert_non_null(strstr(links->linked.words,
	                       "; waited 591 ms for fib(45) on stage's loop"));
	assert_int_equal(links->linked.spans[0].meaning, LINKED_BLOCK);
}

static void
a_process_has_its_threads_messages_and_channels(void **state)
{
	struct links *links = *state;
	struct selection stage = {.kind = SELECT_PROCESS, .pid = WORLD_STAGE};
	const struct model *model = &links->world.model;
	struct selection row;

	world_offloaded(&links->world);
	make(links, stage);
	assert_int_equal(thread_link(links, WORLD_STAGE), LINK_PART);
	assert_int_equal(thread_link(links, WORLD_THREAD), LINK_PART);
	assert_int_equal(thread_link(links, WORLD_CLIENT), LINK_NONE);
	assert_int_equal(linked_process(&links->linked, WORLD_STAGE),
	                 LINK_SELF);
	row = select_flow(flow_at(&model->flows, model->flows.newest));
	assert_int_equal(linked_row(&links->linked, &row), LINK_PART);
	for (uint32_t i = 0; i < model->channel_table.count; i++)
		assert_int_equal(
		    linked_channel(&links->linked, &model->channels[i]) != 0,
		    model->channels[i].a_pid == WORLD_STAGE ||
			model->channels[i].b_pid == WORLD_STAGE);
}

static void
a_thread_has_its_process_but_not_the_other_threads(void **state)
{
	struct links *links = *state;
	const struct actors *actors = &links->world.model.actors;

	world_offloaded(&links->world);
	make(links, select_thread(actor_thread(actors, WORLD_THREAD)));
	assert_int_equal(thread_link(links, WORLD_THREAD), LINK_SELF);
	assert_int_equal(thread_link(links, WORLD_STAGE), LINK_NONE);
	assert_int_equal(linked_process(&links->linked, WORLD_STAGE),
	                 LINK_PART);
	assert_non_null(strstr(links->linked.words,
	                       "worker thread of stage 4101; runs fib(45)"));
}

/* An actor and what it is an end of belong to each other, whichever of the two
 * is selected. */
static void
the_relation_goes_both_ways(void **state)
{
	struct links *links = *state;
	struct model *model = &links->world.model;
	struct selection things[PANE_ROWS];
	struct view view = {
	    .model = model,
	    .now = model->now,
	    .rows = 40,
	    .cols = 120,
	    .own_pid = WORLD_LOOPTOP,
	};
	int count = 0;

	world_cluster(&links->world);
	view.now = model->now;
	for (int pane = 0; pane < PANES; pane++)
		count +=
		    panes[pane].list(&view, things + count, PANE_ROWS - count);
	assert_true(count > 20);
	for (int i = 0; i < count; i++)
		for (int k = 0; k < count; k++) {
			struct linked one = {.of = things[i]};
			struct linked other = {.of = things[k]};

			assert_int_equal(linked_row(&one, &things[k]) != 0,
			                 linked_row(&other, &things[i]) != 0);
		}
}

static void
nothing_selected_links_nothing(void **state)
{
	struct links *links = *state;
	struct selection nothing = {.kind = SELECT_NONE};

	make(links, nothing);
	assert_int_equal(linked_process(&links->linked, WORLD_STAGE),
	                 LINK_NONE);
	assert_int_equal(linked_row(NULL, &nothing), LINK_NONE);
	assert_string_equal(links->linked.words, "");
}

/* A recording may name anybody. */
static void
what_is_unknown_is_named_by_its_number(void **state)
{
	struct links *links = *state;
	struct selection stranger = {.kind = SELECT_PROCESS, .pid = 77};

	make(links, stranger);
	assert_non_null(
	    strstr(links->linked.words, "pid 77: none of its threads"));
	stranger = (struct selection){.kind = SELECT_THREAD, .tid = 77};
	make(links, stranger);
	assert_string_equal(links->linked.words, "");
	stranger = (struct selection){
	    .kind = SELECT_MESSAGE, .pid = 1, .to_pid = 2, .number = 3};
	make(links, stranger);
	assert_string_equal(links->linked.words,
	                    "message #3: pid 1 \u2192 pid 2");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    with_links(
		a_message_has_its_sender_its_receiver_and_what_it_waits_for),
	    with_links(its_words_say_who_to_whom_how_long_and_why),
	    with_links(a_message_that_arrived_says_what_it_waited_for),
	    with_links(a_process_has_its_threads_messages_and_channels),
	    with_links(a_thread_has_its_process_but_not_the_other_threads),
	    with_links(the_relation_goes_both_ways),
	    with_links(nothing_selected_links_nothing),
	    with_links(what_is_unknown_is_named_by_its_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
