/*
 * Every pane in every state, alone on the screen at four sizes, in UTF-8 and in
 * ASCII: one golden text for a pane and a state in screenshots/golden/panes.
 * Equal lines that follow each other are written once. `make bless` writes them
 * anew; then look at the difference.
 */
#include "test.h"
#include "world.h"

#include "ui/ui.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { GOLDEN_BYTES = 1 << 19 };

struct screen {
	struct world world;
	struct ui ui;
	struct canvas canvas;
	struct ui_status status;
};

/* ---- the states ---- */

static void
describe(struct screen *screen, uint32_t channel, uint32_t a, uint32_t b,
         uint64_t waiting)
{
	struct model *model = &screen->world.model;
	struct event event = {
	    .kind = EVENT_CHANNEL_BORN,
	    .time = model->now,
	    .pid = a,
	    .tid = a,
	    .other_pid = b,
	    .other_tid = b,
	    .channel = channel_id(CHANNEL_PIPE, channel, b),
	    .number = CHANNEL_PIPE,
	    .text = 4,
	};

	model_apply(model, &event, "pipe");
	event.kind = EVENT_CHANNEL_QUEUE;
	event.number = waiting;
	event.text = 0;
	model_apply(model, &event, "");
}

static void
empty(struct screen *screen)
{
	world_init(&screen->world);
}

static void
few(struct screen *screen)
{
	world_calm(&screen->world);
	world_line(&screen->world, 1900, WORLD_CLIENT, false, "one line");
	describe(screen, 1, WORLD_STAGE, WORLD_CLIENT, 0);
}

/* More of everything than fits. */
static void
many(struct screen *screen)
{
	struct world *world = &screen->world;

	few(screen);
	for (uint32_t i = 0; i < 60; i++) {
		uint32_t pid = 4200 + i, tid = 4300 + i;
		char name[32];

		snprintf(name, sizeof(name), "child %u", i + 1);
		world_process(world, 2010 + i, pid, WORLD_STAGE, BIRTH_FORK,
		              name, "looptop @child");
		snprintf(name, sizeof(name), "thread %u", i + 1);
		world_thread(world, 2010 + i, WORLD_STAGE, tid, ROLE_WORKER,
		             name);
		world_turns(world, 2200, WORLD_STAGE, tid, 100, i);
		world_message(world, 2100 + i, 2101 + i, WORLD_STAGE, pid,
		              "work");
		world_line(world, 2150, pid, i % 3 == 0,
		           "a line that is longer than any screen is wide, "
		           "which must be cut and nothing else may be lost by "
		           "it: 0123456789 0123456789 0123456789 0123456789");
		describe(screen, 10 + i, pid, WORLD_STAGE, 1000 * i);
	}
	world_tick(world, 2400);
}

static void
blocked(struct screen *screen)
{
	world_blocking(&screen->world);
}

static void
offloaded(struct screen *screen)
{
	world_offloaded(&screen->world);
}

/* Seen from outside, without what would need a permission. */
static void
outside(struct screen *screen)
{
	struct event missed = {
	    .kind = EVENT_BIRTHS,
	    .number = 3,
	    .text = 7,
	};

	world_foreign(&screen->world);
	missed.time = screen->world.model.now;
	model_apply(&screen->world.model, &missed, "looking");
}

static void
errors(struct screen *screen)
{
	struct event lost = {.kind = EVENT_LOST, .number = 17};

	world_trouble(&screen->world);
	world_note(&screen->world, 21000, NOTE_ERROR,
	           "spawn nothing ENOENT: there is no such program.");
	world_line(&screen->world, 21000, WORLD_STAGE, true,
	           "Error: it went wrong");
	lost.time = screen->world.model.now;
	model_apply(&screen->world.model, &lost, "");
}

static const struct state {
	const char *name;
	void (*make)(struct screen *screen);
	const char *keys; /* once the pane is alone on the screen */
	bool foreign, replay;
} states[] = {
    {"empty", empty, "", false, false},
    {"few", few, "", false, false},
    {"many", many, "", false, false},
    {"many-last", many, "G", false, false},
    {"many-up", many, "G PgUp PgUp k", false, false},
    {"blocked", blocked, "", false, false},
    {"offloaded", offloaded, "", false, false},
    {"selected", offloaded, "g j", false, false},
    {"paused", blocked, "Space m", false, false},
    {"replay", few, "", false, true},
    {"filtered", many, "\\ c h i l d Space 1 Enter", false, false},
    {"outside", outside, "", true, false},
    {"errors", errors, "", false, false},
};

enum { STATES = sizeof(states) / sizeof(*states) };

static const struct {
	int rows, cols;
} sizes[] = {{15, 60}, {24, 80}, {40, 120}, {70, 250}};

/* ---- golden texts ---- */

struct text {
	char *bytes;
	size_t used;
};

static void
put(struct text *text, const char *line, size_t length)
{
	assert_true(text->used + length + 1 < GOLDEN_BYTES);
	memcpy(text->bytes + text->used, line, length);
	text->used += length;
	text->bytes[text->used] = '\0';
}

