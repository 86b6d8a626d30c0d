/* V8's serializer: the bytes in these tests are what Node 20 writes. */
#include "test.h"

#include "runtime/advanced.h"
#include "runtime/json_text.h"

#include <errno.h>
#include <stdlib.h>

static size_t
from_hex(const char *hex, char *bytes)
{
	size_t size = strlen(hex) / 2;

	for (size_t i = 0; i < size; i++) {
		unsigned int byte;

		sscanf(hex + 2 * i, "%2x", &byte);
		bytes[i] = (char)byte;
	}
	return size;
}

/* In memory of just that size, for the address sanitizer. */
static json_t *
read_part(const char *bytes, size_t size, int *error)
{
	char *copy = malloc(size ? size : 1);
	json_t *value;

	memcpy(copy, bytes, size);
	value = advanced_read(copy, size, error);
	free(copy);
	return value;
}

static void
assert_means(json_t *value, const char *meaning)
{
	struct bytes out = {0};

	json_text_write(&out, value);
	bytes_put(&out, '\0');
	assert_string_equal(out.at, meaning);
	bytes_free(&out);
}

static void
expect(const char *hex, const char *meaning)
{
	char bytes[512];
	size_t size = from_hex(hex, bytes);
	json_t *value;
	int error;

	value = read_part(bytes, size, &error);
	if (!value)
		fail_msg("%s: error %d", hex, error);
	assert_means(value, meaning);
	json_decref(value);
	/* No part of it is a message. */
	for (size_t cut = 0; cut < size; cut++)
		assert_null(read_part(bytes, cut, &error));
}

static void
expect_error(const char *hex, int expected)
{
	char bytes[512];
	size_t size = from_hex(hex, bytes);
	int error;

	if (read_part(bytes, size, &error) || error != expected)
		fail_msg("%s: error %d", hex, error);
}

static void
values_of_json_are_read(void **state)
{
	(void)state;
	expect("ff0f30", "null");
	expect("ff0f54", "true");
	expect("ff0f46", "false");
	expect("ff0f4900", "0");
	expect("ff0f4901", "-1");
	expect("ff0f49feffffff0f", "2147483647");
	expect("ff0f49ffffffff0f", "-2147483648");
	expect("ff0f55ffffffff0f", "4294967295");
	expect("ff0f4e000000000000e041", "2147483648");
	expect("ff0f4e000020000000e0c1", "-2147483649");
	expect("ff0f4e408cb5781daf1544", "100000000000000000000");
	expect("ff0f4e0000000000000440", "2.5");
	expect("ff0f2203616263", "\"abc\"");
	expect("ff0f2204636166e9", "\"caf\xc3\xa9\"");
	expect("ff0f6304e5652c67", "\"\xe6\x97\xa5\xe6\x9c\xac\"");
	expect("ff0f63043dd800de", "\"\xf0\x9f\x98\x80\"");
	expect("ff0f5303e697a5", "\"\xe6\x97\xa5\"");
	expect("ff0f4100240000", "[]");
	expect("ff0f410249024904240002", "[1,2]");
	expect("ff0f6f22016149027b01", "{\"a\":1}");
	expect("ff0f6f490249042201616f7b007b02", "{\"1\":2,\"a\":{}}");
	expect("ff0f6f2201e949026302e56549047b02",
	       "{\"\xc3\xa9\":1,\"\xe6\x97\xa5\":2}");
	expect("ff0f6f4e000000000000e04149047b01", "{\"2147483648\":2}");
	expect("ff0f4102220178006302e565240002", "[\"x\",\"\xe6\x97\xa5\"]");
}

static void
other_values_become_what_json_has(void **state)
{
	(void)state;
	expect("ff0f5f", "null");
	expect("ff0f4e000000000000f87f", "null");
	expect("ff0f4e0000000000000080", "0");
	expect("ff0f630200d8", "\"\xef\xbf\xbd\"");
	expect("ff0f5301ff", "\"\xef\xbf\xbd\"");
	expect("ff0f61034900490249044906400203", "[1,null,3]");
	expect("ff0f4103490249042d240003", "[1,2,null]");
	expect("ff0f4102490249042201784906240102", "[1,2]");
	expect("ff0f41015f240001", "[null]");
	expect("ff0f440000000000001440", "5");
	expect("ff0f6e0000000000000840", "3");
	expect("ff0f79", "true");
	expect("ff0f78", "false");
	expect("ff0f73220178", "\"x\"");
	expect("ff0f5a100a00000000000000", "10");
	expect("ff0f5a110a00000000000000", "-10");
	expect("ff0f5c000a03616263", "\"abc\"");
	expect("ff0f5c000103ff0041", "\"\xc3\xbf\\u0000A\"");
	expect("ff0f4203000000", "\"\\u0000\\u0000\\u0000\"");
	expect("ff0f5c016f22016149027b01", "{\"a\":1}");
	expect("ff0f3f014902", "1");
	expect("ff0d4902", "1");
}

