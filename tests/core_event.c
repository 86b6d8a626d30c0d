/* What the list of kinds and the names of channels promise. */
#include "test.h"

#include "core/event.h"

#include <string.h>

static void
gives_each_kind_a_name_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; i < EVENT_KINDS; i++) {
		const char *name = event_name((enum event_kind)i);

		assert_non_null(name);
		assert_true(strlen(name) > 0);
		assert_true(event_shape((enum event_kind)i) <= SHAPE_GAUGE);
		for (int other = 0; other < i; other++)
			assert_string_not_equal(
			    name, event_name((enum event_kind)other));
	}
}

/* What must be seen while a loop is blocked. */
static void
hurries_births_ends_and_blocks(void **state)
{
	(void)state;
	for (int i = 0; i < EVENT_KINDS; i++) {
		enum shape shape = event_shape((enum event_kind)i);

		if (shape == SHAPE_BORN || shape == SHAPE_BEGIN)
			assert_true(event_is_urgent((enum event_kind)i));
		if (shape == SHAPE_SEND || shape == SHAPE_RECV)
			assert_false(event_is_urgent((enum event_kind)i));
	}
}

static void
names_what_it_knows_and_nothing_else(void **state)
{
	(void)state;
	assert_string_equal(event_birth_name(BIRTH_EXEC_FILE), "execFile");
	assert_string_equal(event_birth_name(BIRTH_CLUSTER), "cluster");
	assert_string_equal(event_birth_name(BIRTHS), "unknown");
	assert_string_equal(event_role_name(ROLE_POOL), "pool");
	assert_string_equal(event_role_name(ROLES), "unknown");
	assert_string_equal(event_channel_name(CHANNEL_SHM), "shm");
	assert_string_equal(event_channel_name(CHANNEL_TYPES), "unknown");
	assert_string_equal(event_witness_name(WITNESS_OUTSIDE), "outside");
	assert_string_equal(event_witness_name(UINT64_MAX), "unknown");
	assert_string_equal(event_method_name(METHOD_SWITCHES), "switches");
	assert_string_equal(event_method_name(METHODS), "unknown");
}

static void
doubts_heads(void **state)
{
	struct event event = {.magic = EVENT_MAGIC,
	                      .kind = EVENT_KINDS - 1,
	                      .text = EVENT_TEXT_MAX};

	(void)state;
	assert_true(event_is_valid(&event));
	event.kind++;
	assert_false(event_is_valid(&event));
	event.kind--;
	event.text++;
	assert_false(event_is_valid(&event));
	event.text--;
	event.magic ^= 1;
	assert_false(event_is_valid(&event));
}

static void
pads_records_to_eight_bytes(void **state)
{
	(void)state;
	assert_int_equal(event_record_size(0), EVENT_HEAD);
	assert_int_equal(event_record_size(1), EVENT_HEAD + 8);
	assert_int_equal(event_record_size(8), EVENT_HEAD + 8);
	assert_int_equal(event_record_size(9), EVENT_HEAD + 16);
	assert_int_equal(event_record_size(EVENT_TEXT_MAX), EVENT_RECORD_MAX);
}

/* The largest pids and ports there are keep channels apart, and the low bit
 * is left for the direction. */
static void
keeps_channels_apart(void **state)
{
	static const uint32_t ends[] = {0, 1, 2, 65535, 4194303, 4194304};
	enum { ENDS = sizeof(ends) / sizeof(*ends) };
	uint64_t ids[CHANNEL_TYPES * ENDS * ENDS];
	size_t count = 0;

	(void)state;
	for (int type = 0; type < CHANNEL_TYPES; type++)
		for (int i = 0; i < ENDS * ENDS; i++) {
			uint64_t id =
			    channel_id((enum channel_type)type, ends[i / ENDS],
			               ends[i % ENDS]);

			assert_int_equal(channel_id_type(id), type);
			assert_int_equal(channel_id_type(id | 1), type);
			assert_int_equal(id & 1, CHANNEL_FORTH);
			for (size_t k = 0; k < count; k++)
				assert_int_not_equal(ids[k], id);
			ids[count++] = id;
		}
}

static void
packs_lags_in_microseconds(void **state)
{
	uint64_t lags = event_lags(1999, 70000);

	(void)state;
	assert_int_equal(lags & UINT32_MAX, 1);
	assert_int_equal(lags >> 32, 70);
	lags = event_lags(UINT64_MAX, 0);
	assert_int_equal(lags & UINT32_MAX, UINT32_MAX);
	assert_int_equal(lags >> 32, 0);
	lags = event_lags(0, UINT64_MAX);
	assert_int_equal(lags >> 32, UINT32_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(gives_each_kind_a_name_of_its_own),
	    cmocka_unit_test(hurries_births_ends_and_blocks),
	    cmocka_unit_test(names_what_it_knows_and_nothing_else),
	    cmocka_unit_test(doubts_heads),
	    cmocka_unit_test(pads_records_to_eight_bytes),
	    cmocka_unit_test(keeps_channels_apart),
	    cmocka_unit_test(packs_lags_in_microseconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
