/* Rows that are found by id, outlive what they stand for, and are used again
 * when the table is full. */
#include "test.h"

#include "core/table.h"

#include <stdbool.h>
#include <string.h>

enum { SMALL = 4, LARGE = 3000 };

struct item {
	struct row row;
	uint64_t value;
};

struct world {
	struct table table;
	struct item items[LARGE];
};

static int
set_up(void **state)
{
	static struct world world;

	memset(&world, 0, sizeof(world));
	table_init(&world.table, SMALL, sizeof(struct item));
	*state = &world;
	return 0;
}

static struct item *
add(struct world *world, uint64_t id, uint64_t born)
{
	return table_add(&world->table, world->items, id, born);
}

static struct item *
find(const struct world *world, uint64_t id)
{
	return table_find(&world->table, world->items, id);
}

static void
fill(struct world *world)
{
	for (uint64_t i = 1; i <= SMALL; i++)
		add(world, 100 * i, i);
}

static void
finds_what_was_added_and_nothing_else(void **state)
{
	struct world *world = *state;

	assert_null(find(world, 0));
	fill(world);
	for (uint64_t i = 1; i <= SMALL; i++) {
		assert_non_null(find(world, 100 * i));
		assert_int_equal(find(world, 100 * i)->row.id, 100 * i);
		assert_int_equal(find(world, 100 * i)->row.born, i);
		assert_int_equal(find(world, 100 * i)->row.died, 0);
	}
	assert_null(find(world, 0));
	assert_null(find(world, 101));
	assert_int_equal(world->table.count, SMALL);
	assert_int_equal(world->table.unstored, 0);
}

static void
knows_ids_of_every_size(void **state)
{
	static const uint64_t ids[SMALL] = {0, 1, UINT64_MAX, 1ull << 63};
	struct world *world = *state;

	for (int i = 0; i < SMALL; i++)
		assert_ptr_equal(add(world, ids[i], 1), &world->items[i]);
	for (int i = 0; i < SMALL; i++)
		assert_ptr_equal(find(world, ids[i]), &world->items[i]);
}

static void
keeps_the_dead(void **state)
{
	struct world *world = *state;

	fill(world);
	find(world, 200)->row.died = 9;
	assert_int_equal(find(world, 200)->row.died, 9);
	assert_int_equal(world->table.count, SMALL);
}

static void
takes_over_the_row_that_has_been_dead_longest(void **state)
{
	struct world *world = *state;
	struct item *second;

	fill(world);
	second = find(world, 200);
	second->value = 77;
	find(world, 100)->row.died = 12;
	second->row.died = 10;
	find(world, 400)->row.died = 11;
	assert_ptr_equal(add(world, 500, 20), second);
	assert_null(find(world, 200));
	assert_ptr_equal(find(world, 500), second);
	assert_int_equal(second->value, 0);
	assert_int_equal(second->row.died, 0);
	assert_int_equal(second->row.born, 20);
	/* The next two are 400 and 100; 300 lives. */
	add(world, 600, 21);
	assert_null(find(world, 400));
	add(world, 700, 22);
	assert_null(find(world, 100));
	assert_non_null(find(world, 300));
	assert_int_equal(world->table.count, SMALL);
	assert_int_equal(world->table.unstored, 0);
}

static void
counts_what_it_has_no_room_for(void **state)
{
	struct world *world = *state;

	fill(world);
	assert_null(add(world, 500, 20));
	assert_null(add(world, 600, 20));
	assert_int_equal(world->table.unstored, 2);
	assert_null(find(world, 500));
	for (uint64_t i = 1; i <= SMALL; i++)
		assert_non_null(find(world, 100 * i));
	find(world, 300)->row.died = 21;
	assert_non_null(add(world, 500, 22));
	assert_int_equal(world->table.unstored, 2);
}

/* A recording may claim any time. */
static void
takes_over_also_who_died_at_the_end_of_time(void **state)
{
	struct world *world = *state;

	fill(world);
	find(world, 300)->row.died = UINT64_MAX;
	assert_non_null(add(world, 500, 1));
	assert_null(find(world, 300));
}

static void
finds_the_newest_of_the_same_id(void **state)
{
	struct world *world = *state;
	struct item *first = add(world, 5, 1), *second;

	first->row.died = 2;
	second = add(world, 5, 3);
	assert_ptr_not_equal(first, second);
	assert_ptr_equal(find(world, 5), second);
	assert_int_equal(first->row.died, 2);
	/* Full: the older one goes, the newer one is still found. */
	add(world, 6, 4);
	add(world, 7, 4);
	assert_ptr_equal(add(world, 8, 5), first);
	assert_ptr_equal(find(world, 5), second);
	assert_ptr_equal(find(world, 8), first);
}

/* Many more ids than buckets: every row is in a chain with others. */
static void
keeps_long_chains(void **state)
{
	struct world *world = *state;

	table_init(&world->table, LARGE, sizeof(struct item));
	for (uint64_t i = 0; i < LARGE; i++) {
		assert_non_null(add(world, i * 7919, 1));
		world->items[i].value = i;
	}
	for (uint64_t i = 0; i < LARGE; i++)
		assert_int_equal(find(world, i * 7919)->value, i);
	/* Every third dies and is taken over, from inside the chains. */
	for (uint64_t i = 0; i < LARGE; i += 3)
		world->items[i].row.died = 1 + i;
	for (uint64_t i = 0; i < LARGE; i += 3)
		assert_ptr_equal(add(world, 1000000000 + i, 2),
		                 &world->items[i]);
	for (uint64_t i = 0; i < LARGE; i++)
		if (i % 3)
			assert_int_equal(find(world, i * 7919)->value, i);
		else
			assert_null(find(world, i * 7919));
}

/* The same as the table, but slow and simple: looks at every row. */
static const struct item *
newest_of(const struct world *world, const uint64_t *ages, uint64_t id)
{
	const struct item *found = NULL;
	uint64_t age = 0;

	for (uint32_t i = 0; i < world->table.count; i++)
		if (world->items[i].row.id == id && ages[i] > age) {
			found = &world->items[i];
			age = ages[i];
		}
	return found;
}

static void
agrees_with_a_slow_search_whatever_happens(void **state)
{
	enum { CAPACITY = 1500, IDS = 4000 };
	struct world *world = *state;
	uint64_t ages[CAPACITY] = {0}, chance = 7;

	table_init(&world->table, CAPACITY, sizeof(struct item));
	for (uint64_t step = 1; step < 20000; step++) {
		struct item *item;
		uint64_t id;

		chance = chance * 6364136223846793005u + 1442695041u;
		id = (chance >> 33) % IDS;
		item = find(world, id);
		assert_ptr_equal(item, newest_of(world, ages, id));
		if (item && !item->row.died && chance >> 63) {
			item->row.died = step;
			continue;
		}
		item = add(world, id, step);
		if (item)
			ages[item - world->items] = step;
	}
	assert_int_equal(world->table.count, CAPACITY);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
	const struct CMUnitTest tests[] = {
	    TEST(finds_what_was_added_and_nothing_else),
	    TEST(knows_ids_of_every_size),
	    TEST(keeps_the_dead),
	    TEST(takes_over_the_row_that_has_been_dead_longest),
	    TEST(counts_what_it_has_no_room_for),
	    TEST(takes_over_also_who_died_at_the_end_of_time),
	    TEST(finds_the_newest_of_the_same_id),
	    TEST(keeps_long_chains),
	    TEST(agrees_with_a_slow_search_whatever_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
