/* A number's text: JSON.stringify's in a real Node. */
#include "test.h"

#include "runtime/number.h"

#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
expect(double value, const char *expected)
{
	char text[NUMBER_TEXT + 1];

	text[number_write(text, value)] = '\0';
	if (strcmp(text, expected) != 0)
		fail_msg("%a is %s, not %s", value, text, expected);
}

static void
numbers_of_the_standard(void **state)
{
	static const struct {
		double value;
		const char *text;
	} numbers[] = {
	    {0, "0"},
	    {-0.0, "0"},
	    {2.0, "2"},
	    {-17, "-17"},
	    {0.1, "0.1"},
	    {-2.5, "-2.5"},
	    {0.1 + 0.2, "0.30000000000000004"},
	    {100, "100"},
	    {1234.5678, "1234.5678"},
	    {9007199254740993, "9007199254740992"},
	    {9223372036854775808.0, "9223372036854776000"},
	    {123456789012345680000.0, "123456789012345680000"},
	    {999999999999999900000.0, "999999999999999900000"},
	    {1e21, "1e+21"},
	    {-1.5e21, "-1.5e+21"},
	    {1e-6, "0.000001"},
	    {1.5e-6, "0.0000015"},
	    {1e-7, "1e-7"},
	    {-1.25e-7, "-1.25e-7"},
	    {5e-324, "5e-324"},
	    {1e-323, "1e-323"},
	    {2.2250738585072014e-308, "2.2250738585072014e-308"},
	    {2.2250738585072011e-308, "2.225073858507201e-308"},
	    {1.7976931348623157e308, "1.7976931348623157e+308"},
	    /* a power of two, whose nearest of 16 digits is another number */
	    {0x1p-44, "5.684341886080802e-14"},
	    {0x1p-24, "5.960464477539063e-8"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		expect(numbers[i].value, numbers[i].text);
}

/* Where the point is a comma. */
static void
the_locale_does_not_matter(void **state)
{
	static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8",
	                                    "de_DE", "ps_AF.UTF-8"};
	size_t i = 0;

	(void)state;
	while (i < 4 && !setlocale(LC_NUMERIC, names[i]))
		i++;
	expect(2.5, "2.5");
	expect(1.25e-7, "1.25e-7");
	setlocale(LC_NUMERIC, "C");
}

/* ---- beside Node ---- */

/* Both make the same numbers: each power of two, then random bits. */
static const char script[] =
    "const bits = new BigUint64Array(1), real = new Float64Array(bits.buffer);"
    "const say = () => console.log(JSON.stringify(real[0]));"
    "for (let i = -1074; i < 1024; i++) { real[0] = 2 ** i; say(); }"
    "for (let i = 0, x = 1n; i < 20000; i++) {"
    "  x = BigInt.asUintN(64, x * 6364136223846793005n + 1442695040888963407n);"
    "  bits[0] = i % 4 ? x : x & 0x800fffffffffffffn; say(); }";

static void
expect_next(FILE *node, double value)
{
	char line[64] = "";

	assert_non_null(fgets(line, sizeof(line), node));
	line[strcspn(line, "\n")] = '\0';
	if (isfinite(value))
		expect(value, line);
}

static void
node_says_the_same(void **state)
{
	char command[1024];
	uint64_t x = 1;
	FILE *node;

	(void)state;
	if (system("node --version >/dev/null 2>&1") != 0)
		skip_because("node is not in PATH");
	snprintf(command, sizeof(command), "node -e '%s'", script);
	node = popen(command, "r");
	assert_non_null(node);
	for (int i = -1074; i < 1024; i++)
		expect_next(node, ldexp(1, i));
	for (int i = 0; i < 20000; i++) {
		uint64_t bits;
		double value;

		x = x * 6364136223846793005u + 1442695040888963407u;
		bits = i % 4 ? x : x & 0x800fffffffffffff;
		memcpy(&value, &bits, sizeof(value));
		expect_next(node, value);
	}
	assert_int_equal(pclose(node), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_of_the_standard),
	    cmocka_unit_test(the_locale_does_not_matter),
	    cmocka_unit_test(node_says_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
