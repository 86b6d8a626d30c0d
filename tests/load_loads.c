/* The loads: right results for small arguments, and a table that is sound. */
#include "test.h"

#include "load/load.h"

#include <crypt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *
run(const char *name, long argument)
{
	static char result[64];
	const struct load *load = load_find(name);

	assert_non_null(load);
	memset(result, 'x', sizeof(result));
	load->run(argument, result, sizeof(result));
	assert_non_null(memchr(result, '\0', sizeof(result)));
	return result;
}

/* ---- results ---- */

static void
fib_counts_rabbits(void **state)
{
	(void)state;
	assert_string_equal(run("fib", 1), "1");
	assert_string_equal(run("fib", 2), "1");
	assert_string_equal(run("fib", 3), "2");
	assert_string_equal(run("fib", 10), "55");
	assert_string_equal(run("fib", 25), "75025");
}

static bool
is_prime(long number)
{
	for (long i = 2; i * i <= number; i++)
		if (number % i == 0)
			return false;
	return number >= 2;
}

static void
primes_are_counted_to_the_last(void **state)
{
	char expected[32];
	int count = 0;

	(void)state;
	for (long most = 0; most <= 300; most++) {
		count += is_prime(most);
		if (most < 1)
			continue;
		snprintf(expected, sizeof(expected), "%d primes", count);
		assert_string_equal(run("primes", most), expected);
	}
}

static void
primes_are_as_many_as_is_known(void **state)
{
	(void)state;
	assert_string_equal(run("primes", 10), "4 primes");
	assert_string_equal(run("primes", 1000), "168 primes");
	assert_string_equal(run("primes", 1000000), "78498 primes");
}

static void
sha_is_the_end_of_what_crypt_makes(void **state)
{
	const char *hash =
	    crypt("correct horse battery staple", "$6$rounds=1000$looptop$");
	char first[64];

	(void)state;
	assert_non_null(hash);
	snprintf(first, sizeof(first), "%s", run("sha", 1000));
	assert_string_equal(first + 2, hash + strlen(hash) - 8);
	assert_memory_equal(first, "..", 2);
	assert_string_equal(run("sha", 1000), first);
	assert_string_not_equal(run("sha", 1001), first);
}

static double
now_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void
a_block_lasts_as_long_as_it_was_told_and_computes(void **state)
{
	double begin = now_ms(CLOCK_MONOTONIC);

	(void)state;
	assert_true(atol(run("block", 30)) > 0);
	/* The clock is read in whole milliseconds. */
	assert_true(now_ms(CLOCK_MONOTONIC) - begin >= 29);
}

static void
a_sleep_lasts_as_long_and_computes_nothing(void **state)
{
	double begin = now_ms(CLOCK_MONOTONIC);
	double computed = now_ms(CLOCK_THREAD_CPUTIME_ID);

	(void)state;
	assert_string_equal(run("sleep", 30), "slept");
	assert_true(now_ms(CLOCK_MONOTONIC) - begin >= 30);
	assert_true(now_ms(CLOCK_THREAD_CPUTIME_ID) - computed < 20);
}

static void
a_sleep_of_more_than_a_second_is_no_error(void **state)
{
	double begin = now_ms(CLOCK_MONOTONIC);

	(void)state;
	assert_string_equal(run("sleep", 1001), "slept");
	assert_true(now_ms(CLOCK_MONOTONIC) - begin >= 1001);
}

static void
a_result_is_cut_to_its_room(void **state)
{
	static const struct {
		const char *name;
		long argument;
	} calls[] = {
	    {"fib", 25},  {"sha", 1000}, {"primes", 100},
	    {"block", 1}, {"sleep", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		char result[4] = "...";

		load_find(calls[i].name)->run(calls[i].argument, result, 2);
		assert_int_equal(result[1], '\0');
		assert_int_equal(result[2], '.');
	}
}

/* ---- the table ---- */

static void
every_load_is_found_by_its_name(void **state)
{
	static const char *const names[] = {"fib", "sha", "primes", "block",
	                                    "sleep"};

	(void)state;
	assert_int_equal(load_count, sizeof(names) / sizeof(*names));
	for (size_t i = 0; i < load_count; i++) {
		assert_string_equal(loads[i].name, names[i]);
		assert_ptr_equal(load_find(names[i]), &loads[i]);
	}
	assert_null(load_find("nothing"));
	assert_null(load_find(""));
	assert_null(load_find("fi"));
}

static void
the_usual_argument_is_within_the_range(void **state)
{
	(void)state;
	for (size_t i = 0; i < load_count; i++) {
		assert_true(loads[i].least >= 1);
		assert_true(loads[i].least <= loads[i].argument);
		assert_true(loads[i].argument <= loads[i].most);
		assert_true(strlen(loads[i].unit) > 0);
		assert_true(strlen(loads[i].help) > 0);
	}
}

static void
the_least_argument_works(void **state)
{
	(void)state;
	for (size_t i = 0; i < load_count; i++)
		assert_true(strlen(run(loads[i].name, loads[i].least)) > 0);
}

static void
a_label_is_a_call(void **state)
{
	char label[32];

	(void)state;
	assert_ptr_equal(load_label(load_find("fib"), 42, label, sizeof(label)),
	                 label);
	assert_string_equal(label, "fib(42)");
	load_label(load_find("primes"), 2000000000, label, 8);
	assert_string_equal(label, "primes(");
}

/* They would take minutes. */
static void
a_load_whose_thread_is_to_end_returns_early(void **state)
{
	uint32_t stop = 1;

	(void)state;
	load_watch(&stop);
	run("fib", 55);
	run("primes", 2000000);
	run("block", 60000);
	run("sleep", 60000);
	load_watch(NULL);
	assert_string_equal(run("fib", 27), "196418");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fib_counts_rabbits),
	    cmocka_unit_test(primes_are_counted_to_the_last),
	    cmocka_unit_test(primes_are_as_many_as_is_known),
	    cmocka_unit_test(sha_is_the_end_of_what_crypt_makes),
	    cmocka_unit_test(a_block_lasts_as_long_as_it_was_told_and_computes),
	    cmocka_unit_test(a_sleep_lasts_as_long_and_computes_nothing),
	    cmocka_unit_test(a_sleep_of_more_than_a_second_is_no_error),
	    cmocka_unit_test(a_load_whose_thread_is_to_end_returns_early),
	    cmocka_unit_test(a_result_is_cut_to_its_room),
	    cmocka_unit_test(every_load_is_found_by_its_name),
	    cmocka_unit_test(the_usual_argument_is_within_the_range),
	    cmocka_unit_test(the_least_argument_works),
	    cmocka_unit_test(a_label_is_a_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
