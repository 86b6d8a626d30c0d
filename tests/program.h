/*
 * program: looptop as a user runs it, for the end-to-end tests.
 *
 * Every run gets a mark of its own in the environment, which all it starts
 * inherits: so a process that was left behind is found whatever became of its
 * parents.
 */
#ifndef TESTS_PROGRAM_H
#define TESTS_PROGRAM_H

#include "tty/tty.h"

#include <jansson.h>

/* More than any of it should take, also on a machine that is busy with other
 * things: only who hangs waits so long. */
enum { PROGRAM_MS = 90000 };

struct program {
	pid_t pid;
	int out_fd, err_fd;
	char mark[64];   /* NAME=value */
	char *out, *err; /* ended by NUL, once it has ended */
	int status;      /* exit status, 128 + n for a signal */
};

/* The path of the program under test (LOOPTOP in the environment). */
const char *program_path(void);

/* Starts looptop with these arguments (NULL at the end), without a terminal,
 * its stdin empty. */
void program_start(struct program *program, const char *const *args);

/* Waits for its end; everything it wrote is in out and err. Fails the test
 * when it takes too long. */
void program_wait(struct program *program);

/* Both. */
void program_run(struct program *program, const char *const *args);

void program_free(struct program *program);

/* Fails the test when any process with that mark still lives half a minute from
 * now: a guard with a sanitizer takes its time to end. */
void program_assert_no_orphans(const char *mark);

/* The same on a terminal. `env`: more of it, NULL at the end, or NULL. */
void program_start_tty(struct tty *tty, char mark[64], const char *const *args,
                       int rows, int cols, const char *const *env);

/* Waits until the screen shows `text`; fails the test with the screen when it
 * does not. */
void program_expect(struct tty *tty, const char *text);
void program_expect_gone(struct tty *tty, const char *text);

/* The lines of program->out as objects; fails the test when one is not JSON.
 */
json_t *program_lines(const struct program *program);

/* The n-th line of a kind, NULL: there are fewer. Borrowed. */
json_t *program_line(json_t *lines, const char *kind, size_t n);

/* Writes a file into a new directory; both are removed at exit. Returns its
 * path (static storage, eight at a time). */
const char *program_file(const char *name, const char *text);

/* What looptop's config file says for the runs from now on; NULL: there is
 * none, which is how it begins. Never the one of who runs the tests. Returns
 * its path. */
const char *program_config(const char *text);

/* node in PATH? */
bool program_has_node(void);

/* One whose child processes the agent watches too: 20 or newer? */
bool program_has_agents_node(void);

#endif
