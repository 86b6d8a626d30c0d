/* The lab on a terminal, as a newcomer and as a villain would use it. */
#include "lab.h"
#include "tty/deadline.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <unistd.h>

/* What the pings of a screen that goes on are at least, in the stream. */
enum { STREAM_BYTES = 4096 };

static void
start(struct lab *lab, int rows, int cols, const char *const *args,
      const char *const *env)
{
	program_start_tty(&lab->tty, lab->mark, args, rows, cols, env);
}

/* The lab, open and answering. */
static void
open_lab(struct lab *lab)
{
	start(lab, 40, 120, NULL, NULL);
	program_expect(&lab->tty, "EVENT LOOP RESPONSIVE");
	program_expect(&lab->tty, "200 pong");
}

/* Ends well and leaves the terminal as it was. */
static void
assert_restored(struct lab *lab)
{
	struct termios after;

	assert_false(tty_in_altscreen(&lab->tty));
	assert_true(tty_cursor_visible(&lab->tty));
	assert_false(tty_has_mouse(&lab->tty));
	assert_int_equal(tty_termios(&lab->tty, &after), 0);
	assert_memory_equal(&after, &lab->tty.initial, sizeof(after));
}

static int
wait_exit(struct lab *lab)
{
	int status = 0;

	assert_int_equal(tty_wait_exit(&lab->tty, PROGRAM_MS, &status), 0);
	return status;
}

static void
quit(struct lab *lab)
{
	int status;

	press(lab, "q");
	status = wait_exit(lab);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_restored(lab);
}

/* The pid of the process whose command line holds `word` and that was started
 * by this lab; 0: none. */
