/* What terminals send, as keys. */
#include "test.h"

#include "ui/key.h"

#include <stdlib.h>
#include <string.h>

static struct key
parse(const char *bytes, bool final)
{
	struct key key = {.code = KEY_CODE_NONE};
	size_t size = strlen(bytes);

	assert_int_equal(key_parse(bytes, size, final, &key), size);
	return key;
}

static void
characters_are_their_own_codes(void **state)
{
	(void)state;
	assert_int_equal(parse("q", false).code, 'q');
	assert_int_equal(parse("\003", false).code, 3);
	assert_int_equal(parse("\xc3\xa9", false).code, 0xe9);
	assert_int_equal(parse("\n", false).code, KEY_CODE_ENTER);
	assert_int_equal(parse("\b", false).code, KEY_CODE_BACKSPACE);
}

static void
arrows_come_in_two_ways(void **state)
{
	(void)state;
	assert_int_equal(parse("\033[A", false).code, KEY_CODE_UP);
	assert_int_equal(parse("\033OA", false).code, KEY_CODE_UP);
	assert_int_equal(parse("\033[1;2D", false).code, KEY_CODE_LEFT);
	assert_int_equal(parse("\033[1;2D", false).modifiers, KEY_SHIFT);
	assert_int_equal(parse("\033[1;5C", false).modifiers, KEY_CTRL);
	assert_int_equal(parse("\033[5~", false).code, KEY_CODE_PAGE_UP);
	assert_int_equal(parse("\033[Z", false).code, KEY_CODE_BACKTAB);
	assert_int_equal(parse("\033[20~", false).code, KEY_CODE_F1 + 8);
	assert_int_equal(parse("\033OP", false).code, KEY_CODE_F1);
	assert_int_equal(parse("\033[[A", false).code, KEY_CODE_F1);
}

static void
an_escape_alone_is_a_key_only_when_nothing_follows(void **state)
{
	struct key key;

	(void)state;
	assert_int_equal(key_parse("\033", 1, false, &key), 0);
	assert_int_equal(parse("\033", true).code, KEY_ESC);
	assert_int_equal(key_parse("\033[", 2, false, &key), 0);
	assert_int_equal(key_parse("\033[1;", 4, false, &key), 0);
	/* Two of them: the first is a key, the second may begin something. */
	assert_int_equal(key_parse("\033\033", 2, false, &key), 1);
	assert_int_equal(key.code, KEY_ESC);
	assert_int_equal(parse("\033x", false).modifiers, KEY_ALT);
}

static void
the_mouse_in_both_protocols(void **state)
{
	struct key key = parse("\033[<0;300;20M", false);

	(void)state;
	assert_int_equal(key.code, KEY_CODE_MOUSE);
	assert_int_equal(key.col, 299);
	assert_int_equal(key.row, 19);
	assert_int_equal(parse("\033[<0;1;1m", false).code, KEY_CODE_NONE);
	assert_int_equal(parse("\033[<64;1;1M", false).code, KEY_CODE_WHEEL_UP);
	assert_int_equal(parse("\033[<65;1;1M", false).code,
	                 KEY_CODE_WHEEL_DOWN);
	key = parse("\033[M !\"", false);
	assert_int_equal(key.code, KEY_CODE_MOUSE);
	assert_int_equal(key.col, 0);
	assert_int_equal(key.row, 1);
}

static void
marks_and_answers_nobody_asked_for(void **state)
{
	struct key key = parse("\033]7777;12;250\a", false);

	(void)state;
	assert_int_equal(key.code, KEY_CODE_MARK);
	assert_int_equal(key.mark, 12);
	assert_int_equal(key.mark_ms, 250);
	assert_int_equal(parse("\033]11;rgb:0/0/0\a", false).code,
	                 KEY_CODE_NONE);
	assert_int_equal(parse("\033[?1;2c", false).code, KEY_CODE_NONE);
}

/* Whatever comes, each call takes something or asks for more, never beyond the
 * end, and with `final` it always goes on. */
static void
never_hangs_or_overruns_on_noise(void **state)
{
	static const char likely[] = "\033[]O<;M0123456789~AaZm\a\xc3\xa9\xff";
	char bytes[32];
	struct key key;

	(void)state;
	srand(7);
	for (int round = 0; round < 200000; round++) {
		size_t size = (size_t)rand() % sizeof(bytes) + 1, at = 0;

		for (size_t i = 0; i < size; i++)
			bytes[i] =
			    rand() % 4
				? likely[(size_t)rand() % (sizeof(likely) - 1)]
				: (char)rand();
		while (at < size) {
			size_t took =
			    key_parse(bytes + at, size - at, true, &key);

			assert_true(took > 0 && took <= size - at);
			at += took;
		}
	}
}

static void
cut_anywhere_it_means_the_same(void **state)
{
	static const char *const sequences[] = {
	    "\033[A",          "\033OH",       "\033[1;5C", "\033[<0;10;5M",
	    "\033]7777;1;2\a", "\xe2\x96\xb6", "\033[15~"};

	(void)state;
	for (size_t i = 0; i < sizeof(sequences) / sizeof(*sequences); i++) {
		size_t size = strlen(sequences[i]);
		struct key whole, part;

		key_parse(sequences[i], size, false, &whole);
		for (size_t cut = 1; cut < size; cut++)
			assert_int_equal(
			    key_parse(sequences[i], cut, false, &part), 0);
		assert_true(whole.code != KEY_CODE_NONE);
	}
}

static void
keys_are_found_by_their_names(void **state)
{
	static const struct {
		const char *name;
		uint32_t code;
		uint8_t modifiers;
	} cases[] = {
	    {"q", 'q', 0},
	    {"#", '#', 0},
	    {"^L", 12, 0},
	    {"^H", KEY_CODE_BACKSPACE, 0},
	    {"^", '^', 0},
	    {"\u00f6", 0xf6, 0},
	    {"F1", KEY_CODE_F1, 0},
	    {"F12", KEY_CODE_F12, 0},
	    {"Space", ' ', 0},
	    {"Delete", KEY_CODE_DELETE, 0},
	    {"ShiftLeft", KEY_CODE_LEFT, KEY_SHIFT},
	    {"ShiftF5", KEY_CODE_F1 + 4, KEY_SHIFT},
	};
	static const char *const none[] = {
	    "",   "qq", "F0", "F13", "F01",  "F111",  "space",  "^l",
	    "^@", " ",  "\t", "\a",  "\xff", "Shift", "Shifta", "ShiftTab",
	};
	struct key key;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_true(
		    key_read(cases[i].name, strlen(cases[i].name), &key));
		assert_int_equal(key.code, cases[i].code);
		assert_int_equal(key.modifiers, cases[i].modifiers);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		assert_false(key_read(none[i], strlen(none[i]), &key));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(characters_are_their_own_codes),
	    cmocka_unit_test(arrows_come_in_two_ways),
	    cmocka_unit_test(
		an_escape_alone_is_a_key_only_when_nothing_follows),
	    cmocka_unit_test(the_mouse_in_both_protocols),
	    cmocka_unit_test(marks_and_answers_nobody_asked_for),
	    cmocka_unit_test(never_hangs_or_overruns_on_noise),
	    cmocka_unit_test(cut_anywhere_it_means_the_same),
	    cmocka_unit_test(keys_are_found_by_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
