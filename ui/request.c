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

		if (key_named(keys, length).code == key->code)
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
