/*
 * hands: a screen over the world of a cluster, and hands to type on it.
 */
#ifndef TESTS_HANDS_H
#define TESTS_HANDS_H

#include "test.h"
#include "world.h"

#include "ui/ui.h"

#include <stdlib.h>
#include <string.h>

struct hands {
	struct world world;
	struct ui ui;
	struct command command; /* of the last key */
	struct canvas canvas;
};

static inline int
hands_setup(void **state)
{
	struct hands *hands = calloc(1, sizeof(*hands));
	struct ui_setup lab = {
	    .lab = true,
	    .own_pid = WORLD_LOOPTOP,
	    .loads = {{"fib", "n", "slow", 42}, {"sleep", "ms", "no CPU", 50}},
	    .load_count = 2,
	};

	if (!hands)
		return -1;
	world_cluster(&hands->world);
	ui_init(&hands->ui, &lab);
	*state = hands;
	return 0;
}

static inline int
hands_teardown(void **state)
{
	free(*state);
	return 0;
}

static inline void
hands_draw(struct hands *hands)
{
	static const struct ui_status status;

	canvas_reset(&hands->canvas, 40, 120);
	ui_draw(&hands->ui, &hands->world.model, &status, &hands->canvas);
}

/* Presses keys by their names; what the last one did stays in `command`. */
static inline void
hands_press(struct hands *hands, const char *keys)
{
	while (*keys) {
		size_t length = strcspn(keys, " ");
		struct key key = key_named(keys, length);

		ui_key(&hands->ui, &hands->world.model, &key, &hands->command);
		hands_draw(hands);
		keys += length;
		keys += strspn(keys, " ");
	}
}

static inline void
hands_click(struct hands *hands, int row, int col)
{
	struct key key = {.code = KEY_CODE_MOUSE, .row = row, .col = col};

	ui_key(&hands->ui, &hands->world.model, &key, &hands->command);
	hands_draw(hands);
}

#define with_hands(test) \
	cmocka_unit_test_setup_teardown(test, hands_setup, hands_teardown)

#endif
