/* The words of a command line without a shell. */
#include "test.h"

#include "stage/words.h"

#include <stdlib.h>

static void
expect(const char *text, const char *const *expected)
{
	char **words = words_split(text);
	int i = 0;

	if (!words)
		fail_msg("has no words: %s", text);
	for (; expected[i] && words[i]; i++)
		assert_string_equal(words[i], expected[i]);
	assert_null(expected[i]);
	assert_null(words[i]);
	free(words);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void
blanks_separate_and_quotes_join(void **state)
{
	(void)state;
	expect("ls", WORDS("ls"));
	expect("  ls\t-l  / \n", WORDS("ls", "-l", "/"));
	expect("a b c d e", WORDS("a", "b", "c", "d", "e"));
	expect("sh -c 'exit 3; # \"\\'", WORDS("sh", "-c", "exit 3; # \"\\"));
	expect("echo \"a \\\"b\\\" \\n\" ''", WORDS("echo", "a \"b\" \\n", ""));
	expect("a\\ b\\|c d'e f'\"g\"", WORDS("a b|c", "de fg"));
	expect("a\\", WORDS("a\\"));
}

static void
nothing_is_expanded(void **state)
{
	(void)state;
	expect("echo $HOME ~ *.c ? `x` $(y)",
	       WORDS("echo", "$HOME", "~", "*.c", "?", "`x`", "$(y)"));
}

static void
what_only_a_shell_knows_is_refused(void **state)
{
	static const char *const texts[] = {
	    "",      "  \t", "ls | wc", "ls&",   "a;b", "a <b",
	    "a 2>b", "'a",   "a \"b",   "\"a\\", "|",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_null(words_split(texts[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(blanks_separate_and_quotes_join),
	    cmocka_unit_test(nothing_is_expanded),
	    cmocka_unit_test(what_only_a_shell_knows_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
