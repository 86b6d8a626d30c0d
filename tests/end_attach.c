/* Attaching: the picker on a terminal, permissions, and that the process it
 * was attached to does not notice; what doctor says. */
#include "program.h"
#include "test.h"
#include "tty/grid.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGS(...) \
	(const char *const[]) \
	{ \
		__VA_ARGS__, NULL \
	}

/* A process to attach to: it waits until its stdin ends. */
struct prey {
	pid_t pid;
	int input;
	char name[32];
};

struct hunt {
	struct tty tty;
	char mark[64];
	struct prey prey;
};

static void
start_prey(struct prey *prey)
{
	int ends[2], execs[2];
	char byte;

	snprintf(prey->name, sizeof(prey->name), "prey%dx", (int)getpid());
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(pipe2(execs, O_CLOEXEC), 0);
	prey->pid = fork();
	assert_true(prey->pid >= 0);
	if (prey->pid == 0) {
		dup2(ends[0], STDIN_FILENO);
		execlp("sh", "sh", "-c", "read line; exit 7", prey->name, NULL);
		_exit(127);
	}
	close(ends[0]);
	prey->input = ends[1];
	/* It has its name when execve(2) has closed the other end. */
	close(execs[1]);
	assert_int_equal(read(execs[0], &byte, 1), 0);
	close(execs[0]);
}

/* It ends in its own way, which shows that nobody has disturbed it. */
static void
assert_unharmed(struct prey *prey)
{
	int status;

	close(prey->input);
	assert_int_equal(waitpid(prey->pid, &status, 0), prey->pid);
	prey->pid = 0;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
}

static int
setup(void **state)
{
	struct hunt *hunt = calloc(1, sizeof(*hunt));

	*state = hunt;
	if (!hunt)
		return -1;
	start_prey(&hunt->prey);
	return 0;
}

static int
teardown(void **state)
{
	struct hunt *hunt = *state;

	tty_close(&hunt->tty);
	if (hunt->prey.pid > 0) {
		kill(hunt->prey.pid, SIGKILL);
		waitpid(hunt->prey.pid, NULL, 0);
	}
	if (hunt->mark[0])
		program_assert_no_orphans(hunt->mark);
	free(hunt);
	return 0;
}

static void
press(struct hunt *hunt, const char *keys)
{
	assert_int_equal(tty_keys(&hunt->tty, keys), 0);
}

static void
open_picker(struct hunt *hunt, const char *const *args)
{
	program_start_tty(&hunt->tty, hunt->mark, args, 30, 110, NULL);
	program_expect(&hunt->tty, "attach to which process?");
}

static void
assert_left(struct hunt *hunt)
{
	int status = -1;
	struct termios after;

	assert_int_equal(tty_wait_exit(&hunt->tty, PROGRAM_MS, &status), 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_false(tty_in_altscreen(&hunt->tty));
	assert_true(tty_cursor_visible(&hunt->tty));
	assert_int_equal(tty_termios(&hunt->tty, &after), 0);
	assert_memory_equal(&after, &hunt->tty.initial, sizeof(after));
}

static void
pick(struct hunt *hunt)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", (int)hunt->prey.pid);
	press(hunt, hunt->prey.name);
	program_expect(&hunt->tty, pid);
	press(hunt, "\r");
	program_expect(&hunt->tty, "1 Processes");
	program_expect(&hunt->tty, pid);
}

static void
what_is_picked_is_watched(void **state)
{
	struct hunt *hunt = *state;

	open_picker(hunt, ARGS("attach"));
	pick(hunt);
	press(hunt, "q");
	assert_left(hunt);
	assert_unharmed(&hunt->prey);
}

static void
the_picker_is_left_with_escape(void **state)
{
	struct hunt *hunt = *state;

	open_picker(hunt, ARGS("attach"));
	press(hunt, "nothing is called so");
	program_expect(&hunt->tty, "No process matches.");
	press(hunt, "\r\033");
	program_expect_gone(&hunt->tty, "No process matches.");
	press(hunt, "\033");
	assert_left(hunt);
}

/* The list is some seconds old; by then the pid may be another's. */
static void
what_has_ended_is_not_picked(void **state)
{
	struct hunt *hunt = *state;
	char said[64];

	open_picker(hunt, ARGS("attach"));
	press(hunt, hunt->prey.name);
	snprintf(said, sizeof(said), "%d", (int)hunt->prey.pid);
	program_expect(&hunt->tty, said);
	program_expect(&hunt->tty, "exit 7");
	snprintf(said, sizeof(said), "Process %d has ended.",
	         (int)hunt->prey.pid);
	assert_unharmed(&hunt->prey);
	press(hunt, "\r");
	/* Or the list was made anew between the two. */
	while (tty_wait_text(&hunt->tty, said, 50) &&
	       tty_wait_text(&hunt->tty, "No process matches.", 50))
		;
	press(hunt, "\003");
	assert_left(hunt);
}

