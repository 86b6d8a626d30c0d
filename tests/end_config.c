/* The config file: what it can say, and what is said when it is wrong. */
#include "program.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARGS(...) \
	(const char *const[]) \
	{ \
		__VA_ARGS__, NULL \
	}

/* One line on stderr with `part` in it, nothing on stdout. */
static void
says(const char *const *args, const char *part)
{
	struct program program;

	program_run(&program, args);
	if (program.status != 125 || strncmp(program.err, "looptop: ", 9) ||
	    !strstr(program.err, part) ||
	    strchr(program.err, '\n') != program.err + strlen(program.err) - 1)
		fail_msg("status %d, or not the words \"%s\": %s",
		         program.status, part, program.err);
	assert_string_equal(program.out, "");
	program_free(&program);
}

/* What is wrong in the last line of the file, which is named. */
static void
is_refused(const char *text, int line, const char *why)
{
	const char *path = program_config(text);
	char part[512];

	snprintf(part, sizeof(part), "looptop: %s:%d: %s", path, line, why);
	says(ARGS("--fps", "30"), part);
}

static void
a_wrong_line_is_named_and_what_to_do(void **state)
{
	(void)state;
	is_refused("# fine\n\nfrobnicate\n", 3,
	           "\"frobnicate\" is no setting. Write name = value");
	is_refused("= 3", 1, "\"= 3\" is no setting.");
	is_refused("theme = light\ncolour = red", 2,
	           "colour: there is no such setting. There are theme, ");
	is_refused("theme = solarized", 1,
	           "theme: \"solarized\" is no theme. Say dark, light, "
	           "high-contrast or mono.");
	is_refused("ascii = maybe", 1,
	           "ascii: \"maybe\" is neither yes nor no. Say one of them.");
	is_refused("mouse =", 1, "mouse: \"\" is neither yes nor no.");
	is_refused("fps = 0", 1,
	           "fps: \"0\" is no number from 1 to 120. Give one.");
	is_refused("rate = fast # very", 1,
	           "rate: \"fast\" is no number from 1 to 1000.");
	is_refused("preview = 60 bytes", 1, "preview: \"60 bytes\" is no ");
	program_config(NULL);
}

static void
a_wrong_key_is_named_and_what_to_do(void **state)
{
	(void)state;
	is_refused("key.ofload = F5", 1,
	           "key.ofload: nothing is called so. The palette (:)");
	is_refused("key.offload =", 1,
	           "key.offload: no key is given. Give one, as o or F5.");
	is_refused("key.offload = o Ctrl-O", 1,
	           "key.offload: \"Ctrl-O\" is no key. Write it as o, ^O, ");
	is_refused("key.offload = x c", 1,
	           "key.offload: \"c\" opens the menu Child. Take another");
	is_refused("key.save = F2\nkey.offload = F5 b\nkey.quit = Q", 2,
	           "key.offload: \"b\" is the key of block too. Give one of "
	           "the two another key.");
	is_refused("key.block = F5\nkey.offload = F5", 2,
	           "key.offload: \"F5\" is the key of block too.");
	is_refused("key.offload = F1 F2 F3 F4 F5 F6 F7 F8 F11 F12 x y Z ö ä", 1,
	           "key.offload: these are too many keys. Give fewer.");
	program_config(NULL);
}

/* Without a terminal a config that is right gets so far. */
static void
what_is_right_is_taken(void **state)
{
	(void)state;
	program_config("# all there is\n"
	               "  theme=high-contrast   # for the projector\r\n"
	               "ascii = yes\nmouse = no\nfps = 10\nrate = 100\n"
	               "preview = 0\nport = 0\n"
	               "key.offload = b F5\n\tkey.block = o\n");
	says(ARGS("--fps", "30"), "there is no terminal");
	program_config("");
	says(ARGS("--fps", "30"), "there is no terminal");
	program_config("fps = 10");
	says(ARGS("--fps", "0"), "looptop: --fps: \"0\" is no number");
	program_config("wrong");
	says(ARGS("--no-config"), "there is no terminal");
	program_config(NULL);
}

static void
a_wrong_one_is_not_in_the_way_of_help_and_doctor(void **state)
{
	static const char *const words[] = {"--help", "--version", "doctor"};
	struct program program;

	(void)state;
	program_config("wrong");
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		program_run(&program, ARGS(words[i]));
		assert_int_equal(program.status, 0);
		program_free(&program);
	}
	says(ARGS("run", "--json", "--", "true"), "is no setting");
	program_config(NULL);
}

