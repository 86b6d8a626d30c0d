/* A ring of eight bins of ten: what goes in, what is forgotten, and what a
 * column on the screen shows of it. */
#include "test.h"

#include "core/series.h"

#include <string.h>

enum { BINS = 8, WIDTH = 10 };

struct world {
	struct series series;
	uint8_t ring[BINS], other[BINS];
};

static int
set_up(void **state)
{
	static struct world world;

	memset(&world, 0, sizeof(world));
	world.series.bin_ns = WIDTH;
	world.series.count = BINS;
	*state = &world;
	return 0;
}

static void
advance(struct world *world, uint64_t time)
{
	uint8_t *rings[] = {world->ring, world->other};

	series_advance(&world->series, rings, 2, time);
}

static void
add(struct world *world, uint64_t begin, uint64_t end, uint64_t busy)
{
	advance(world, end);
	series_add(&world->series, world->ring, begin, end, busy);
}

static uint8_t
bin(const struct world *world, uint64_t number)
{
	return series_mean(&world->series, world->ring, number * WIDTH,
	                   (number + 1) * WIDTH);
}

static void
assert_bins(const struct world *world, uint64_t first, const uint8_t *expected,
            uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		if (bin(world, first + i) != expected[i])
			fail_msg("bin %d is %d, not %d", (int)(first + i),
			         bin(world, first + i), expected[i]);
}

/* ---- time goes by ---- */

static void
begins_with_empty_bins(void **state)
{
	struct world *world = *state;

	advance(world, 35);
	assert_int_equal(world->series.newest, 3);
	for (uint64_t i = 0; i < 20; i++)
		assert_int_equal(bin(world, i), 0);
}

static void
forgets_what_is_older_than_the_ring(void **state)
{
	struct world *world = *state;

	for (uint64_t i = 0; i < BINS; i++)
		add(world, i * WIDTH, i * WIDTH + WIDTH - 1, WIDTH - 1);
	for (uint64_t i = 0; i < BINS; i++)
		assert_int_equal(bin(world, i), 230);
	/* One further: the first is forgotten and its place is empty. */
	advance(world, BINS * WIDTH);
	assert_int_equal(bin(world, 0), 0);
	for (uint64_t i = 1; i < BINS; i++)
		assert_int_equal(bin(world, i), 230);
	assert_int_equal(bin(world, BINS), 0);
	/* Three further. */
	advance(world, (BINS + 3) * WIDTH);
	for (uint64_t i = 0; i < BINS + 4; i++)
		assert_int_equal(bin(world, i), i >= 4 && i < BINS ? 230 : 0);
}

static void
empties_every_ring_when_it_leaps(void **state)
{
	static const uint64_t leaps[] = {BINS - 1, BINS, BINS + 1, 1000000};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(leaps) / sizeof(*leaps); i++) {
		uint64_t bins = leaps[i];

		set_up(state);
		memset(world->ring, 9, BINS);
		memset(world->other, 9, BINS);
		advance(world, bins * WIDTH);
		assert_int_equal(world->series.newest, bins);
		for (uint64_t b = 0; b < BINS; b++) {
			/* The first bin is still there after BINS - 1. */
			int kept = bins == BINS - 1 && b == 0 ? 9 : 0;

			assert_int_equal(world->ring[b], kept);
			assert_int_equal(world->other[b], kept);
		}
	}
}

static void
ignores_a_step_back(void **state)
{
	struct world *world = *state;

	add(world, 40, 50, 10);
	advance(world, 12);
	advance(world, 0);
	assert_int_equal(world->series.newest, 5);
	assert_int_equal(bin(world, 4), 255);
}

/* ---- what goes in ---- */

static void
spreads_work_over_the_bins_it_took(void **state)
{
	struct world *world = *state;

	/* Half busy from the middle of one bin to the middle of another. */
	add(world, 15, 45, 15);
	assert_bins(world, 0, (const uint8_t[]){0, 64, 128, 128, 64, 0}, 6);
}

static void
ends_before_the_bin_that_begins_with_the_end(void **state)
{
	struct world *world = *state;

	add(world, 10, 20, 10);
	assert_bins(world, 0, (const uint8_t[]){0, 255, 0}, 3);
	series_mark(&world->series, world->other, 10, 20, 1);
	series_count(&world->series, world->other, 30, 30);
	assert_memory_equal(world->other, "\0\1\0\0\0\0\0\0", BINS);
}

static void
adds_up_to_a_whole_and_no_further(void **state)
{
	struct world *world = *state;

	add(world, 10, 15, 5);
	assert_int_equal(bin(world, 1), 128);
	add(world, 15, 20, 5);
	assert_int_equal(bin(world, 1), 255);
	add(world, 10, 20, 10);
	assert_int_equal(bin(world, 1), 255);
	/* More work than time: as much as there was time. */
	add(world, 20, 40, 1000000);
	assert_bins(world, 1, (const uint8_t[]){255, 255, 255, 0}, 4);
}

static void
takes_no_work_in_no_time(void **state)
{
	struct world *world = *state;

	advance(world, 50);
	series_add(&world->series, world->ring, 20, 20, 5);
	series_add(&world->series, world->ring, 30, 20, 5);
	for (int i = 0; i < BINS; i++)
		assert_int_equal(world->ring[i], 0);
}