static void
read_only_signals_nobody(void **state)
{
	struct hunt *hunt = *state;

	open_picker(hunt, ARGS("attach", "--read-only"));
	pick(hunt);
	press(hunt, "1K");
	program_expect(&hunt->tty, "Read-only: nothing is signalled.");
	press(hunt, "q");
	assert_left(hunt);
	assert_unharmed(&hunt->prey);
}

/* ---- without a terminal ---- */

static int
count_descriptors(pid_t pid)
{
	char path[64];
	DIR *directory;
	int count = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	directory = opendir(path);
	assert_non_null(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

static void
read_status(pid_t pid, const char *label, char *into, size_t room)
{
	char path[64], line[128];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	assert_non_null(file);
	into[0] = '\0';
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, label, strlen(label)) == 0)
			snprintf(into, room, "%s", line);
	fclose(file);
}

static void
detached_it_leaves_no_trace(void **state)
{
	struct hunt *hunt = *state;
	struct program program;
	char pid[16], before[128], after[128];
	int descriptors;
	json_t *lines;

	/* It waits in its read before we look for the first time. */
	do {
		read_status(hunt->prey.pid, "State:", before, sizeof(before));
	} while (!strstr(before, "sleeping"));
	descriptors = count_descriptors(hunt->prey.pid);
	read_status(hunt->prey.pid, "Sig", before, sizeof(before));
	snprintf(pid, sizeof(pid), "%d", (int)hunt->prey.pid);
	program_run(&program, ARGS("attach", "--json", "--for", "300ms", pid));
	assert_int_equal(program.status, 0);
	lines = program_lines(&program);
	assert_non_null(program_line(lines, "process-born", 0));
	assert_null(program_line(lines, "process-died", 0));
	json_decref(lines);
	program_free(&program);
	assert_int_equal(count_descriptors(hunt->prey.pid), descriptors);
	read_status(hunt->prey.pid, "Sig", after, sizeof(after));
	assert_string_equal(before, after);
	read_status(hunt->prey.pid, "TracerPid:", after, sizeof(after));
	assert_string_equal(after, "TracerPid:\t0\n");
	read_status(hunt->prey.pid, "State:", after, sizeof(after));
	assert_non_null(strstr(after, "sleeping"));
	assert_unharmed(&hunt->prey);
}

static void
without_a_screen_it_wants_a_pid(void **state)
{
	struct program program;

	(void)state;
	program_run(&program, ARGS("attach", "--json"));
	assert_int_equal(program.status, 125);
	assert_string_equal(program.err,
	                    "looptop: attach: nothing is no process id. Write "
	                    "looptop attach PID.\n");
	program_free(&program);
}

static void
without_a_terminal_nothing_is_picked(void **state)
{
	struct program program;

	(void)state;
	program_run(&program, ARGS("attach"));
	assert_int_equal(program.status, 125);
	assert_true(strlen(program.err) > 0);
	program_free(&program);
}

/* ---- doctor ---- */

static void
doctor_tells_what_is_permitted(void **state)
{
	struct program program;

	(void)state;
	program_run(&program, ARGS("doctor"));
	assert_int_equal(program.status, 0);
	assert_string_equal(program.err, "");
	assert_non_null(strstr(program.out, "perf task records"));
	assert_non_null(strstr(program.out, "proc connector"));
	assert_non_null(strstr(program.out, "sock_diag"));
	/* This is no terminal, and it says so with the cure. */
	assert_non_null(strstr(program.out, "to get it: run it in a terminal"));
	program_free(&program);
}

static void
doctor_speaks_json(void **state)
{
	struct program program;
	json_t *lines, *line;
	size_t i, named = 0;

	(void)state;
	program_run(&program, ARGS("doctor", "--json"));
	assert_int_equal(program.status, 0);
	lines = program_lines(&program);
	json_array_foreach(lines, i, line)
	{
		named += json_is_string(json_object_get(line, "ability"));
		assert_true(json_is_boolean(json_object_get(line, "works")));
	}
	assert_int_equal(named, json_array_size(lines));
	assert_true(named > 10);
	json_decref(lines);
	program_free(&program);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_is_picked_is_watched),
	    TEST(the_picker_is_left_with_escape),
	    TEST(what_has_ended_is_not_picked),
	    TEST(read_only_signals_nobody),
	    TEST(detached_it_leaves_no_trace),
	    cmocka_unit_test(without_a_screen_it_wants_a_pid),
	    cmocka_unit_test(without_a_terminal_nothing_is_picked),
	    cmocka_unit_test(doctor_tells_what_is_permitted),
	    cmocka_unit_test(doctor_speaks_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
