/*
 * request: what a key or a menu asks for, and the keys that ask for it.
 */
#ifndef UI_REQUEST_H
#define UI_REQUEST_H

#include "key.h"

enum { KEYS_BYTES = 40, REQUEST_NAME = 24 };

enum request {
	REQUEST_NONE,
#define KEY(request, keys, label, help) request,
#include "keys.def"
#undef KEY
	REQUESTS,
};

struct key_row {
	enum request request;
	const char *keys, *label, *help;
};

/* The table of keys.def, in the order of the help; the keys in it are those
 * nobody has changed. */
extern const struct key_row key_rows[];
extern const int key_row_count;

/* The keys of each request: names with blanks between. Plain data: whoever
 * needs it has a copy. */
struct key_table {
	char keys[REQUESTS][KEYS_BYTES];
};

/* As keys.def says. */
void key_table_init(struct key_table *table);

/* Gives a request other keys, in the place of those it has. 0; -EINVAL: one of
 * them is no key, or there is none; -E2BIG: they are too many. *bad and *length
 * (may be NULL) then say which. */
int key_table_set(struct key_table *table, enum request request,
                  const char *keys, const char **bad, size_t *length);

/* A key that two requests have; false: there is none. */
struct key_clash {
	enum request first, second;
	char key[KEYS_BYTES];
};
bool key_table_clashes(const struct key_table *table, struct key_clash *clash);

/* The first of a request's keys, for a sentence: "o". Without a table: of
 * keys.def. */
const char *key_first(const struct key_table *table, enum request request,
                      char into[KEYS_BYTES]);

/* What a key asks for; REQUEST_NONE: nothing. */
enum request request_of(const struct key_table *table, const struct key *key);

/* "step-back" of REQUEST_STEP_BACK; and the other way, REQUEST_NONE: there is
 * none. */
const char *request_name(enum request request, char into[REQUEST_NAME]);
enum request request_named(const char *name, size_t length);

/* The row of keys.def. */
const struct key_row *request_row(enum request request);

#endif
