/* Durations in buckets: quantiles and sums that are near enough. */
#include "test.h"

#include "core/histogram.h"

#include <string.h>

static int
set_up(void **state)
{
	static struct histogram histogram;

	memset(&histogram, 0, sizeof(histogram));
	*state = &histogram;
	return 0;
}

static void
assert_near(double value, double expected)
{
	if (value < expected * 0.88 || value > expected * 1.12)
		fail_msg("%g is not within 12 %% of %g", value, expected);
}

static void
is_nothing_when_it_is_empty(void **state)
{
	const struct histogram *histogram = *state;

	assert_int_equal(histogram_quantile(histogram, 0), 0);
	assert_int_equal(histogram_quantile(histogram, 0.5), 0);
	assert_int_equal(histogram_quantile(histogram, 1), 0);
	assert_true(histogram_excess(histogram, 0) == 0);
}

static void
is_near_whatever_the_size(void **state)
{
	struct histogram *histogram = *state;

	/* Up to a day in ns, and the edges of every doubling. */
	for (uint64_t value = 1; value < 86400000000000u;
	     value += value / 9 + 1)
		for (int off = -1; off <= 1; off++) {
			set_up(state);
			histogram_add(histogram, value + (uint64_t)off);
			histogram_add(histogram, UINT64_MAX);
			assert_near((double)histogram_quantile(histogram, 0),
			            (double)(value + (uint64_t)off));
		}
}

static void
finds_the_quantiles(void **state)
{
	struct histogram *histogram = *state;

	for (uint64_t i = 1; i <= 10000; i++)
		histogram_add(histogram, i * 1000);
	assert_int_equal(histogram->count, 10000);
	assert_int_equal(histogram->sum, 50005000000u);
	for (int percent = 1; percent < 100; percent++)
		assert_near(
		    (double)histogram_quantile(histogram, percent / 100.0),
		    percent * 100000.0);
	assert_int_equal(histogram_quantile(histogram, 1), 10000000);
}

static void
knows_the_largest_exactly(void **state)
{
	struct histogram *histogram = *state;

	histogram_add(histogram, 1000001);
	assert_int_equal(histogram_quantile(histogram, 1), 1000001);
	histogram_add(histogram, 123456789);
	histogram_add(histogram, 17);
	assert_int_equal(histogram->most, 123456789);
	assert_int_equal(histogram_quantile(histogram, 1), 123456789);
	/* No quantile is above it, though the middle of its bucket may be. */
	assert_true(histogram_quantile(histogram, 0.99) <= 123456789);
}

static void
is_exact_for_the_smallest(void **state)
{
	struct histogram *histogram = *state;

	for (uint64_t value = 0; value < 16; value++)
		histogram_add(histogram, value);
	for (int value = 0; value < 16; value++)
		assert_int_equal(histogram_quantile(histogram, value / 16.0),
		                 value);
}

static void
takes_what_is_beyond_all_buckets(void **state)
{
	struct histogram *histogram = *state;

	histogram_add(histogram, UINT64_MAX);
	histogram_add(histogram, UINT64_MAX - 1);
	assert_int_equal(histogram->buckets[HISTOGRAM_BUCKETS - 1], 2);
	assert_int_equal(histogram_quantile(histogram, 1), UINT64_MAX);
	assert_true(histogram_quantile(histogram, 0) > 1ull << 46);
}

static void
sums_what_is_above_a_limit(void **state)
{
	struct histogram *histogram = *state;

	histogram_add(histogram, 1000);
	assert_true(histogram_excess(histogram, 5000) == 0);
	histogram_add(histogram, 60000);
	histogram_add(histogram, 90000);
	assert_near(histogram_excess(histogram, 5000), 55000 + 85000);
	assert_near(histogram_excess(histogram, 0), 1000 + 60000 + 90000);
	assert_true(histogram_excess(histogram, 90000) == 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
	const struct CMUnitTest tests[] = {
	    TEST(is_nothing_when_it_is_empty),
	    TEST(is_near_whatever_the_size),
	    TEST(finds_the_quantiles),
	    TEST(knows_the_largest_exactly),
	    TEST(is_exact_for_the_smallest),
	    TEST(takes_what_is_beyond_all_buckets),
	    TEST(sums_what_is_above_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