/* Work that began before the oldest bin, and marks beyond the newest. */
static void
clips_at_both_ends_of_the_ring(void **state)
{
	struct world *world = *state;
	uint64_t oldest = 100 - BINS + 1;

	add(world, 0, 1000, 1000);
	assert_int_equal(world->series.newest, 100);
	assert_int_equal(bin(world, oldest - 1), 0);
	for (uint64_t i = oldest; i < 100; i++)
		assert_int_equal(bin(world, i), 255);
	assert_int_equal(bin(world, 100), 0);
	series_mark(&world->series, world->other, 1000, 5000, 3);
	series_mark(&world->series, world->other, 0, oldest * WIDTH, 4);
	series_mark(&world->series, world->other, 1010, 5000, 8);
	for (uint64_t i = 0; i < BINS; i++)
		assert_int_equal(world->other[i], i == 100 % BINS ? 3 : 0);
}

static void
marks_and_counts_what_is_touched(void **state)
{
	struct world *world = *state;

	advance(world, 70);
	series_mark(&world->series, world->ring, 19, 21, 1);
	series_mark(&world->series, world->ring, 20, 40, 2);
	assert_memory_equal(world->ring, "\0\1\3\2\0\0\0\0", BINS);
	series_count(&world->series, world->other, 19, 21);
	series_count(&world->series, world->other, 20, 40);
	assert_memory_equal(world->other, "\0\1\2\1\0\0\0\0", BINS);
	for (int i = 0; i < 300; i++)
		series_count(&world->series, world->other, 55, 55);
	assert_int_equal(world->other[5], 255);
}

/* ---- what a column shows ---- */

static void
shows_the_mean_the_most_and_the_union(void **state)
{
	struct world *world = *state;
	static const uint8_t values[BINS] = {0, 4, 8, 1, 0, 0, 0, 0};

	advance(world, 70);
	memcpy(world->ring, values, BINS);
	assert_int_equal(series_mean(&world->series, world->ring, 10, 40), 4);
	assert_int_equal(series_most(&world->series, world->ring, 10, 40), 8);
	assert_int_equal(series_union(&world->series, world->ring, 10, 40), 13);
	assert_int_equal(series_mean(&world->series, world->ring, 40, 80), 0);
}

static void
shows_the_bin_it_is_in_when_a_column_is_narrow(void **state)
{
	struct world *world = *state;

	add(world, 20, 30, 10);
	for (uint64_t begin = 10; begin < 40; begin++) {
		int expected = begin >= 20 && begin < 30 ? 255 : 0;

		/* A column without width is one instant. */
		assert_int_equal(
		    series_mean(&world->series, world->ring, begin, begin),
		    expected);
		assert_int_equal(
		    series_most(&world->series, world->ring, begin, begin),
		    expected);
	}
	assert_int_equal(series_most(&world->series, world->ring, 23, 27), 255);
}

/* Columns side by side, wider than a bin: each bin is seen in one of them. */
static void
shows_each_bin_in_one_column_only(void **state)
{
	struct world *world = *state;

	add(world, 30, 40, 10);
	for (uint64_t width = WIDTH; width < 4 * WIDTH; width++)
		for (uint64_t offset = 0; offset < width; offset++) {
			int seen = 0;

			for (uint64_t at = offset; at < 80; at += width)
				seen += series_most(&world->series, world->ring,
				                    at, at + width) == 255;
			/* Or left of the first one. */
			if (offset <= 30)
				assert_int_equal(seen, 1);
		}
}

static void
shows_nothing_of_what_is_forgotten_or_to_come(void **state)
{
	struct world *world = *state;

	advance(world, 1000);
	memset(world->ring, 100, BINS);
	assert_int_equal(series_mean(&world->series, world->ring, 0, 900), 0);
	assert_int_equal(series_most(&world->series, world->ring, 0, 930), 0);
	assert_int_equal(series_most(&world->series, world->ring, 930, 940),
	                 100);
	assert_int_equal(series_most(&world->series, world->ring, 1000, 1010),
	                 100);
	assert_int_equal(series_union(&world->series, world->ring, 1010, 2000),
	                 0);
	/* Half of the column is forgotten. */
	assert_int_equal(series_mean(&world->series, world->ring, 850, 1010),
	                 50);
}

static void
survives_the_end_of_time(void **state)
{
	struct world *world = *state;

	advance(world, UINT64_MAX);
	series_add(&world->series, world->ring, 0, UINT64_MAX, UINT64_MAX);
	series_mark(&world->series, world->ring, 0, UINT64_MAX, 1);
	series_count(&world->series, world->ring, UINT64_MAX, UINT64_MAX);
	(void)series_mean(&world->series, world->ring, 0, UINT64_MAX);
	(void)series_most(&world->series, world->ring, UINT64_MAX, UINT64_MAX);
	(void)series_union(&world->series, world->ring, UINT64_MAX, 0);
	assert_int_equal(world->series.newest, UINT64_MAX / WIDTH);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
	const struct CMUnitTest tests[] = {
	    TEST(begins_with_empty_bins),
	    TEST(forgets_what_is_older_than_the_ring),
	    TEST(empties_every_ring_when_it_leaps),
	    TEST(ignores_a_step_back),
	    TEST(spreads_work_over_the_bins_it_took),
	    TEST(ends_before_the_bin_that_begins_with_the_end),
	    TEST(adds_up_to_a_whole_and_no_further),
	    TEST(takes_no_work_in_no_time),
	    TEST(clips_at_both_ends_of_the_ring),
	    TEST(marks_and_counts_what_is_touched),
	    TEST(shows_the_mean_the_most_and_the_union),
	    TEST(shows_the_bin_it_is_in_when_a_column_is_narrow),
	    TEST(shows_each_bin_in_one_column_only),
	    TEST(shows_nothing_of_what_is_forgotten_or_to_come),
	    TEST(survives_the_end_of_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
