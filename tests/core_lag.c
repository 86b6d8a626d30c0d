/* Lag: what a loop says of its iterations, and what is made of it. */
#include "test.h"

#include "core/lag.h"

#include <stdlib.h>
#include <string.h>

static void
a_loop_that_never_blocks_has_no_lag(void **state)
{
	struct histogram lengths = {0};
	struct lag_shares shares;
	struct lags lags = {0};
	char text[LAG_TEXT];

	(void)state;
	for (int i = 0; i < 1000; i++)
		histogram_add(&lengths, 10000);
	lag_write(text, &lengths, 1000000000);
	assert_string_equal(text, "1000000 0 0 0 0 0");
	lag_read(&lags, text, 10000);
	lag_sum(&lags, 0, &shares);
	assert_true(shares.share[0] == 1);
	assert_true(shares.window == 1000000000);
	assert_true(shares.worst == 10000);
}

/* One iteration of 400 ms in a second: 100 ms of it are more than 300 ms away
 * from its end, 200 ms between 100 and 300, and so on. */
static void
a_block_spreads_over_the_classes(void **state)
{
	struct histogram lengths = {0};
	unsigned long us[LAG_CLASSES];
	char text[LAG_TEXT], *at = text;

	(void)state;
	histogram_add(&lengths, 400000000);
	lag_write(text, &lengths, 1000000000);
	for (int i = 0; i < LAG_CLASSES; i++)
		us[i] = strtoul(at, &at, 10);
	/* Within the 12 % of the histogram. */
	assert_in_range(us[5], 60000, 140000);
	assert_in_range(us[4], 190000, 210000);
	assert_in_range(us[3], 75000, 85000);
	assert_in_range(us[0], 580000, 640000);
	assert_in_range(us[0] + us[1] + us[2] + us[3] + us[4] + us[5], 999990,
	                1000010);
}

static void
what_is_blocked_now_counts_before_any_gauge_tells(void **state)
{
	struct lag_shares shares;
	struct lags lags = {0};

	(void)state;
	lag_read(&lags, "600000 0 0 0 0 0", 1000000);
	lag_sum(&lags, 400000000, &shares);
	assert_true(shares.worst == 400000000);
	assert_true(shares.share[5] > 0.099 && shares.share[5] < 0.101);
	assert_true(shares.share[4] > 0.199 && shares.share[4] < 0.201);
}

static void
only_the_last_gauges_count(void **state)
{
	struct lag_shares shares;
	struct lags lags = {0};

	(void)state;
	lag_read(&lags, "0 0 0 0 0 1000000", 900000000);
	for (int i = 0; i < LAG_GAUGES; i++)
		lag_read(&lags, "1000000 0 0 0 0 0", 5000);
	lag_sum(&lags, 0, &shares);
	assert_true(shares.share[0] == 1);
	assert_true(shares.worst == 5000);
}

static void
nonsense_changes_nothing(void **state)
{
	static const char *const texts[] = {"",  "x",    "1 2 3", "1 2 3 4 5 x",
	                                    " ", "hello"};
	struct lag_shares shares;
	struct lags lags = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		lag_read(&lags, texts[i], 7);
	assert_int_equal(lags.count, 0);
	lag_sum(&lags, 0, &shares);
	assert_true(shares.window == 0);
	lag_read(&lags, "99999999999999999999 0 0 0 -1 0", UINT64_MAX);
	lag_sum(&lags, 0, &shares);
	assert_true(shares.share[0] > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_loop_that_never_blocks_has_no_lag),
	    cmocka_unit_test(a_block_spreads_over_the_classes),
	    cmocka_unit_test(what_is_blocked_now_counts_before_any_gauge_tells),
	    cmocka_unit_test(only_the_last_gauges_count),
	    cmocka_unit_test(nonsense_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
