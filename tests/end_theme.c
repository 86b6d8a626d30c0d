/* Themes on a terminal, and the screen in files. */
#include "program.h"
#include "test.h"
#include "tty/grid.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARGS(...) \
	(const char *const[]) \
	{ \
		__VA_ARGS__, NULL \
	}

struct screen {
	struct tty tty;
	char mark[64];
	char folder[64]; /* where it runs, when a test needs one */
};

static int
set_up(void **state)
{
	*state = calloc(1, sizeof(struct screen));
	return *state ? 0 : -1;
}

static int
tear_down(void **state)
{
	struct screen *screen = *state;
	char command[96];

	tty_close(&screen->tty);
	snprintf(command, sizeof(command), "rm -rf %s", screen->folder);
	if (screen->folder[0] && system(command))
		perror(screen->folder);
	free(screen);
	return 0;
}

static void
press(struct screen *screen, const char *keys)
{
	assert_int_equal(tty_keys(&screen->tty, keys), 0);
}

static void
quit(struct screen *screen)
{
	int status;

	press(screen, "q");
	assert_int_equal(tty_wait_exit(&screen->tty, PROGRAM_MS, &status), 0);
	program_assert_no_orphans(screen->mark);
	tty_close(&screen->tty);
}

static void
watch(struct screen *screen, const char *theme, const char *const *env)
{
	const char *args[] = {"run",   "--theme", theme, "--",
	                      "sleep", "60",      NULL};
	const char *plain[] = {"run", "--", "sleep", "60", NULL};

	program_start_tty(&screen->tty, screen->mark, theme ? args : plain, 24,
	                  80, env);
	program_expect(&screen->tty, "1 process,");
}

/* The colours of a text on the screen. */
static struct grid_cell
cell_of(struct screen *screen, const char *text)
{
	struct grid_cell cell;
	struct grid grid;
	int row, col;

	assert_int_equal(grid_take(&grid, &screen->tty), 0);
	assert_true(grid_find(&grid, text, &row, &col));
	cell = *grid_at(&grid, row, col);
	grid_free(&grid);
	return cell;
}

static void
choose_theme(struct screen *screen, const char *letter)
{
	press(screen, "T");
	program_expect(&screen->tty, " Theme ");
	press(screen, letter);
	program_expect_gone(&screen->tty, " Theme ");
}

static void
each_has_its_menu_bar(void **state)
{
	struct screen *screen = *state;

	watch(screen, "dark", NULL);
	assert_int_equal(cell_of(screen, "iew").bg, 0x303030);
	quit(screen);
	watch(screen, "light", NULL);
	assert_int_equal(cell_of(screen, "iew").bg, 0xe4e4e4);
	quit(screen);
	watch(screen, "high-contrast", NULL);
	assert_int_equal(cell_of(screen, "iew").bg, 0xffffff);
	quit(screen);
	watch(screen, "mono", NULL);
	assert_true(cell_of(screen, "iew").bg_default);
	assert_true(cell_of(screen, "View").underline);
	quit(screen);
}

static void
a_terminal_of_eight_colours_gets_them(void **state)
{
	struct screen *screen = *state;

	watch(screen, "light", ARGS("TERM=linux"));
	assert_int_equal(cell_of(screen, "iew").bg, grid_colour(4));
	assert_int_equal(cell_of(screen, "iew").fg, grid_colour(7));
	quit(screen);
}

static void
no_color_is_mono_until_a_theme_is_asked_for(void **state)
{
	struct screen *screen = *state;

	watch(screen, NULL, ARGS("NO_COLOR=1"));
	assert_true(cell_of(screen, "iew").bg_default);
	assert_true(cell_of(screen, "View").underline);
	choose_theme(screen, "d");
	assert_int_equal(cell_of(screen, "iew").bg, 0x303030);
	quit(screen);
	watch(screen, "light", ARGS("NO_COLOR=1"));
	assert_int_equal(cell_of(screen, "iew").bg, 0xe4e4e4);
	quit(screen);
}

static void
it_is_changed_while_running(void **state)
{
	struct screen *screen = *state;

	watch(screen, NULL, NULL);
	assert_int_equal(cell_of(screen, "iew").bg, 0x303030);
	choose_theme(screen, "l");
	assert_int_equal(cell_of(screen, "iew").bg, 0xe4e4e4);
	press(screen, ":theme mono");
	program_expect(&screen->tty, "theme mono\u2588");
	press(screen, "\r");
	program_expect_gone(&screen->tty, "Type what");
	assert_true(cell_of(screen, "iew").bg_default);
	press(screen, "vehq");
	assert_int_equal(tty_wait_exit(&screen->tty, PROGRAM_MS, NULL), 0);
}