static pid_t
pid_of(struct lab *lab, const char *word)
{
	char path[64], text[8192];
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	pid_t found = 0;

	while (!found && (entry = readdir(proc)) != NULL) {
		pid_t pid = (pid_t)atoi(entry->d_name);
		size_t size;
		FILE *file;

		if (pid <= 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
		file = fopen(path, "re");
		size = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
		if (file)
			fclose(file);
		text[size] = '\0';
		/* The word is an argument of its own; the guard has more. */
		if (size < strlen(word) + 1 ||
		    memcmp(text + strlen(text) + 1, word, strlen(word) + 1))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
		file = fopen(path, "re");
		size = file ? fread(text, 1, sizeof(text), file) : 0;
		if (file)
			fclose(file);
		if (memmem(text, size, lab->mark, strlen(lab->mark) + 1))
			found = pid;
	}
	closedir(proc);
	return found;
}

/* The number behind a text on the screen; 0: there is none. */
static unsigned long
number_behind(struct lab *lab, const char *text)
{
	struct grid grid;
	unsigned long count = 0;
	char *screen, *found;

	assert_int_equal(grid_take(&grid, &lab->tty), 0);
	screen = grid_text(&grid);
	found = strstr(screen, text);
	if (found)
		count = strtoul(found + strlen(text), NULL, 10);
	free(screen);
	grid_free(&grid);
	return count;
}

/* ---- the main road ---- */

static void
opens_in_the_lab_and_quits(void **state)
{
	struct lab *lab = *state;

	open_lab(lab);
	assert_true(tty_in_altscreen(&lab->tty));
	program_expect(&lab->tty, "stage");
	program_expect(&lab->tty, "client");
	program_expect(&lab->tty, "GET /ping");
	program_expect(&lab->tty, "req/s");
	quit(lab);
}

static void
blocks_the_loop_then_offloads(void **state)
{
	struct lab *lab = *state;

	char text[64];
	int ms;

	open_lab(lab);
	/* Load, block, on the main loop, for 1.5 s. */
	ms = block_until_shown(lab, 1500,
	                       ARGS("EVENT LOOP BLOCKED", "by block(",
	                            "events waiting", "waits "));
	snprintf(text, sizeof(text), "block(%d) = ", ms);
	program_expect(&lab->tty, text);
	press(lab, "o");
	snprintf(text, sizeof(text), "block(%d) runs in thread 1", ms);
	program_expect(&lab->tty, text);
	program_expect(&lab->tty, "EVENT LOOP RESPONSIVE");
	quit(lab);
}

/* Since the mark: a frame is one synchronised update. */
static size_t
count_frames(const struct tty *tty)
{
	const char *at = tty->raw.bytes + tty->mark;
	const char *end = tty->raw.bytes + tty->raw.size;
	size_t frames = 0;

	while ((at = memmem(at, (size_t)(end - at), "\033[?2026h", 8))) {
		frames++;
		at += 8;
	}
	return frames;
}

static void
draws_on_while_the_stage_is_blocked(void **state)
{
	struct lab *lab = *state;
	int ms = 2000;

	open_lab(lab);
	/* In two seconds there are some sixty, on a busy machine fewer; one
	 * that waited for the stage would draw one or two, however long. */
	do {
		ms = block_until_shown(lab, ms, ARGS("EVENT LOOP BLOCKED"));
		tty_mark(&lab->tty);
		program_expect_gone(&lab->tty, "EVENT LOOP BLOCKED");
		ms *= 3;
	} while (count_frames(&lab->tty) < 20 && ms < 20000);
	assert_true(count_frames(&lab->tty) >= 20);
	quit(lab);
}

static void
forks_a_cluster_and_kills_a_worker(void **state)
{
	struct lab *lab = *state;

	open_lab(lab);
	press(lab, "uf4\r0\r");
	program_expect(&lab->tty, "worker 4");
	program_expect(&lab->tty, "The cluster serves port");
	program_expect(&lab->tty, "newconn");
	press(lab, "1");
	press(lab, "jjj");
	press(lab, "K");
	program_expect(&lab->tty, "Signal worker");
	press(lab, "k");
	program_expect(&lab->tty, "SIGKILL was sent to");
	program_expect(&lab->tty, "was killed by signal 9; 3 still serve");
	program_expect(&lab->tty, "\u2717 SIGKILL");
	quit(lab);
}

static void
runs_commands_and_shows_their_output(void **state)
{
	struct lab *lab = *state;

	open_lab(lab);
	press(lab, "csecho 'two words' and\\ more\r");
	program_expect(&lab->tty, "two words and more");
	program_expect(&lab->tty, "exit code 0");
	press(lab, "cels / | wc -l; exit 3\r");
	program_expect(&lab->tty, "exit code 3; stdout");
	press(lab, "cxno-such-program\r");
	program_expect(&lab->tty,
	               "no-such-program: cannot be started: no such");
	press(lab, "cs/etc/passwd\r");
	program_expect(&lab->tty, "cannot be started: permission denied");
	press(lab, "cfcp5\r");
	program_expect(&lab->tty, "{pong:1}");
	quit(lab);
}

static void
a_zombie_and_a_group_that_is_killed(void **state)
{
	struct lab *lab = *state;

	open_lab(lab);
	press(lab, "cg");
	program_expect(&lab->tty, "There is no detached child.");
	press(lab, "cd\r");
	program_expect(&lab->tty, "sleep");
	press(lab, "cz1\r");
	program_expect(&lab->tty, "a zombie for 1 s");
	program_expect(&lab->tty, "true: exit code 0");
	press(lab, "cg");
	program_expect(&lab->tty, "killed by SIGTERM");
	quit(lab);
}

static void
a_race_loses_updates_and_atomics_do_not(void **state)
{
	struct lab *lab = *state;

	open_lab(lab);
	press(lab, "tr");
	program_expect(&lab->tty, "each without Atomics: the sum is");
	press(lab, "ta");
	program_expect(&lab->tty, "the sum is 4000000. Not one");
	quit(lab);
}

static void
loads_run_in_all_four_places(void **state)
{
	struct lab *lab = *state;

	open_lab(lab);
	press(lab, "l1m20\r");
	program_expect(&lab->tty, "fib(20) = 6765, ");
	program_expect(&lab->tty, " ms on the main loop");
	press(lab, "l1w21\r");
	program_expect(&lab->tty, "fib(21) = 10946, ");
	program_expect(&lab->tty, " ms on worker thread 1");
	press(lab, "l1c22\r");
	program_expect(&lab->tty, "fib(22) = 17711, ");
	program_expect(&lab->tty, " ms on child 1");
	press(lab, "l1p23\r");
	program_expect(&lab->tty, "fib(23) = 28657, ");
	program_expect(&lab->tty, " ms on libuv's pool");
	program_expect(&lab->tty, "pool 1");
	quit(lab);
}

static void
pauses_and_shows_help(void **state)
{
	struct lab *lab = *state;

	open_lab(lab);
	press(lab, "?");
	program_expect(&lab->tty, "What it looks like");
	press(lab, "x");
	program_expect_gone(&lab->tty, "What it looks like");
	press(lab, " ");
	program_expect(&lab->tty, "PAUSED");
	press(lab, " ");
	program_expect(&lab->tty, "LIVE");
	press(lab, "3z");
	program_expect(&lab->tty, "z: all panes");
	press(lab, "\033");
	program_expect_gone(&lab->tty, "z: all panes");
	quit(lab);
}

/* ---- sizes and terminals ---- */

static void
follows_the_size_of_the_terminal(void **state)
{
	struct lab *lab = *state;

	open_lab(lab);
	tty_resize(&lab->tty, 24, 80);
	program_expect_gone(&lab->tty, "1 Processes");
	program_expect(&lab->tty, "4 Event loops");
	tty_resize(&lab->tty, 8, 40);
	program_expect(&lab->tty, "looptop needs 60x15, this is 40x8");
	tty_resize(&lab->tty, 70, 250);
	program_expect(&lab->tty, "1 Processes");
	program_expect(&lab->tty, "3 Messages");
	quit(lab);
}

static void
a_locale_without_utf8_gets_ascii(void **state)
{
	struct lab *lab = *state;

	start(lab, 40, 120, NULL, ARGS("LC_ALL=C", "LANG=C"));
	program_expect(&lab->tty, "EVENT LOOP RESPONSIVE");
	program_expect(&lab->tty, "GET /ping");
	for (size_t i = 0; i < lab->tty.raw.size; i++)
		assert_true((unsigned char)lab->tty.raw.bytes[i] < 0x80);
	quit(lab);
}

/* Whether one of the parameters in "1;31m" is a colour's. */
static bool
sets_colour(const char *at)
{
	size_t length = strspn(at, "0123456789;");

	if (at[length] != 'm')
		return false;
	while (length-- > 0) {
		long number = strtol(at, (char **)&at, 10);

		if ((number >= 30 && number <= 38) ||
		    (number >= 40 && number <= 48) || number >= 90)
			return true;
		if (*at++ != ';')
			return false;
	}
	return false;
}

static bool
has_colour(const struct tty *tty)
{
	for (size_t i = 0; i + 8 < tty->raw.size; i++)
		if (tty->raw.bytes[i] == '\033' &&
		    tty->raw.bytes[i + 1] == '[' &&
		    sets_colour(tty->raw.bytes + i + 2))
			return true;
	return false;
}

static void
no_color_means_none(void **state)
{
	struct lab *lab = *state;

	start(lab, 40, 120, NULL, ARGS("NO_COLOR=1"));
	program_expect(&lab->tty, "EVENT LOOP RESPONSIVE");
	press(lab, "l4m200\r");
	program_expect(&lab->tty, "block(200) = ");
	assert_false(has_colour(&lab->tty));
	quit(lab);
}

static void
with_colour_there_is_some(void **state)
{
	struct lab *lab = *state;

	open_lab(lab);
	assert_true(has_colour(&lab->tty));
	quit(lab);
}

static void
an_unknown_terminal_is_taken_for_xterm(void **state)
{
	struct lab *lab = *state;

	start(lab, 30, 100, NULL, ARGS("TERM=no-such-terminal"));
	program_expect(&lab->tty, "EVENT LOOP RESPONSIVE");
	quit(lab);
}

/* ---- trouble ---- */

static void
the_port_in_use_is_said(void **state)
{
	struct lab *lab = *state;
	struct sockaddr_in address = {
	    .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char keys[32];

	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(fd, 1), 0);
	getsockname(fd, (struct sockaddr *)&address, &size);
	open_lab(lab);
	snprintf(keys, sizeof(keys), "uf2\r%d\r", ntohs(address.sin_port));
	press(lab, keys);
	program_expect(&lab->tty, "The cluster cannot listen: address already "
	                          "in use");
	quit(lab);
	close(fd);
}

static void
a_killed_stage_is_said_and_replaced(void **state)
{
	struct lab *lab = *state;

	open_lab(lab);
	press(lab, "cssleep 60\r");
	program_expect(&lab->tty, "sleep");
	kill(pid_of(lab, "@stage"), SIGKILL);
	program_expect(&lab->tty, "THE STAGE IS GONE: killed by SIGKILL");
	press(lab, "b");
	program_expect(&lab->tty, "There is no stage. N starts a new one.");
	program_assert_no_orphans("LOOPTOP_MARK=none");
	press(lab, "N");
	program_expect(&lab->tty, "EVENT LOOP RESPONSIVE");
	program_expect(&lab->tty, "200 pong");
	quit(lab);
}

static void
a_killed_guard_takes_the_stage_along(void **state)
{
	struct lab *lab = *state;
	int64_t deadline = deadline_in(PROGRAM_MS);

	open_lab(lab);
	/* All of them are dead before it sees that one is. */
	assert_int_equal(tty_signal(&lab->tty, SIGSTOP), 0);
	assert_int_equal(tty_wait_stop(&lab->tty, PROGRAM_MS), 0);
	kill(pid_of(lab, "@guard"), SIGKILL);
	while (pid_of(lab, "@stage") || pid_of(lab, "@client"))
		tty_pump(&lab->tty, 1);
	assert_int_equal(tty_continue(&lab->tty), 0);
	program_expect(&lab->tty, "THE STAGE IS GONE");
	press(lab, "N");
	/* Not "responsive": an init may take its time to wait for the old one,
	 * which is then the verdict. */
	program_expect_gone(&lab->tty, "THE STAGE IS GONE");
	/* The end that was asked of the old one does not come to the new one,
	 * two seconds later. */
	while (number_behind(lab, "200 pong \u00d7") < 25) {
		assert_true(deadline_left(deadline) > 0);
		tty_pump(&lab->tty, 1000);
	}
	press(lab, "l4m2500\r");
	program_expect(&lab->tty, "block(2500) = ");
	program_expect(&lab->tty, "EVENT LOOP RESPONSIVE");
	quit(lab);
}

/* Signals that end it: as a shell sees it, and with the terminal restored. */
static void
ends_by(struct lab *lab, int number)
{
	int status;

	open_lab(lab);
	assert_int_equal(tty_signal(&lab->tty, number), 0);
	status = wait_exit(lab);
	if (number == SIGTERM || number == SIGHUP)
		assert_int_equal(WEXITSTATUS(status), 128 + number);
	else
		assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
	assert_restored(lab);
}

static void
sigterm_restores_the_terminal(void **state)
{
	ends_by(*state, SIGTERM);
}

static void
sighup_restores_the_terminal(void **state)
{
	ends_by(*state, SIGHUP);
}

static void
a_crash_restores_the_terminal(void **state)
{
	ends_by(*state, SIGSEGV);
}

static void
an_abort_restores_the_terminal(void **state)
{
	ends_by(*state, SIGABRT);
}

/* teardown sees that nothing is left within a second. */
static void
sigkill_leaves_nothing_behind(void **state)
{
	struct lab *lab = *state;

	open_lab(lab);
	press(lab, "uf3\r0\r");
	program_expect(&lab->tty, "worker 3");
	press(lab, "cssetsid sleep 60\r");
	block_until_shown(lab, 5000, ARGS("EVENT LOOP BLOCKED"));
	tty_signal(&lab->tty, SIGKILL);
	wait_exit(lab);
}

static void
a_terminal_that_goes_away_ends_it(void **state)
{
	struct lab *lab = *state;

	open_lab(lab);
	tty_hangup(&lab->tty);
	wait_exit(lab);
}

static void
is_suspended_and_goes_on(void **state)
{
	struct lab *lab = *state;
	struct termios now;

	open_lab(lab);
	press(lab, "\032");
	assert_int_equal(tty_wait_stop(&lab->tty, PROGRAM_MS), 0);
	assert_false(tty_in_altscreen(&lab->tty));
	tty_termios(&lab->tty, &now);
	assert_memory_equal(&now, &lab->tty.initial, sizeof(now));
	assert_int_equal(tty_continue(&lab->tty), 0);
	program_expect(&lab->tty, "EVENT LOOP RESPONSIVE");
	assert_true(tty_in_altscreen(&lab->tty));
	quit(lab);
}

/* What it has read so far, by proc(5); 0: that is not told here. */
static unsigned long
bytes_read(const struct lab *lab)
{
	unsigned long bytes = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/io", (int)lab->tty.pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "rchar: %lu", &bytes) != 1)
		bytes = 0;
	fclose(file);
	return bytes;
}

/* Nobody reads the screen: the explorer drops frames, but reads the stream,
 * also when the terminal has long been full. */
static void
a_terminal_that_stops_reading_never_stops_it(void **state)
{
	struct lab *lab = *state;
	struct pollfd nothing = {.fd = -1};
	unsigned long before;
	int left = PROGRAM_MS / 10;

	open_lab(lab);
	press(lab, "ts");
	program_expect(&lab->tty, "thread 1");
	press(lab, "tp300000\r");
	program_expect(&lab->tty, "{pong:");
	/* Not a wait for anything to happen: time for the terminal to fill. */
	poll(&nothing, 1, 2500);
	before = bytes_read(lab);
	while (before && bytes_read(lab) < before + STREAM_BYTES && left-- > 0)
		poll(&nothing, 1, 10);
	assert_true(left > 0);
	program_expect(&lab->tty, "EVENT LOOP RESPONSIVE");
	quit(lab);
}

/* The stage writes on while nobody reads: what is lost is counted. */
static void
a_full_fifo_is_counted_and_shown(void **state)
{
	struct lab *lab = *state;
	struct pollfd nothing = {.fd = -1};

	open_lab(lab);
	press(lab, "ts");
	program_expect(&lab->tty, "thread 1");
	press(lab, "tp1000000\r");
	program_expect(&lab->tty, "{pong:");
	/* Time for the pipe to fill: a slow stage may need more of it. */
	for (int i = 0; i < 8; i++) {
		tty_signal(&lab->tty, SIGSTOP);
		poll(&nothing, 1, 1500);
		tty_signal(&lab->tty, SIGCONT);
		if (tty_wait_text(&lab->tty, "dropped:", 3000) == 0)
			break;
	}
	program_expect(&lab->tty, "dropped:");
	quit(lab);
}

#define with_lab(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    with_lab(opens_in_the_lab_and_quits),
	    with_lab(blocks_the_loop_then_offloads),
	    with_lab(draws_on_while_the_stage_is_blocked),
	    with_lab(forks_a_cluster_and_kills_a_worker),
	    with_lab(runs_commands_and_shows_their_output),
	    with_lab(a_zombie_and_a_group_that_is_killed),
	    with_lab(a_race_loses_updates_and_atomics_do_not),
	    with_lab(loads_run_in_all_four_places),
	    with_lab(pauses_and_shows_help),
	    with_lab(follows_the_size_of_the_terminal),
	    with_lab(a_locale_without_utf8_gets_ascii),
	    with_lab(no_color_means_none),
	    with_lab(with_colour_there_is_some),
	    with_lab(an_unknown_terminal_is_taken_for_xterm),
	    with_lab(the_port_in_use_is_said),
	    with_lab(a_killed_stage_is_said_and_replaced),
	    with_lab(a_killed_guard_takes_the_stage_along),
	    with_lab(sigterm_restores_the_terminal),
	    with_lab(sighup_restores_the_terminal),
	    with_lab(a_crash_restores_the_terminal),
	    with_lab(an_abort_restores_the_terminal),
	    with_lab(sigkill_leaves_nothing_behind),
	    with_lab(a_terminal_that_goes_away_ends_it),
	    with_lab(is_suspended_and_goes_on),
	    with_lab(a_terminal_that_stops_reading_never_stops_it),
	    with_lab(a_full_fifo_is_counted_and_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
