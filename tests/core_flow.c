/* The newest messages, found by channel and number; older ones forgotten. */
#include "test.h"

#include "core/flow.h"

#include <string.h>

static int
set_up(void **state)
{
	static struct flows flows;

	memset(&flows, 0, sizeof(flows));
	*state = &flows;
	return 0;
}

static void
has_none_at_first(void **state)
{
	struct flows *flows = *state;

	assert_null(flow_find(flows, 0, 0));
	assert_null(flow_at(flows, 0));
	assert_null(flow_at(flows, 1));
	assert_null(flow_at(flows, UINT64_MAX));
	assert_int_equal(flow_oldest(flows), flows->newest + 1);
}

static void
finds_by_channel_direction_and_number(void **state)
{
	struct flows *flows = *state;
	struct flow *forth = flow_add(flows, 2, 1);
	struct flow *back = flow_add(flows, 3, 1);
	struct flow *second = flow_add(flows, 2, 2);

	assert_int_equal(second->channel, 2);
	assert_int_equal(second->number, 2);
	assert_ptr_equal(flow_find(flows, 2, 1), forth);
	assert_ptr_equal(flow_find(flows, 3, 1), back);
	assert_ptr_equal(flow_find(flows, 2, 2), second);
	assert_null(flow_find(flows, 3, 2));
	assert_null(flow_find(flows, 0, 0));
	assert_ptr_equal(flow_at(flows, 1), forth);
	assert_ptr_equal(flow_at(flows, 2), back);
	assert_ptr_equal(flow_at(flows, 3), second);
	assert_null(flow_at(flows, 4));
	assert_int_equal(flows->newest, 3);
	assert_int_equal(flow_oldest(flows), 1);
}

/* A channel's name comes again when its pids do. */
static void
finds_the_newest_of_the_same_name(void **state)
{
	struct flows *flows = *state;
	struct flow *first = flow_add(flows, 2, 1), *second;

	first->sent = 5;
	second = flow_add(flows, 2, 1);
	assert_ptr_not_equal(first, second);
	assert_ptr_equal(flow_find(flows, 2, 1), second);
	assert_int_equal(second->sent, 0);
	assert_int_equal(first->sent, 5);
}

static void
forgets_the_oldest_with_its_number(void **state)
{
	struct flows *flows = *state;

	for (uint64_t i = 1; i <= 3 * FLOWS; i++) {
		struct flow *flow = flow_add(flows, 2, i);

		assert_int_equal(flow->sent, 0);
		flow->sent = i;
		flow->text[0] = 'x';
		if (i > FLOWS) {
			assert_null(flow_find(flows, 2, i - FLOWS));
			assert_null(flow_at(flows, i - FLOWS));
		}
		assert_int_equal(flow_oldest(flows),
		                 i > FLOWS ? i - FLOWS + 1 : 1);
	}
	for (uint64_t i = 2 * FLOWS + 1; i <= 3 * FLOWS; i++) {
		assert_int_equal(flow_find(flows, 2, i)->sent, i);
		assert_int_equal(flow_at(flows, i)->number, i);
	}
}

/* All ids, the kept and the forgotten, through chains that were never cut. */
static void
agrees_with_a_slow_search(void **state)
{
	enum { CHANNELS_N = 3, NUMBERS = FLOWS };
	struct flows *flows = *state;
	uint64_t newest[CHANNELS_N][NUMBERS] = {{0}}, chance = 3;

	for (int step = 0; step < 6 * FLOWS + 500; step++) {
		uint64_t channel, number, id;
		struct flow *flow;

		chance = chance * 6364136223846793005u + 1442695041u;
		channel = (chance >> 33) % CHANNELS_N;
		number = (chance >> 40) % NUMBERS;
		id = newest[channel][number];
		flow = flow_find(flows, channel, number);
		if (id && id + FLOWS > flows->newest)
			assert_ptr_equal(flow, flow_at(flows, id));
		else
			assert_null(flow);
		if (chance >> 63)
			continue;
		flow_add(flows, channel, number);
		newest[channel][number] = flows->newest;
	}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
	const struct CMUnitTest tests[] = {
	    TEST(has_none_at_first),
	    TEST(finds_by_channel_direction_and_number),
	    TEST(finds_the_newest_of_the_same_name),
	    TEST(forgets_the_oldest_with_its_number),
	    TEST(agrees_with_a_slow_search),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
