#include "request.h"

#include <string.h>

const struct key_row key_rows[] = {
#define KEY(request, keys, label, help) {request, keys, label, help},
#include "keys.def"
#undef KEY
};

const int key_row_count = sizeof(key_rows) / sizeof(*key_rows);

static bool
is_among(const struct key *key, const char *keys)
{
	while (*keys) {
		size_t length = strcspn(keys, " ");

		struct key named = key_named(keys, length);

		/* A character has its shift in it, an arrow beside it. */
		if (named.code == key->code &&
		    (key->code < KEY_CODES ||
		     named.modifiers == (key->modifiers & KEY_SHIFT)))
			return true;
		keys += length;
		keys += strspn(keys, " ");
	}
	return false;
}

enum request
request_of(const struct key *key)
{
	if (key->modifiers & (KEY_ALT | KEY_CTRL))
		return REQUEST_NONE;
	for (int i = 0; i < key_row_count; i++)
		if (is_among(key, key_rows[i].keys))
			return key_rows[i].request;
	return REQUEST_NONE;
}
