/* The parser of messages, in both modes: what is read can be written, and is
 * read again as it was. Of JSON jansson is asked too. */
#include "fuzz.h"

#include "runtime/ipc_message.h"

#include <string.h>

/* What was written, without what separates it from the next. */
static json_t *
write_and_read(enum wire_mode mode, json_t *value)
{
	size_t head = mode == WIRE_JSON ? 0 : WIRE_HEAD;
	struct bytes out = {0};
	json_t *again;
	int error;

	FUZZ_HOLDS(ipc_message_write(mode, &out, value) == 0);
	if (mode == WIRE_JSON)
		FUZZ_HOLDS(memchr(out.at, '\n', out.used) ==
		           out.at + out.used - 1);
	again = ipc_message_read(mode, out.at + head,
	                         out.used - head - (mode == WIRE_JSON), &error);
	bytes_free(&out);
	return again;
}

/* By their texts: json_equal() sees no key beyond a NUL in it. */
static bool
is_same(json_t *a, json_t *b)
{
	struct bytes texts[2] = {0};
	bool same;

	if (!a || !b)
		return false;
	ipc_message_write(WIRE_JSON, &texts[0], a);
	ipc_message_write(WIRE_JSON, &texts[1], b);
	same = texts[0].used == texts[1].used &&
	       memcmp(texts[0].at, texts[1].at, texts[0].used) == 0;
	bytes_free(&texts[0]);
	bytes_free(&texts[1]);
	return same;
}

/* Whatever jansson takes we take, and it means the same; but for a NUL at the
 * end, which it takes for the end. */
static void
ask_jansson(const char *text, size_t size, json_t *ours)
{
	json_error_t error;
	json_t *theirs =
	    json_loadb(text, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);

	FUZZ_HOLDS(!theirs || memchr(text, '\0', size) ||
	           (ours && json_equal(theirs, ours)));
	json_decref(theirs);
}

static void
look_at(json_t *value, enum wire_mode mode, const char *bytes, size_t size)
{
	char text[60];
	enum ipc_message_kind kind = ipc_message_kind(value);

	FUZZ_HOLDS(kind == IPC_MESSAGE_USER ||
	           strncmp(json_string_value(json_object_get(value, "cmd")),
	                   "NODE_", 5) == 0);
	FUZZ_HOLDS(ipc_message_preview(value, mode, bytes, size, text,
	                               sizeof(text)) <= sizeof(text));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data + 1;
	enum wire_mode mode;
	json_t *value, *again;
	int error;

	if (size-- < 1)
		return 0;
	mode = data[0] & 1 ? WIRE_ADVANCED : WIRE_JSON;
	value = ipc_message_read(mode, bytes, size, &error);
	if (mode == WIRE_JSON)
		ask_jansson(bytes, size, value);
	if (!value) {
		FUZZ_HOLDS(error < 0);
		return 0;
	}
	look_at(value, mode, bytes, size);
	again = write_and_read(mode, value);
	FUZZ_HOLDS(again);
	/* A BigInt of more than 53 bits is written as a number. */
	if (mode == WIRE_ADVANCED) {
		json_decref(value);
		value = again;
		again = write_and_read(mode, value);
	}
	FUZZ_HOLDS(is_same(value, again));
	json_decref(again);
	/* The other way of writing says the same, but for kinds of number. */
	again = write_and_read(mode == WIRE_JSON ? WIRE_ADVANCED : WIRE_JSON,
	                       value);
	FUZZ_HOLDS(again);
	json_decref(again);
	json_decref(value);
	return 0;
}
