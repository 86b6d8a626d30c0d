/*
 * The screen, scene by scene and size by size, against golden texts in
 * screenshots/golden: what is shown, and below it the style of each cell.
 * `make bless` writes them anew; then look at the difference.
 */
#include "test.h"
#include "world.h"

#include "ui/ui.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

struct screen {
	struct world world;
	struct ui ui;
	struct canvas canvas;
	struct ui_status status;
};

static int
setup(void **state)
{
	*state = calloc(1, sizeof(struct screen));
	return *state ? 0 : -1;
}

static int
teardown(void **state)
{
	free(*state);
	return 0;
}

static void
open_ui(struct screen *screen, bool lab)
{
	struct ui_setup setup_of = {
	    .lab = lab,
	    .own_pid = WORLD_LOOPTOP,
	    .loads = {{"fib", "n", "Fibonacci the slow way", 42},
	              {"sleep", "ms", "a synchronous sleep", 1000}},
	    .load_count = 2,
	};

	ui_init(&screen->ui, &setup_of);
	screen->status = (struct ui_status){
	    .fps = 30,
	    .own_cpu = 9,
	    .own_rss_kb = 9000,
	    .requests = lab ? 25 : 0,
	};
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

static char *
read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, 1 << 18);

	if (file) {
		text[fread(text, 1, (1 << 18) - 1, file)] = '\0';
		fclose(file);
	}
	return text;
}

static void
write_file(const char *path, const char *text, const char *styles)
{
	FILE *file = fopen(path, "w");

	if (!file)
		fail_msg("%s: %s", path, strerror(errno));
	fprintf(file, "%s---\n%s", text, styles);
	fclose(file);
}

/* The first line that differs, for a message that helps. */
static void
explain(const char *name, const char *golden, const char *now)
{
	int line = 1;

	while (*golden && *golden == *now) {
		line += *golden == '\n';
		golden++;
		now++;
	}
	print_error("%s differs at line %d: \"%.60s\" is now \"%.60s\". If it "
	            "should: make bless\n",
	            name, line, golden, now);
}

static void
compare(struct screen *screen, const char *name, int rows, int cols, bool ascii)
{
	char path[128], *text, *styles, *golden, *both;

	canvas_reset(&screen->canvas, rows, cols);
	ui_draw(&screen->ui, &screen->world.model, &screen->status,
	        &screen->canvas);
	if (ascii)
		canvas_to_ascii(&screen->canvas);
	text = canvas_dump(&screen->canvas, false);
	styles = canvas_dump(&screen->canvas, true);
	snprintf(path, sizeof(path), "screenshots/golden/%s-%dx%d%s.txt", name,
	         cols, rows, ascii ? "-ascii" : "");
	if (getenv("BLESS"))
		write_file(path, text, styles);
	golden = read_file(path);
	both = calloc(1, strlen(text) + strlen(styles) + 8);
	sprintf(both, "%s---\n%s", text, styles);
	if (strcmp(golden, both) != 0) {
		explain(path, golden, both);
		fail();
	}
	free(both);
	free(golden);
	free(styles);
	free(text);
}

static void
compare_sizes(struct screen *screen, const char *name)
{
	compare(screen, name, 24, 80, false);
	compare(screen, name, 24, 80, true);
	compare(screen, name, 40, 120, false);
	compare(screen, name, 70, 250, false);
}

static void
an_empty_world(void **state)
{
	struct screen *screen = *state;

	world_init(&screen->world);
	open_ui(screen, true);
	compare_sizes(screen, "empty");
}

static void
the_lab_when_all_is_well(void **state)
{
	struct screen *screen = *state;

	world_calm(&screen->world);
	open_ui(screen, true);
	compare_sizes(screen, "calm");
}

static void
a_blocked_loop_and_its_hill(void **state)
{
	struct screen *screen = *state;

	world_blocking(&screen->world);
	open_ui(screen, true);
	compare_sizes(screen, "blocked");
}

static void
the_same_work_offloaded(void **state)
{
	struct screen *screen = *state;

	world_offloaded(&screen->world);
	open_ui(screen, true);
	compare_sizes(screen, "offloaded");
}

static void
a_cluster_with_a_dead_worker(void **state)
{
	struct screen *screen = *state;

	world_cluster(&screen->world);
	open_ui(screen, true);
	compare_sizes(screen, "cluster");
}

static void
a_foreign_program_seen_from_outside(void **state)
{
	struct screen *screen = *state;

	world_foreign(&screen->world);
	open_ui(screen, false);
	compare_sizes(screen, "foreign");
}

