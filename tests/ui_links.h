/* The screen of a small world, keys, clicks, and what belongs together. */
#ifndef TESTS_UI_LINKS_H
#define TESTS_UI_LINKS_H

#include "test.h"
#include "world.h"

#include "ui/ladder.h"
#include "ui/ui.h"

#include <stdlib.h>
#include <string.h>

struct links {
	struct world world;
	struct ui ui;
	struct command command;
	struct canvas canvas;
	struct linked linked;
};

enum { WORKER_1 = WORLD_THREAD + 7, WORKER_3 = WORLD_THREAD + 9 };

static inline int
setup(void **state)
{
	struct links *links = calloc(1, sizeof(*links));
	struct ui_setup lab = {.lab = true, .own_pid = WORLD_LOOPTOP};

	if (!links)
		return -1;
	world_blocking(&links->world);
	ui_init(&links->ui, &lab);
	*state = links;
	return 0;
}

static inline int
teardown(void **state)
{
	free(*state);
	return 0;
}

static inline void
draw_at(struct links *links, int rows, int cols)
{
	static const struct ui_status status;

	canvas_reset(&links->canvas, rows, cols);
	ui_draw(&links->ui, &links->world.model, &status, &links->canvas);
}

static inline void
press(struct links *links, const char *keys)
{
	draw_at(links, 40, 120);
	while (*keys) {
		size_t length = strcspn(keys, " ");
		struct key key = key_named(keys, length);

		ui_key(&links->ui, &links->world.model, &key, &links->command);
		draw_at(links, 40, 120);
		keys += length;
		keys += strspn(keys, " ");
	}
}

static inline void
click(struct links *links, int row, int col)
{
	struct key key = {.code = KEY_CODE_MOUSE, .row = row, .col = col};

	draw_at(links, 40, 120);
	ui_key(&links->ui, &links->world.model, &key, &links->command);
	draw_at(links, 40, 120);
}

/* The place of a text, from `row` on; -1: it is nowhere. */
static inline int
row_with(struct links *links, int row, const char *text)
{
	char *screen = canvas_dump(&links->canvas, false), *line = screen;
	int found = -1;

	for (int i = 0; line && found < 0; i++) {
		char *end = strchr(line, '\n');

		if (end)
			*end = '\0';
		if (i >= row && strstr(line, text))
			found = i;
		line = end ? end + 1 : NULL;
	}
	free(screen);
	return found;
}

static inline void
assert_shows(struct links *links, const char *text)
{
	if (row_with(links, 0, text) < 0) {
		char *screen = canvas_dump(&links->canvas, false);

		print_error("\"%s\" is not in\n%s", text, screen);
		free(screen);
		fail();
	}
}

/* The pending message that was sent first. */
static inline const struct flow *
first_waiting(const struct model *model)
{
	for (uint64_t id = flow_oldest(&model->flows);
	     id <= model->flows.newest; id++) {
		const struct flow *flow = flow_at(&model->flows, id);

		if (model_is_waiting(model, flow))
			return flow;
	}
	return NULL;
}

static inline enum link
thread_link(const struct links *links, uint32_t tid)
{
	const struct thread *thread =
	    actor_thread(&links->world.model.actors, tid);

	assert_non_null(thread);
	return linked_thread(&links->linked, thread);
}

static inline void
make(struct links *links, struct selection thing)
{
	linked_make(&links->linked, &links->world.model, &thing);
}

#define with_links(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

#endif
