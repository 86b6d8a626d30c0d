/* The table of keys: what is in keys.def, and what becomes of it when some are
 * given other keys. */
#include "test.h"

#include "ui/menu.h"
#include "ui/request.h"

#include <errno.h>
#include <string.h>

static enum request
asks_for(const struct key_table *table, const char *name)
{
	struct key key = key_named(name, strlen(name));

	return request_of(table, &key);
}

static void
every_key_of_the_table_asks_for_its_request(void **state)
{
	struct key_table table;
	struct key_clash clash;

	(void)state;
	key_table_init(&table);
	assert_int_equal(key_row_count, REQUESTS - 1);
	assert_false(key_table_clashes(&table, &clash));
	for (int i = 0; i < key_row_count; i++) {
		const char *keys = key_rows[i].keys;

		while (*keys) {
			size_t length = strcspn(keys, " ");
			struct key key;

			assert_true(key_read(keys, length, &key));
			assert_int_equal(request_of(&table, &key),
			                 key_rows[i].request);
			assert_int_equal(menu_of_letter(key.code, true), MENUS);
			keys += length;
			keys += strspn(keys, " ");
		}
		assert_true(strlen(key_rows[i].help) > 1);
		assert_ptr_equal(request_row(key_rows[i].request),
		                 &key_rows[i]);
	}
}

static void
each_request_has_a_name(void **state)
{
	char name[REQUEST_NAME];

	(void)state;
	assert_string_equal(request_name(REQUEST_STEP_BACK, name), "step-back");
	assert_string_equal(request_name(REQUEST_PANE_1, name), "pane-1");
	for (int i = REQUEST_NONE + 1; i < REQUESTS; i++) {
		request_name((enum request)i, name);
		assert_true(strlen(name) < REQUEST_NAME - 1);
		assert_int_equal(request_named(name, strlen(name)), i);
	}
	assert_int_equal(request_named("none", 4), REQUEST_NONE);
	assert_int_equal(request_named("Offload", 7), REQUEST_NONE);
	assert_int_equal(request_named("", 0), REQUEST_NONE);
}

static void
other_keys_take_the_place_of_the_old(void **state)
{
	struct key_table table, untouched;

	(void)state;
	key_table_init(&table);
	key_table_init(&untouched);
	assert_int_equal(
	    key_table_set(&table, REQUEST_OFFLOAD, "  F5 \t ^O ", NULL, NULL),
	    0);
	assert_string_equal(table.keys[REQUEST_OFFLOAD], "F5 ^O");
	assert_int_equal(asks_for(&table, "F5"), REQUEST_OFFLOAD);
	assert_int_equal(asks_for(&table, "^O"), REQUEST_OFFLOAD);
	assert_int_equal(asks_for(&table, "o"), REQUEST_NONE);
	/* A copy of its own: no other table knows of it. */
	assert_int_equal(asks_for(&untouched, "o"), REQUEST_OFFLOAD);
	assert_int_equal(asks_for(&untouched, "F5"), REQUEST_NONE);
}

static void
what_is_no_key_is_refused_and_named(void **state)
{
	struct key_table table, before;
	const char *bad;
	size_t length;

	(void)state;
	key_table_init(&table);
	before = table;
	assert_int_equal(
	    key_table_set(&table, REQUEST_BLOCK, "x Ctrl-B y", &bad, &length),
	    -EINVAL);
	assert_int_equal(length, 6);
	assert_memory_equal(bad, "Ctrl-B", 6);
	assert_int_equal(
	    key_table_set(&table, REQUEST_BLOCK, " ", &bad, &length), -EINVAL);
	assert_null(bad);
	assert_int_equal(
	    key_table_set(&table, REQUEST_BLOCK,
	                  "F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 F11 F12 Space", &bad,
	                  &length),
	    -E2BIG);
	assert_memory_equal(&table, &before, sizeof(table));
}

static void
a_key_of_two_requests_is_found(void **state)
{
	struct key_table table;
	struct key_clash clash;

	(void)state;
	key_table_init(&table);
	key_table_set(&table, REQUEST_OFFLOAD, "F5 b", NULL, NULL);
	assert_true(key_table_clashes(&table, &clash));
	assert_int_equal(clash.first, REQUEST_BLOCK);
	assert_int_equal(clash.second, REQUEST_OFFLOAD);
	assert_string_equal(clash.key, "b");
	/* By another name it is the same key. */
	key_table_set(&table, REQUEST_OFFLOAD, "^M", NULL, NULL);
	assert_true(key_table_clashes(&table, &clash));
	assert_int_equal(clash.second, REQUEST_DETAILS);
	/* With Shift it is another one. */
	key_table_set(&table, REQUEST_OFFLOAD, "ShiftUp", NULL, NULL);
	assert_false(key_table_clashes(&table, &clash));
	/* Two may change places. */
	key_table_set(&table, REQUEST_OFFLOAD, "b", NULL, NULL);
	key_table_set(&table, REQUEST_BLOCK, "o", NULL, NULL);
	assert_false(key_table_clashes(&table, &clash));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_key_of_the_table_asks_for_its_request),
	    cmocka_unit_test(each_request_has_a_name),
	    cmocka_unit_test(other_keys_take_the_place_of_the_old),
	    cmocka_unit_test(what_is_no_key_is_refused_and_named),
	    cmocka_unit_test(a_key_of_two_requests_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