static void
connect(struct screen *screen, enum channel_type type, uint32_t a, uint32_t b,
        uint32_t port, const char *name)
{
	struct event event = {
	    .kind = EVENT_CHANNEL_BORN,
	    .time = screen->world.model.now,
	    .pid = a,
	    .tid = a,
	    .other_pid = b,
	    .other_tid = b,
	    .channel = channel_id(type, a, b + port + (uint32_t)strlen(name)),
	    .number = type,
	    .value = port,
	    .text = (uint16_t)strlen(name),
	};

	model_apply(&screen->world.model, &event, name);
}

static void
queue(struct screen *screen, uint64_t to_a, uint64_t to_b, uint64_t connections)
{
	struct model *model = &screen->world.model;
	struct event event = {
	    .kind = EVENT_CHANNEL_QUEUE,
	    .time = model->now,
	    .number = to_a,
	    .size = to_b,
	    .value = connections,
	};

	event.channel = model->channels[model->channel_table.count - 1].row.id;
	model_apply(model, &event, "");
}

/* A cluster of Node's, a shell's pipe, memory; births that were missed. */
static void
channels_seen_from_outside(void **state)
{
	struct screen *screen = *state;
	struct event missed = {
	    .kind = EVENT_BIRTHS,
	    .number = 998,
	    .text = 7,
	};

	world_foreign(&screen->world);
	world_process(&screen->world, 2000, 5011, 5001, BIRTH_SEEN, NULL,
	              "cat");
	connect(screen, CHANNEL_PIPE, 5010, 5011, 0, "fd 1 to fd 0");
	connect(screen, CHANNEL_LISTEN, 5001, 0, 3000, "port");
	queue(screen, 3, 511, 0);
	connect(screen, CHANNEL_SOCKET, 5001, 0, 3000, "tcp");
	queue(screen, 0, 0, 17);
	connect(screen, CHANNEL_SOCKET, 5001, 5011, 0, "stdin");
	queue(screen, 70000, 120, 0);
	connect(screen, CHANNEL_IPC, 5001, 5010, 0, "Node's IPC");
	queue(screen, 0, 4300, 0);
	connect(screen, CHANNEL_SHM, 5001, 5010, 0, "memfd:ring 64 KB");
	missed.time = screen->world.model.now;
	model_apply(&screen->world.model, &missed, "looking");
	open_ui(screen, false);
	press(screen, "6");
	compare(screen, "channels", 40, 120, false);
	compare(screen, "channels", 24, 80, false);
	compare(screen, "channels", 70, 250, false);
	press(screen, "1 6 z");
	compare(screen, "channels-zoom", 24, 80, false);
}

static void
what_is_wrong_takes_the_verdict_line(void **state)
{
	struct screen *screen = *state;

	world_trouble(&screen->world);
	open_ui(screen, true);
	compare_sizes(screen, "trouble");
	press(screen, "!");
	compare_sizes(screen, "findings");
	world_blocking(&screen->world);
	compare(screen, "findings-blocked", 24, 80, false);
}

static void
a_program_that_has_ended(void **state)
{
	struct screen *screen = *state;

	world_foreign(&screen->world);
	world_died(&screen->world, 2100, 5001, DEATH_CODE, 3);
	world_tick(&screen->world, 2200);
	open_ui(screen, false);
	screen->status.over = "THE PROGRAM HAS ENDED: exit code 3   [q] quit";
	compare(screen, "ended", 40, 120, false);
}

static void
menus_lists_prompts_and_help_lie_over_it(void **state)
{
	static const struct {
		const char *name, *keys;
	} cases[] = {
	    {"menu-child", "c"},
	    {"menu-cluster", "u"},
	    {"menu-load", "l"},
	    {"load-place", "l Enter"},
	    {"load-prompt", "l Enter Down Enter"},
	    {"cluster-prompt", "u Enter 8"},
	    {"menu-view", "v"},
	    {"theme", "T"},
	    {"palette", ": Down"},
	    {"palette-typed", ": w o r k Down"},
	    {"why-not", "."},
	    {"signal", "1 j K"},
	    {"help", "?"},
	    {"zoom-messages", "3 z"},
	    {"zoom-loops", "4"},
	    {"zoom-threads", "2 2"},
	    {"tree-threads", "H 1"},
	    {"details-loop", "Enter"},
	    {"details-message", "3 k k Enter"},
	    {"details-process", "1 j Enter"},
	};
	struct screen *screen = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		world_offloaded(&screen->world);
		open_ui(screen, true);
		compare(screen, "offloaded", 40, 120, false);
		press(screen, cases[i].keys);
		compare(screen, cases[i].name, 40, 120, false);
		compare(screen, cases[i].name, 24, 80, false);
	}
}

