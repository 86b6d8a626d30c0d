/* What a terminal is taken for. */
#include "test.h"

#include "ui/term_type.h"

static const char *
type_of(const char *term, bool capable)
{
	struct term_type_hints hints = {term, capable};

	return term_type(&hints);
}

static void
what_cannot_move_its_cursor_is_none(void **state)
{
	(void)state;
	assert_null(type_of(NULL, true));
	assert_null(type_of("", true));
	assert_null(type_of("dumb", true));
}

static void
xterm_is_more_only_where_something_says_so(void **state)
{
	(void)state;
	assert_string_equal(type_of("xterm", true), "xterm-256color");
	assert_string_equal(type_of("xterm", false), "xterm");
	assert_string_equal(type_of("linux", true), "linux");
	assert_string_equal(type_of("screen", true), "screen");
}

static void
the_console_has_no_glyphs(void **state)
{
	(void)state;
	assert_false(term_type_has_glyphs("linux"));
	assert_false(term_type_has_glyphs("linux-16color"));
	assert_true(term_type_has_glyphs("linuxish"));
	assert_true(term_type_has_glyphs("xterm-256color"));
	assert_true(term_type_has_glyphs("vt100"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_cannot_move_its_cursor_is_none),
	    cmocka_unit_test(xterm_is_more_only_where_something_says_so),
	    cmocka_unit_test(the_console_has_no_glyphs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