static void
the_same_object_may_come_twice(void **state)
{
	char bytes[64];
	size_t size = from_hex("ff0f41036f22016149027b015e015e01240003", bytes);
	json_t *value;
	int error;

	(void)state;
	value = read_part(bytes, size, &error);
	assert_means(value, "[{\"a\":1},{\"a\":1},{\"a\":1}]");
	assert_ptr_equal(json_array_get(value, 0), json_array_get(value, 2));
	json_decref(value);
	/* Also one that JSON has no place for: [list with x: {}, that {}]. */
	expect("ff0f41024100220178"
	       "6f7b00"
	       "240100"
	       "5e02"
	       "240002",
	       "[[],{}]");
	/* Or whose key came again: {a: {}, a: 1, b: the first}. */
	expect("ff0f6f2201616f7b00220161490222016"
	       "25e017b03",
	       "{\"a\":1,\"b\":{}}");
}

static void
what_json_cannot_say_is_not_supported(void **state)
{
	(void)state;
	expect_error("ff0f3b490249043a02", -ENOTSUP);     /* Map */
	expect_error("ff0f2749022c01", -ENOTSUP);         /* Set */
	expect_error("ff0f5222016101", -ENOTSUP);         /* RegExp */
	expect_error("ff0f726d2201782e", -ENOTSUP);       /* Error */
	expect_error("ff0f5c00030400000000", -ENOTSUP);   /* Int16Array */
	expect_error("ff0f6f22026d655e007b01", -ENOTSUP); /* itself */
	expect_error("ff0f5a2100000000000000004000000000000000",
	             -ENOTSUP); /* 2n ** 70n */
	expect_error("ff0f61ffffffff0f4001ffffffff0f", -ENOTSUP);
	expect_error("ff104902", -ENOTSUP); /* a later version */
}

static void
what_is_damaged_is_refused(void **state)
{
	(void)state;
	expect_error("", -EPROTO);
	expect_error("00", -EPROTO);
	expect_error("4902", -EPROTO);
	expect_error("ff0f490200", -EPROTO);         /* more behind it */
	expect_error("ff0f49ffffffffffff", -EPROTO); /* endless number */
	expect_error("ff0f22ffffffff0f61", -EPROTO); /* long string */
	expect_error("ff0f63036161", -EPROTO);
	expect_error("ff0f630361616161", -EPROTO); /* half a unit */
	expect_error("ff0f41ffffffff0f", -EPROTO); /* long list */
	expect_error("ff0f410149022400"
	             "02",
	             -EPROTO);                       /* two lengths */
	expect_error("ff0f41014902240101", -EPROTO); /* two counts */
	expect_error("ff0f6f22016149027b02", -EPROTO);
	expect_error("ff0f6f5449027b01", -EPROTO); /* a key: true */
	expect_error("ff0f6f4e000000000000044049027b01", -EPROTO);
	expect_error("ff0f5e00", -EPROTO); /* of nothing */
	expect_error("ff0f5c02", -EPROTO);
	expect_error("ff0f7330", -EPROTO);
}

/* A list of the list before it, twice, thirty times: 200 bytes that would be a
 * thousand million values. */
static void
little_cannot_become_much(void **state)
{
	struct bytes message = {0};
	int error;

	(void)state;
	bytes_add(&message, "\xff\x0f", 2);
	for (int i = 0; i < 30; i++)
		bytes_add(&message, "A\2", 2);
	bytes_add(&message,
	          "0"
	          "0"
	          "$\0\2",
	          5);
	for (int i = 28; i >= 0; i--) {
		char reference[] = {'^', (char)(i + 1), '$', 0, 2};

		bytes_add(&message, reference, 5);
	}
	assert_null(read_part(message.at, message.used, &error));
	assert_int_equal(error, -ENOTSUP);
	bytes_free(&message);
}

static void
depth_has_an_end(void **state)
{
	struct bytes message = {0};
	json_t *value;
	int error;

	(void)state;
	bytes_add(&message, "\xff\x0f", 2);
	for (int i = 0; i < 100000; i++)
		bytes_add(&message, "A\1", 2);
	assert_null(read_part(message.at, message.used, &error));
	assert_int_equal(error, -ENOTSUP);
	message.used = 0;
	value = json_array();
	for (int i = 0; i < 2048; i++)
		value = json_pack("[o]", value);
	assert_int_equal(advanced_write(&message, value), -ELOOP);
	json_decref(value);
	bytes_free(&message);
}

static void
what_is_written_is_read(void **state)
{
	static const char *const texts[] = {
	    "null",
	    "true",
	    "[false,0,-1,300,-2147483648,2147483648]",
	    "9007199254740992",
	    "0.5",
	    "-1e300",
	    "\"\"",
	    "\"text\"",
	    "\"caf\xc3\xa9 \xf0\x9f\x98\x80\\u0000\"",
	    "{\"\":{\"k\":[]}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		json_t *value = json_text_read(texts[i], strlen(texts[i]));
		struct bytes out = {0};
		json_t *again;
		int error;

		assert_int_equal(advanced_write(&out, value), 0);
		again = read_part(out.at, out.used, &error);
		assert_non_null(again);
		assert_true(json_equal(value, again));
		json_decref(value);
		json_decref(again);
		bytes_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_of_json_are_read),
	    cmocka_unit_test(other_values_become_what_json_has),
	    cmocka_unit_test(the_same_object_may_come_twice),
	    cmocka_unit_test(what_json_cannot_say_is_not_supported),
	    cmocka_unit_test(what_is_damaged_is_refused),
	    cmocka_unit_test(little_cannot_become_much),
	    cmocka_unit_test(depth_has_an_end),
	    cmocka_unit_test(what_is_written_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