static void
the_tree_is_filtered_sorted_and_folded(void **state)
{
	static const struct {
		const char *name, *keys;
	} cases[] = {
	    {"tree-filter", "\\ w o r k e r Space 3 Enter"},
	    {"tree-sort", "I I I"},
	    {"tree-fold", "j f"},
	};
	struct screen *screen = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		world_cluster(&screen->world);
		open_ui(screen, true);
		press(screen, "1");
		compare(screen, "tree", 40, 120, false);
		press(screen, cases[i].keys);
		compare(screen, cases[i].name, 40, 120, false);
	}
}

/* It ended long ago, and nobody has waited for it. */
static void
a_zombie_stays_in_the_tree(void **state)
{
	struct screen *screen = *state;

	world_foreign(&screen->world);
	world_zombie(&screen->world, 2100, 5010, 0);
	world_tick(&screen->world, 20000);
	open_ui(screen, false);
	compare(screen, "zombie", 40, 120, false);
	press(screen, "1 G");
	compare(screen, "zombie-zoom", 24, 80, false);
	press(screen, "z Enter");
	compare(screen, "zombie-details", 40, 160, false);
}

/* What is selected in one pane is marked in the others. */
static void
what_belongs_together_is_marked(void **state)
{
	static const struct {
		const char *name, *keys;
	} cases[] = {
	    {"linked-message", "3 k k"}, {"linked-process", "1 j"},
	    {"linked-lane", "4 j"},      {"linked-thread", "2 j"},
	    {"linked-channel", "6 j"},
	};
	struct screen *screen = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		world_blocking(&screen->world);
		open_ui(screen, true);
		compare(screen, "blocked", 40, 120, false);
		press(screen, cases[i].keys);
		compare_sizes(screen, cases[i].name);
	}
	world_offloaded(&screen->world);
	open_ui(screen, true);
	compare(screen, "offloaded", 40, 120, false);
	press(screen, "3 k k");
	compare_sizes(screen, "linked-offloaded");
}

static void
a_lesson_at_its_beginning_on_its_way_and_at_its_end(void **state)
{
	struct screen *screen = *state;

	world_calm(&screen->world);
	open_ui(screen, true);
	press(screen, "e");
	compare(screen, "menu-lesson", 24, 80, false);
	press(screen, "1");
	ui_watch(&screen->ui, &screen->world.model);
	compare_sizes(screen, "lesson");
	world_offloaded(&screen->world);
	ui_watch(&screen->ui, &screen->world.model);
	compare_sizes(screen, "lesson-done");
	compare(screen, "lesson-done", 15, 60, false);
	press(screen, "x x x");
	compare_sizes(screen, "lesson-end");
}

static void
losses_and_a_pause_are_shown(void **state)
{
	struct screen *screen = *state;
	struct event lost = {.kind = EVENT_LOST, .number = 17};

	world_calm(&screen->world);
	lost.time = screen->world.model.now;
	model_apply(&screen->world.model, &lost, "");
	open_ui(screen, true);
	press(screen, "Space");
	world_blocked(&screen->world, 2400, WORLD_STAGE, 2200, "fib(45)");
	world_tick(&screen->world, 2400);
	compare(screen, "paused", 40, 120, false);
	compare(screen, "paused", 24, 80, false);
}

static void
a_terminal_that_is_too_small_gets_a_sentence(void **state)
{
	struct screen *screen = *state;

	world_calm(&screen->world);
	open_ui(screen, true);
	compare(screen, "small", 10, 40, false);
	compare(screen, "small", 1, 1, false);
	press(screen, ": l o a d");
	compare(screen, "palette", 15, 60, false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_empty_world),
	    cmocka_unit_test(the_lab_when_all_is_well),
	    cmocka_unit_test(a_blocked_loop_and_its_hill),
	    cmocka_unit_test(the_same_work_offloaded),
	    cmocka_unit_test(a_cluster_with_a_dead_worker),
	    cmocka_unit_test(a_foreign_program_seen_from_outside),
	    cmocka_unit_test(channels_seen_from_outside),
	    cmocka_unit_test(what_is_wrong_takes_the_verdict_line),
	    cmocka_unit_test(a_program_that_has_ended),
	    cmocka_unit_test(menus_lists_prompts_and_help_lie_over_it),
	    cmocka_unit_test(the_tree_is_filtered_sorted_and_folded),
	    cmocka_unit_test(a_zombie_stays_in_the_tree),
	    cmocka_unit_test(what_belongs_together_is_marked),
	    cmocka_unit_test(
		a_lesson_at_its_beginning_on_its_way_and_at_its_end),
	    cmocka_unit_test(losses_and_a_pause_are_shown),
	    cmocka_unit_test(a_terminal_that_is_too_small_gets_a_sentence),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, setup, teardown);
}
