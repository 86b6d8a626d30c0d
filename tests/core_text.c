/* Text from elsewhere, made fit for a screen and for JSON. */
#include "test.h"

#include "core/text.h"

#include <string.h>

static void
decodes_what_is_utf8(void **state)
{
	uint32_t point;

	(void)state;
	assert_int_equal(text_decode("a", 1, &point), 1);
	assert_int_equal(point, 'a');
	assert_int_equal(text_decode("\xc3\xa9", 2, &point), 2);
	assert_int_equal(point, 0xe9);
	assert_int_equal(text_decode("\xe2\x96\xb6", 3, &point), 3);
	assert_int_equal(point, 0x25b6);
	assert_int_equal(text_decode("\xf0\x9f\x98\x80", 4, &point), 4);
	assert_int_equal(point, 0x1f600);
}

static void
replaces_what_is_not(void **state)
{
	static const char *const bad[] = {
	    "\x80",             /* a continuation alone */
	    "\xc0\xaf",         /* overlong */
	    "\xe0\x80\xaf",     /* overlong */
	    "\xed\xa0\x80",     /* a surrogate */
	    "\xf5\x80\x80\x80", /* beyond U+10FFFF */
	    "\xe2\x96",         /* cut off */
	    "\xe2x",            /* broken off */
	};
	uint32_t point;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(text_decode(bad[i], strlen(bad[i]), &point),
		                 1);
		assert_int_equal(point, TEXT_REPLACEMENT);
	}
}

static void
cleans_controls_and_cuts_whole_characters(void **state)
{
	char into[8];

	(void)state;
	assert_int_equal(text_clean(into, sizeof(into), "a\tb\033c", 5), 5);
	assert_string_equal(into, "a b c");
	/* Seven bytes fit; the third character would need nine. */
	text_clean(into, sizeof(into), "\xe2\x96\xb6\xe2\x96\xb6\xe2\x96\xb6",
	           9);
	assert_string_equal(into, "\xe2\x96\xb6\xe2\x96\xb6");
	text_utf8(into, sizeof(into), "a\nb", 3);
	assert_string_equal(into, "a\nb");
}

static void
previews_without_quotes(void **state)
{
	static const char message[] = "{\"load\":\"fib(42)\"}\n";
	char into[64];
	size_t size =
	    text_preview(into, sizeof(into), message, sizeof(message) - 1);

	(void)state;
	assert_int_equal(size, strlen("{load:fib(42)}"));
	assert_memory_equal(into, "{load:fib(42)}", size);
	assert_int_equal(text_preview(into, 3, message, sizeof(message) - 1),
	                 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(decodes_what_is_utf8),
	    cmocka_unit_test(replaces_what_is_not),
	    cmocka_unit_test(cleans_controls_and_cuts_whole_characters),
	    cmocka_unit_test(previews_without_quotes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
