/* The lab on a terminal when things go wrong: what it needs is killed, ends or
 * stands still. */
#include "lab.h"
#include "tty/deadline.h"

#include <dirent.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the pings of a screen that goes on are at least, in the stream. */
enum { STREAM_BYTES = 4096 };

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
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
