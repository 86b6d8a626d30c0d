/* Where a program is blocked, as its agent says it. */
#include "test.h"

#include "core/place.h"

#include <string.h>

static const char whole[] = "hash (auth.js:41)\n41\nhash\n/srv/auth.js";

static void
people_read_the_first_line(void **state)
{
	(void)state;
	assert_int_equal(place_words(whole, strlen(whole)), 17);
	assert_int_equal(place_words("fib(42)", 7), 7);
	assert_int_equal(place_words("", 0), 0);
	assert_int_equal(place_words(NULL, 0), 0);
	assert_int_equal(place_words("\n", 1), 0);
}

static void
programs_read_the_others(void **state)
{
	struct place place;

	(void)state;
	assert_true(place_read(&place, whole, strlen(whole)));
	assert_int_equal(place.line, 41);
	assert_int_equal(place.function_size, 4);
	assert_memory_equal(place.function, "hash", 4);
	assert_int_equal(place.file_size, 12);
	assert_memory_equal(place.file, "/srv/auth.js", 12);
}

/* A record may be cut anywhere, and hold anything. */
static void
what_is_no_place_is_none(void **state)
{
	static const char *const texts[] = {"",
	                                    "computing",
	                                    "a\n",
	                                    "a\n1",
	                                    "a\n1\nf",
	                                    "a\nx\nf\nfile",
	                                    "a\n\nf\nfile",
	                                    "a\n12345678901234567890\nf\nfile",
	                                    "\n\n\n"};
	struct place place;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_false(place_read(&place, texts[i], strlen(texts[i])));
	for (size_t size = 0; size < sizeof(whole); size++) {
		char *copy = test_malloc(size);

		memcpy(copy, whole, size);
		(void)place_read(&place, copy, size);
		(void)place_words(copy, size);
		test_free(copy);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(people_read_the_first_line),
	    cmocka_unit_test(programs_read_the_others),
	    cmocka_unit_test(what_is_no_place_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
