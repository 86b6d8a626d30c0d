/* What terminals send: whatever bytes come, they are taken off the input, and
 * however they are cut, the same keys come out. */
#include "fuzz.h"

#include "ui/key.h"

#include <string.h>

enum { KEYS = 4096 };

struct keys {
	struct key list[KEYS];
	int count;
};

static void
check(const struct key *key)
{
	bool mouse = key->code == KEY_CODE_MOUSE ||
	             key->code == KEY_CODE_WHEEL_UP ||
	             key->code == KEY_CODE_WHEEL_DOWN;

	FUZZ_HOLDS(key->code <= KEY_CODE_NONE);
	FUZZ_HOLDS(key->modifiers <= (KEY_SHIFT | KEY_ALT | KEY_CTRL));
	FUZZ_HOLDS(!mouse || (key->row >= 0 && key->col >= 0));
}

/* Reads all the keys there are in bytes[0..size); returns what it took. */
static size_t
read_keys(const char *bytes, size_t size, bool final, struct keys *keys)
{
	size_t at = 0;

	while (at < size && keys->count < KEYS) {
		struct key *key = &keys->list[keys->count];
		size_t took = key_parse(bytes + at, size - at, final, key);

		FUZZ_HOLDS(took <= size - at);
		FUZZ_HOLDS(took || !final);
		if (!took)
			break;
		check(key);
		keys->count++;
		at += took;
	}
	return at;
}

/* As a terminal does it: `part` bytes more each time, and nothing more at the
 * end. */
static void
type(const char *bytes, size_t size, size_t part, struct keys *keys)
{
	size_t at = 0;

	keys->count = 0;
	for (size_t end = part; end < size; end += part)
		at += read_keys(bytes + at, end - at, false, keys);
	at += read_keys(bytes + at, size - at, true, keys);
	FUZZ_HOLDS(at == size || keys->count == KEYS);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct keys whole, parts;

	if (size < 2)
		return 0;
	type((const char *)data + 1, size - 1, size, &whole);
	type((const char *)data + 1, size - 1, data[0] % 16 + 1, &parts);
	FUZZ_HOLDS(whole.count == parts.count);
	for (int i = 0; i < whole.count; i++)
		FUZZ_HOLDS(memcmp(&whole.list[i], &parts.list[i],
		                  sizeof(struct key)) == 0);
	return 0;
}
