/*
 * The guard itself. It links nothing but libc, allocates nothing that matters,
 * and has one loop: orders from the explorer, ends of children.
 *
 * Failures, before line one: the program cannot be started (reported with its
 * errno); the explorer dies (everything below is killed); a descendant forks
 * while we kill (we look again until there is none); it ignores SIGTERM (the
 * explorer orders SIGKILL).
 */
#include "agent_setup.h"
#include "guard.h"

#include "core/emit.h"
#include "core/fifo.h"
#include "observe/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONTROL_FD = 10, KILL_TRIES = 200, KILL_WAIT_MS = 5 };

static void
report(enum guard_word word, pid_t pid, int value)
{
	struct guard_report report = {(int32_t)word, pid, value};

	(void)!send(CONTROL_FD, &report, sizeof(report), MSG_NOSIGNAL);
}

/* ---- the program ---- */

static void
reset_signals(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Ends with the errno of the exec in `failed`, which a successful exec closes.
 */
static void
become_program(const char *flags, char *const *argv, pid_t guard, int failed)
{
	int error;

	if (flags[0] == 's')
		setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != guard)
		_exit(125);
	reset_signals();
	if (flags[1] == 'c')
		setenv("NODE_CHANNEL_FD", "3", 1);
	else
		unsetenv("NODE_CHANNEL_FD");
	execvp(argv[0], argv);
	error = errno;
	(void)!write(failed, &error, sizeof(error));
	_exit(127);
}

static pid_t
start_program(const char *flags, char *const *argv)
{
	pid_t guard = getpid(), pid;
	int failed[2], error;

	if (pipe2(failed, O_CLOEXEC))
		return -1;
	pid = fork();
	if (pid == 0)
		become_program(flags, argv, guard, failed[1]);
	close(failed[1]);
	if (pid > 0 &&
	    read(failed[0], &error, sizeof(error)) == (ssize_t)sizeof(error))
		report(GUARD_FAILED, pid, error);
	else if (pid > 0)
		report(GUARD_STARTED, pid, 0);
	else
		report(GUARD_FAILED, 0, errno);
	close(failed[0]);
	return pid;
}

/* The guard keeps no end of the program's pipes, or they would never end. */
static void
let_go(void)
{
	int null = open("/dev/null", O_RDWR);

	for (int fd = 0; fd <= 3; fd++)
		if (fd != null)
			dup2(null, fd);
}

/* ---- ends ---- */

/* Fetches what has ended; false: there are no children at all. */
static bool
reap(pid_t program)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == program)
			report(GUARD_ENDED, pid, status);
	return pid == 0;
}

static void
signal_one(void *data, pid_t pid)
{
	kill(pid, *(int *)data);
}

static void
signal_all(int signal)
{
	procfs_descendants(getpid(), signal_one, &signal);
}

/* Those that fork while we look are found the next time. */
static void
kill_all(pid_t program)
{
	for (int i = 0; i < KILL_TRIES && reap(program); i++) {
		signal_all(SIGKILL);
		poll(NULL, 0, KILL_WAIT_MS);
	}
}

static void
remove_stream(const char *fifo)
{
	char directory[PATH_MAX];
	char *slash;

	snprintf(directory, sizeof(directory), "%s", fifo);
	slash = strrchr(directory, '/');
	if (!slash)
		return;
	fifo_remove(fifo);
	*slash = '\0';
	agent_remove_files(directory);
	rmdir(directory);
}

/* Does what the explorer orders; false: the guard is to end. An explorer that
 * is gone cannot remove its stream. */
static bool
take_order(pid_t program, const char *fifo)
{
	int32_t order;

	if (recv(CONTROL_FD, &order, sizeof(order), 0) !=
	    (ssize_t)sizeof(order)) {
		kill_all(program);
		remove_stream(fifo);
		return false;
	}
	if (order == GUARD_TERM)
		signal_all(SIGTERM);
	else
		kill_all(program);
	return order != GUARD_LEAVE;
}

/* The explorer has made itself ready to see what we fork. */
static bool
await_go(void)
{
	int32_t order;
	ssize_t got;

	do {
		got = recv(CONTROL_FD, &order, sizeof(order), 0);
	} while (got < 0 && errno == EINTR);
	return got == (ssize_t)sizeof(order) && order == GUARD_GO;
}

static int
open_signals(void)
{
	static const int deaf[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT,
	                           SIGPIPE, SIGTSTP, SIGTTOU, SIGTTIN};
	sigset_t child;
	int low, fd;

	for (size_t i = 0; i < sizeof(deaf) / sizeof(*deaf); i++)
		signal(deaf[i], SIG_IGN);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	/* Above those that let_go() gives away. */
	low = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	fd = fcntl(low, F_DUPFD_CLOEXEC, CONTROL_FD + 1);
	close(low);
	return fd;
}

int
guard_main(int argc, char **argv)
{
	struct signalfd_siginfo ended;
	struct pollfd fds[2] = {{.fd = CONTROL_FD, .events = POLLIN},
	                        {.events = POLLIN}};
	bool alone = false;
	pid_t program;

	if (argc < 5)
		return 125;
	(void)fcntl(CONTROL_FD, F_SETFD, FD_CLOEXEC);
	prctl(PR_SET_NAME, "looptop-guard");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	fds[1].fd = open_signals();
	if (!await_go()) {
		remove_stream(argv[3]);
		return 125;
	}
	program = start_program(argv[2], argv + 4);
	let_go();
	do {
		if (!reap(program) && !alone) {
			alone = true;
			report(GUARD_ALONE, 0, 0);
		}
		poll(fds, 2, -1);
		while (read(fds[1].fd, &ended, sizeof(ended)) > 0)
			;
	} while (!fds[0].revents || take_order(program, argv[3]));
	return 0;
}
