/* JSON as JavaScript reads and writes it. */
#include "test.h"

#include "runtime/json_text.h"

#include <errno.h>
#include <stdlib.h>

/* What a text means, written down again. */
static void
expect(const char *text, size_t size, const char *meaning)
{
	json_t *value = json_text_read(text, size);
	struct bytes out = {0};

	if (!value)
		fail_msg("is no JSON: %s", text);
	assert_int_equal(json_text_write(&out, value), 0);
	bytes_put(&out, '\0');
	assert_string_equal(out.at, meaning);
	json_decref(value);
	bytes_free(&out);
}

static void
values_are_read_and_written(void **state)
{
	static const char *const texts[][2] = {
	    {"null", "null"},
	    {" true\t", "true"},
	    {"\r\n false", "false"},
	    {"0", "0"},
	    {"-0", "0"},
	    {"-17", "-17"},
	    {"9223372036854775807", "9223372036854775807"},
	    {"-9223372036854775808", "-9223372036854775808"},
	    {"9223372036854775808", "9223372036854776000"},
	    {"1e21", "1e+21"},
	    {"0.1", "0.1"},
	    {"2.5E+0", "2.5"},
	    {"1e999", "null"},
	    {"1e-999", "0"},
	    {"[]", "[]"},
	    {"[ 1 , [ 2 ] , { } ]", "[1,[2],{}]"},
	    {"{ \"a\" : 1 , \"b\" : [ ] }", "{\"a\":1,\"b\":[]}"},
	    {"{\"a\":1,\"a\":2}", "{\"a\":2}"},
	    {"{\"\":1}", "{\"\":1}"},
	    {"\"\"", "\"\""},
	    {"\"\\u0041\\/\\b\\f\\n\\r\\t\\\\\\\"\"",
	     "\"A/\\b\\f\\n\\r\\t\\\\\\\"\""},
	    {"\"\\u00e9\\u20AC\"", "\"\xc3\xa9\xe2\x82\xac\""},
	    {"\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\""},
	    {"\"a\\u0000\\u001fb\"", "\"a\\u0000\\u001fb\""},
	    {"{\"k\\u0000\":{\"\\u0001\":\"\\u0002\"}}",
	     "{\"k\\u0000\":{\"\\u0001\":\"\\u0002\"}}"},
	    {"\"a string of more than eight bytes\"",
	     "\"a string of more than eight bytes\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		expect(texts[i][0], strlen(texts[i][0]), texts[i][1]);
}

#define ODD "\xef\xbf\xbd"

/* Node's decoder puts one U+FFFD for each beginning of a character; half a
 * surrogate pair has no place in UTF-8. */
static void
what_is_no_text_becomes_a_replacement_character(void **state)
{
	static const char *const texts[][2] = {
	    {"\"\\ud800\"", "\"" ODD "\""},
	    {"\"\\udc00x\"", "\"" ODD "x\""},
	    {"\"\\ud800\\ud83d\\ude00\"", "\"" ODD "\xf0\x9f\x98\x80\""},
	    {"\"\\ud800\\n\"", "\"" ODD "\\n\""},
	    {"\"\xc3(\"", "\"" ODD "(\""},
	    {"\"\xf0\x9f\x98\"", "\"" ODD "\""},
	    {"\"\xe2\x82\xe2\x82\xac\"", "\"" ODD "\xe2\x82\xac\""},
	    {"\"\xed\xa0\x80\"", "\"" ODD ODD ODD "\""},
	    {"\"\xc0\xaf\xff\"", "\"" ODD ODD ODD "\""},
	    {"\"\xf4\x90\x80\x80\"", "\"" ODD ODD ODD ODD "\""},
	    {"{\"\xff\":1}", "{\"" ODD "\":1}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		expect(texts[i][0], strlen(texts[i][0]), texts[i][1]);
}

static void
what_is_no_json_is_refused(void **state)
{
	static const char *const texts[] = {
	    "",
	    " ",
	    "nul",
	    "truex",
	    "tru",
	    "01",
	    "+1",
	    "1.",
	    ".5",
	    "1e",
	    "1e+",
	    "-",
	    "--1",
	    "0x1",
	    "NaN",
	    "[",
	    "[1",
	    "[1,]",
	    "[,1]",
	    "[1 2]",
	    "]",
	    "{",
	    "{\"a\"}",
	    "{\"a\":",
	    "{\"a\":1,}",
	    "{a:1}",
	    "{\"a\" 1}",
	    "{1:2}",
	    "\"",
	    "\"a",
	    "\"\\\"",
	    "\"\\x\"",
	    "\"\\u12\"",
	    "\"\\u123g\"",
	    "\"\\ud800\\u12\"",
	    "\"\n\"",
	    "\"\x01\"",
	    "1 2",
	    "{}{}",
	    "\xff",
	    "\xef\xbb\xbf{}",
	    "'a'",
	    "\"\\",
	    "\"\\u",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (json_text_read(texts[i], strlen(texts[i])))
			fail_msg("is read: %s", texts[i]);
	assert_null(json_text_read("nu\0l", 4));
	assert_null(json_text_read("\"\\\0\"", 4));
}

/* The bytes behind the text may be anything. */
static void
no_byte_beyond_the_text_is_read(void **state)
{
	static const char text[] = "{\"a\":[1,-2.5e3,\"caf\xc3\xa9\\n\",true]}";
	size_t size = strlen(text);

	(void)state;
	for (size_t cut = 0; cut < size; cut++) {
		char *copy = malloc(cut ? cut : 1);

		memcpy(copy, text, cut);
		assert_null(json_text_read(copy, cut));
		free(copy);
	}
}

static void
depth_has_an_end(void **state)
{
	char text[2 * JSON_TEXT_DEPTH + 2];
	struct bytes out = {0};
	json_t *value;

	(void)state;
	memset(text, '[', JSON_TEXT_DEPTH + 1);
	memset(text + JSON_TEXT_DEPTH + 1, ']', JSON_TEXT_DEPTH + 1);
	assert_null(json_text_read(text, sizeof(text)));
	value = json_text_read(text + 1, sizeof(text) - 2);
	assert_non_null(value);
	assert_int_equal(json_text_write(&out, value), 0);
	assert_int_equal(out.used, 2 * JSON_TEXT_DEPTH);
	value = json_pack("[o]", value);
	assert_int_equal(json_text_write(&out, value), -ELOOP);
	json_decref(value);
	bytes_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_are_read_and_written),
	    cmocka_unit_test(what_is_no_text_becomes_a_replacement_character),
	    cmocka_unit_test(what_is_no_json_is_refused),
	    cmocka_unit_test(no_byte_beyond_the_text_is_read),
	    cmocka_unit_test(depth_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
