/*
 * request: what a key or a menu asks for.
 */
#ifndef UI_REQUEST_H
#define UI_REQUEST_H

#include "key.h"

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

/* The table of keys.def. */
extern const struct key_row key_rows[];
extern const int key_row_count;

/* What a key asks for; REQUEST_NONE: nothing. */
enum request request_of(const struct key *key);

#endif
