/*
 * observe_helper: processes to look at, played by the test program itself, and
 * what the observer says of them.
 *
 * A test program whose first argument begins with '@' is a helper: main() calls
 * helper_play(), which runs the role of that name. Test and helper are kept in
 * step by two pipes, the helper's stdin and stdout: the test gives orders, the
 * helper answers with numbers. A helper is a process group of its own, so that
 * helper_end() also ends what it started.
 */
#ifndef TESTS_OBSERVE_HELPER_H
#define TESTS_OBSERVE_HELPER_H

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HELPER_MS 1000000ull
/* Nothing takes so long, unless it never comes. */
enum { HELPER_PATIENCE_MS = 60000 };

static inline uint64_t
helper_clock(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static inline uint64_t
helper_now(void)
{
	return helper_clock(CLOCK_MONOTONIC);
}

/* Uses a CPU for so long, as its own clock counts. */
static inline void
helper_burn(unsigned ms)
{
	uint64_t end = helper_clock(CLOCK_THREAD_CPUTIME_ID) + ms * HELPER_MS;

	while (helper_clock(CLOCK_THREAD_CPUTIME_ID) < end)
		;
}

/* ---- the test's side ---- */

struct helper {
	pid_t pid; /* 0: none */
	int orders, answers;
};

static inline void
helper_become(char *const *argv, const int *orders, const int *answers)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(orders[0], STDIN_FILENO);
	dup2(answers[1], STDOUT_FILENO);
	execvp(argv[0], argv);
	_exit(127);
}

static inline void
helper_start_program(struct helper *helper, char *const *argv)
{
	int orders[2], answers[2];

	assert_int_equal(pipe2(orders, O_CLOEXEC), 0);
	assert_int_equal(pipe2(answers, O_CLOEXEC), 0);
	helper->pid = fork();
	assert_true(helper->pid >= 0);
	if (helper->pid == 0)
		helper_become(argv, orders, answers);
	setpgid(helper->pid, helper->pid);
	close(orders[0]);
	close(answers[1]);
	helper->orders = orders[1];
	helper->answers = answers[0];
}

static inline int64_t
helper_answer(const struct helper *helper)
{
	struct pollfd ready = {.fd = helper->answers, .events = POLLIN};
	int64_t answer;

	assert_int_equal(poll(&ready, 1, HELPER_PATIENCE_MS), 1);
	assert_int_equal(read(helper->answers, &answer, sizeof(answer)),
	                 sizeof(answer));
	return answer;
}

static inline void
helper_order(const struct helper *helper, char order)
{
	assert_int_equal(write(helper->orders, &order, 1), 1);
}

static inline int64_t
helper_ask(const struct helper *helper, char order)
{
	helper_order(helper, order);
	return helper_answer(helper);
}

/* A helper in that role, ready for orders. */
static inline void
helper_start(struct helper *helper, const char *role)
{
	char *const argv[] = {(char *)"/proc/self/exe", (char *)role, NULL};

	helper_start_program(helper, argv);
	assert_int_equal(helper_answer(helper), helper->pid);
}

/* Ends the helper and its group, and waits for all that became our children.
 */
static inline void
helper_end(struct helper *helper)
{
	if (helper->pid <= 0)
		return;
	kill(-helper->pid, SIGKILL);
	close(helper->orders);
	close(helper->answers);
	while (waitpid(-helper->pid, NULL, 0) > 0 || errno == EINTR)
		;
	helper->pid = 0;
}

/* A pid that no process has any more. */
static inline pid_t
helper_gone_pid(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return pid;
}

/* ---- the helper's side ---- */

struct helper_role {
	const char *name;
	void (*play)(void);
};

static inline void
helper_say(int64_t answer)
{
	if (write(STDOUT_FILENO, &answer, sizeof(answer)) !=
	    (ssize_t)sizeof(answer))
		_exit(1);
}

/* The next order; ends the helper when there will be none. */
static inline char
helper_hear(void)
{
	char order;

	if (read(STDIN_FILENO, &order, 1) != 1)
		_exit(0);
	return order;
}

/* Whether this process is a helper: then it does not come back. */
static inline void
helper_play(int argc, char **argv, const struct helper_role *roles)
{
	if (argc < 2 || argv[1][0] != '@')
		return;
	for (; roles->name; roles++)
		if (strcmp(roles->name, argv[1]) == 0) {
			helper_say(getpid());
			roles->play();
			_exit(0);
		}
	_exit(126);
}

#endif