/* ---- saving ---- */

/* It runs in a new folder, started by a shell that says something first, and
 * shows what needs much more room in a picture than in a text. */
static void
watch_in_folder(struct screen *screen, const char *before, const char *theme)
{
	static const char program[] =
	    "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do "
	    "echo \"$i  a  b  c  d  e  f  g  h  i  j  k\"; done; sleep 60";
	char script[768], *path = realpath(program_path(), NULL);
	const char *argv[] = {"sh", "-c", script, NULL};
	struct tty_options options = {
	    .argv = argv, .cwd = screen->folder, .rows = 24, .cols = 80};

	strcpy(screen->folder, "/tmp/looptop-save-XXXXXX");
	assert_non_null(mkdtemp(screen->folder));
	snprintf(script, sizeof(script),
	         "%s exec %s run --no-config --theme %s -- sh -c '%s'", before,
	         path, theme, program);
	free(path);
	strcpy(screen->mark, "LOOPTOP_MARK=none");
	assert_int_equal(tty_start(&screen->tty, &options), 0);
	program_expect(&screen->tty, "Event loops");
	press(screen, "5z");
	program_expect(&screen->tty, "19  a  b");
}

static char *
read_file(const struct screen *screen, const char *name)
{
	char path[128], *text = calloc(1, 1 << 20);
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", screen->folder, name);
	file = fopen(path, "re");
	if (!file)
		fail_msg("%s is not there", path);
	assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
	fclose(file);
	return text;
}

static int
count_files(const struct screen *screen)
{
	DIR *folder = opendir(screen->folder);
	int count = 0;

	while (readdir(folder))
		count++;
	closedir(folder);
	return count - 2; /* . and .. */
}

static void
assert_holds(const struct screen *screen, const char *name, const char *part)
{
	char *text = read_file(screen, name);

	if (!strstr(text, part))
		fail_msg("%s lacks %s", name, part);
	free(text);
}

static void
the_screen_is_saved_in_its_colours(void **state)
{
	struct screen *screen = *state;

	watch_in_folder(screen, "", "light");
	press(screen, "s");
	program_expect(&screen->tty,
	               "The screen is in looptop-1.txt and looptop-1.svg.");
	assert_holds(screen, "looptop-1.txt", "5 Output");
	assert_holds(screen, "looptop-1.svg", "fill=\"#ffffff\"/>");
	assert_holds(screen, "looptop-1.svg", "fill=\"#e4e4e4\"");
	assert_holds(screen, "looptop-1.svg", ">5 Output</text>");
	assert_holds(screen, "looptop-1.svg", "</svg>");
	choose_theme(screen, "d");
	press(screen, "s");
	program_expect(&screen->tty, "looptop-2.svg.");
	assert_holds(screen, "looptop-2.svg", "fill=\"#1c1c1c\"/>");
	quit(screen);
	assert_int_equal(count_files(screen), 4);
}

static void
what_is_there_is_never_overwritten(void **state)
{
	struct screen *screen = *state;

	watch_in_folder(screen,
	                "echo mine >looptop-1.txt; echo mine >looptop-2.svg; "
	                "ln -s /nonexistent looptop-3.svg;",
	                "dark");
	press(screen, "s");
	program_expect(&screen->tty,
	               "The screen is in looptop-4.txt and looptop-4.svg.");
	quit(screen);
	assert_holds(screen, "looptop-1.txt", "mine\n");
	assert_holds(screen, "looptop-2.svg", "mine\n");
	assert_int_equal(count_files(screen), 5);
}

static void
what_cannot_be_written_is_said_and_leaves_nothing(void **state)
{
	struct screen *screen = *state;

	/* The text has room in it, the picture has not. */
	watch_in_folder(screen, "trap '' XFSZ; ulimit -f 16;", "dark");
	press(screen, "s");
	program_expect(&screen->tty,
	               "looptop-1.svg: cannot be written: File too large.");
	assert_int_equal(count_files(screen), 0);
	assert_int_equal(rmdir(screen->folder), 0);
	press(screen, "s");
	program_expect(&screen->tty,
	               "looptop-1.txt: cannot be written: No such file or "
	               "directory.");
	quit(screen);
}

#define with_screen(test) \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    with_screen(each_has_its_menu_bar),
	    with_screen(a_terminal_of_eight_colours_gets_them),
	    with_screen(no_color_is_mono_until_a_theme_is_asked_for),
	    with_screen(it_is_changed_while_running),
	    with_screen(the_screen_is_saved_in_its_colours),
	    with_screen(what_is_there_is_never_overwritten),
	    with_screen(what_cannot_be_written_is_said_and_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