static void
one_that_is_a_folder_cannot_be_read(void **state)
{
	const char *path = program_config("");
	char part[256];

	(void)state;
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(part, sizeof(part),
	         "%s: cannot be read: Is a directory. See to that, or say "
	         "--no-config.",
	         path);
	says(ARGS("--fps", "30"), part);
	assert_int_equal(rmdir(path), 0);
	program_config(NULL);
}

/* HOME stays another's when setpriv(1) changes the user. */
static void
one_that_is_out_of_sight_is_none(void **state)
{
	char home[] = "/tmp/looptop-test-XXXXXX", command[512], said[256];
	FILE *run;
	size_t size;

	(void)state;
	if (geteuid() != 0)
		skip_because("only root can become another user");
	assert_non_null(mkdtemp(home));
	snprintf(command, sizeof(command),
	         "cd / && env -u XDG_CONFIG_HOME HOME=%s setpriv --reuid=65534 "
	         "--regid=65534 --clear-groups %s run --json -- true 2>&1",
	         home, program_path());
	run = popen(command, "re");
	assert_non_null(run);
	size = fread(said, 1, sizeof(said) - 1, run);
	said[size] = '\0';
	pclose(run);
	assert_int_equal(rmdir(home), 0);
	assert_null(strstr(said, "cannot be read"));
}

/* ---- on a terminal ---- */

struct screen {
	struct tty tty;
	char mark[64];
};

static void
open_screen(struct screen *screen, const char *const *args,
            const char *const *env)
{
	program_start_tty(&screen->tty, screen->mark, args, 40, 120, env);
	program_expect(&screen->tty, "Processes");
	program_expect(&screen->tty, "sleep");
}

static void
leave(struct screen *screen, const char *key)
{
	int status;

	assert_int_equal(tty_keys(&screen->tty, key), 0);
	assert_int_equal(tty_wait_exit(&screen->tty, PROGRAM_MS, &status), 0);
	tty_close(&screen->tty);
	program_assert_no_orphans(screen->mark);
}

static void
its_keys_are_the_keys(void **state)
{
	struct screen screen;

	(void)state;
	program_config("key.quit = Q\nkey.palette = F5\nkey.help = F6\n");
	open_screen(&screen, ARGS("run", "--", "sleep", "60"), NULL);
	program_expect(&screen.tty, " Q  quit");
	program_expect(&screen.tty, " F6  help");
	tty_keys(&screen.tty, "q?:\033[15~quit");
	program_expect(&screen.tty, "quit; what was started here is ended");
	program_expect(&screen.tty, " Q \u2502");
	leave(&screen, "\r");
	program_config(NULL);
}

static const char mouse_on[] = "\033[?1000h";

/* Whether the terminal was sent these bytes at any time. */
static bool
was_sent(const struct tty *tty, const char *bytes)
{
	return memmem(tty->raw.bytes, tty->raw.size, bytes, strlen(bytes)) !=
	       NULL;
}

static void
the_command_line_overrides_it(void **state)
{
	struct screen screen;

	(void)state;
	program_config("ascii = yes\nmouse = no\ntheme = light\n");
	open_screen(&screen, ARGS("run", "--", "sleep", "60"), NULL);
	assert_false(was_sent(&screen.tty, mouse_on));
	assert_false(was_sent(&screen.tty, "\u256d"));
	assert_true(was_sent(&screen.tty, "48;5;254"));
	leave(&screen, "q");
	open_screen(&screen,
	            ARGS("run", "--ascii=no", "--mouse", "--theme", "dark",
	                 "--", "sleep", "60"),
	            NULL);
	assert_true(was_sent(&screen.tty, mouse_on));
	assert_true(was_sent(&screen.tty, "\u256d"));
	assert_true(was_sent(&screen.tty, "48;5;236"));
	leave(&screen, "q");
	program_config(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_wrong_line_is_named_and_what_to_do),
	    cmocka_unit_test(a_wrong_key_is_named_and_what_to_do),
	    cmocka_unit_test(what_is_right_is_taken),
	    cmocka_unit_test(a_wrong_one_is_not_in_the_way_of_help_and_doctor),
	    cmocka_unit_test(one_that_is_a_folder_cannot_be_read),
	    cmocka_unit_test(one_that_is_out_of_sight_is_none),
	    cmocka_unit_test(its_keys_are_the_keys),
	    cmocka_unit_test(the_command_line_overrides_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
