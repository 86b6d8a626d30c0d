#include "request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const struct key_row key_rows[] = {
#define KEY(request, keys, label, help) {request, keys, label, help},
#include "keys.def"
#undef KEY
};

const int key_row_count = sizeof(key_rows) / sizeof(*key_rows);

const struct key_row *
request_row(enum request request)
{
	for (int i = 0; i < key_row_count; i++)
		if (key_rows[i].request == request)
			return &key_rows[i];
	return NULL;
}

/* ---- names ---- */

const char *
request_name(enum request request, char into[REQUEST_NAME])
{
	static const char *const names[] = {
	    [REQUEST_NONE] = "REQUEST_NONE",
#define KEY(request, keys, label, help) [request] = #request,
#include "keys.def"
#undef KEY
	};
	const char *name = names[request] + sizeof("REQUEST_") - 1;
	size_t i;

	for (i = 0; i < REQUEST_NAME - 1 && name[i]; i++)
		into[i] = name[i] == '_'                     ? '-'
		          : name[i] >= 'A' && name[i] <= 'Z' ? name[i] | 0x20
		                                             : name[i];
	into[i] = '\0';
	return into;
}

enum request
request_named(const char *name, size_t length)
{
	char own[REQUEST_NAME];

	for (int i = REQUEST_NONE + 1; i < REQUESTS; i++)
		if (strlen(request_name((enum request)i, own)) == length &&
		    memcmp(own, name, length) == 0)
			return (enum request)i;
	return REQUEST_NONE;
}

/* ---- the table ---- */

void
key_table_init(struct key_table *table)
{
	memset(table, 0, sizeof(*table));
	for (int i = 0; i < key_row_count; i++)
		snprintf(table->keys[key_rows[i].request], KEYS_BYTES, "%s",
		         key_rows[i].keys);
}

/* The name at *at, which is moved behind it; NULL: there is no more. */
static const char *
next_name(const char **at, size_t *length)
{
	const char *name = *at + strspn(*at, " \t");

	*length = strcspn(name, " \t");
	*at = name + *length;
	return *length ? name : NULL;
}

int
key_table_set(struct key_table *table, enum request request, const char *keys,
              const char **bad, size_t *length)
{
	char given[KEYS_BYTES] = "";
	size_t used = 0, size;
	const char *name;
	struct key key;

	if (!bad)
		bad = &name;
	if (!length)
		length = &size;
	while ((*bad = next_name(&keys, length)) != NULL) {
		if (!key_read(*bad, *length, &key))
			return -EINVAL;
		if (used + *length + 2 > sizeof(given))
			return -E2BIG;
		if (used)
			given[used++] = ' ';
		memcpy(given + used, *bad, *length);
		used += *length;
	}
	if (!used)
		return -EINVAL;
	memcpy(table->keys[request], given, sizeof(given));
	return 0;
}

static bool
is_among(const struct key *key, const char *keys)
{
	const char *name;
	size_t length;

	while ((name = next_name(&keys, &length)) != NULL) {
		struct key named = key_named(name, length);

		/* A character has its shift in it, an arrow beside it. */
		if (named.code == key->code &&
		    (key->code < KEY_CODES ||
		     named.modifiers == (key->modifiers & KEY_SHIFT)))
			return true;
	}
	return false;
}

bool
key_table_clashes(const struct key_table *table, struct key_clash *clash)
{
	for (int i = REQUEST_NONE + 1; i < REQUESTS; i++) {
		const char *keys = table->keys[i], *name;
		size_t length;

		while ((name = next_name(&keys, &length)) != NULL) {
			struct key key = key_named(name, length);

			for (int other = i + 1; other < REQUESTS; other++) {
				if (!is_among(&key, table->keys[other]))
					continue;
				clash->first = (enum request)i;
				clash->second = (enum request)other;
				snprintf(clash->key, KEYS_BYTES, "%.*s",
				         (int)length, name);
				return true;
			}
		}
	}
	return false;
}

const char *
key_first(const struct key_table *table, enum request request,
          char into[KEYS_BYTES])
{
	const char *keys =
	    table ? table->keys[request] : request_row(request)->keys;

	snprintf(into, KEYS_BYTES, "%.*s", (int)strcspn(keys, " "), keys);
	return into;
}

enum request
request_of(const struct key_table *table, const struct key *key)
{
	if (key->modifiers & (KEY_ALT | KEY_CTRL))
		return REQUEST_NONE;
	for (int i = 0; i < key_row_count; i++)
		if (is_among(key, table->keys[key_rows[i].request]))
			return key_rows[i].request;
	return REQUEST_NONE;
}