/* Equal lines once, and how many more there are. */
static void
put_lines(struct text *text, const char *dump)
{
	const char *last = NULL;
	size_t last_length = 0;
	int more = 0;
	char count[32];

	while (*dump) {
		size_t length = strcspn(dump, "\n") + 1;

		if (last && length == last_length &&
		    memcmp(dump, last, length) == 0) {
			more++;
		} else {
			snprintf(count, sizeof(count), "(%d more)\n", more);
			if (more)
				put(text, count, strlen(count));
			more = 0;
			put(text, dump, length);
		}
		last = dump;
		last_length = length;
		dump += length;
	}
	snprintf(count, sizeof(count), "(%d more)\n", more);
	if (more)
		put(text, count, strlen(count));
}

static void
put_dump(struct text *text, const struct screen *screen, bool styles,
         const char *what)
{
	char *dump = canvas_dump(&screen->canvas, styles), head[64];

	snprintf(head, sizeof(head), "---- %dx%d, %s\n", screen->canvas.cols,
	         screen->canvas.rows, what);
	put(text, head, strlen(head));
	put_lines(text, dump);
	free(dump);
}

static void
press(struct screen *screen, const char *keys)
{
	struct command command;

	while (*keys) {
		size_t length = strcspn(keys, " ");
		struct key key = key_named(keys, length);

		ui_key(&screen->ui, &screen->world.model, &key, &command);
		keys += length;
		keys += strspn(keys, " ");
	}
}

static void
draw(struct screen *screen, int rows, int cols)
{
	canvas_reset(&screen->canvas, rows, cols);
	ui_draw(&screen->ui, &screen->world.model, &screen->status,
	        &screen->canvas);
}

static void
assert_ascii(const struct canvas *canvas)
{
	for (int row = 0; row < canvas->rows; row++)
		for (int col = 0; col < canvas->cols; col++)
			assert_true(canvas->cells[row][col].point < 0x80);
}

static void
put_size(struct text *text, struct screen *screen, const struct state *state,
         int pane, int rows, int cols)
{
	struct ui_setup setup_of = {
	    .lab = !state->foreign,
	    .own_pid = WORLD_LOOPTOP,
	};

	state->make(screen);
	ui_init(&screen->ui, &setup_of);
	screen->ui.focused = (enum pane_id)pane;
	screen->ui.zoomed = true;
	screen->status = (struct ui_status){
	    .fps = 30,
	    .own_cpu = 9,
	    .own_rss_kb = 9000,
	    .is_replay = state->replay,
	};
	draw(screen, rows, cols);
	press(screen, state->keys);
	draw(screen, rows, cols);
	put_dump(text, screen, false, "UTF-8");
	if (rows == 24)
		put_dump(text, screen, true, "styles");
	canvas_to_ascii(&screen->canvas);
	assert_ascii(&screen->canvas);
	put_dump(text, screen, false, "ASCII");
}

static void
bless(const char *path, const struct text *text)
{
	FILE *file;

	mkdir("screenshots/golden/panes", 0777);
	file = fopen(path, "w");
	if (!file)
		fail_msg("%s: %s", path, strerror(errno));
	fwrite(text->bytes, 1, text->used, file);
	fclose(file);
}

/* Whether it is as it was; says where it is not. */
static bool
compare(const char *path, const struct text *text)
{
	char *golden = calloc(1, GOLDEN_BYTES);
	const char *a = golden, *b = text->bytes;
	FILE *file = fopen(path, "r");
	bool same;
	int line = 1;

	if (file) {
		fread(golden, 1, GOLDEN_BYTES - 1, file);
		fclose(file);
	}
	for (; *a && *a == *b; a++, b++)
		line += *a == '\n';
	same = *a == *b;
	if (!same)
		print_error("%s differs at line %d: \"%.60s\" is now \"%.60s\"."
		            " If it should: make bless\n",
		            path, line, a, b);
	free(golden);
	return same;
}

static bool
is_as_it_was(struct screen *screen, int pane, const struct state *state)
{
	struct text text = {calloc(1, GOLDEN_BYTES), 0};
	char path[128], name[32];
	bool same = true;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		put_size(&text, screen, state, pane, sizes[i].rows,
		         sizes[i].cols);
	snprintf(name, sizeof(name), "%s", panes[pane].title);
	for (char *at = name; *at; at++)
		*at = (char)(*at == ' ' ? '-' : *at | 0x20);
	snprintf(path, sizeof(path), "screenshots/golden/panes/%s-%s.txt", name,
	         state->name);
	if (getenv("BLESS"))
		bless(path, &text);
	else
		same = compare(path, &text);
	free(text.bytes);
	return same;
}

static void
every_pane_in_every_state(void **given)
{
	struct screen *screen = calloc(1, sizeof(*screen));
	int different = 0;

	(void)given;
	assert_non_null(screen);
	for (int pane = 0; pane < PANES; pane++)
		for (int i = 0; i < STATES; i++)
			different += !is_as_it_was(screen, pane, &states[i]);
	free(screen);
	assert_int_equal(different, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_pane_in_every_state),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
