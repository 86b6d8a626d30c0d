#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONTROL = 3 }; /* the keeper's end of the socket, behind stdio */

/* They tell of the terminal the tests run in, not of this one. */
static const char *const foreign[] = {
    "LINES",       "COLUMNS", "NO_COLOR", "COLORTERM", "TERM_PROGRAM",
    "VTE_VERSION", "TMUX",    "STY",      "TERMINFO",  "XTERM_VERSION"};

static void
tell(int control, enum keeper_kind kind, int value)
{
	struct keeper_report message = {.kind = kind, .value = value};

	(void)send(control, &message, sizeof(message), MSG_NOSIGNAL);
}

static void
default_signals(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};

	for (int number = 1; number < NSIG; number++)
		(void)sigaction(number, &action, NULL);
}

static void
set_environment(const struct tty_options *options)
{
	for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++)
		unsetenv(foreign[i]);
	setenv("TERM", "xterm-256color", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	for (size_t i = 0; options->unset && options->unset[i]; i++)
		unsetenv(options->unset[i]);
	for (size_t i = 0; options->env && options->env[i]; i++)
		putenv((char *)options->env[i]);
}

/* Becomes the program, or tells `failure` why not. Signals are still blocked,
 * so taking the foreground does not stop it with SIGTTOU. */
static _Noreturn void
become_program(const struct tty_options *options, int failure)
{
	sigset_t none;
	int error = 0;

	sigemptyset(&none);
	if (setpgid(0, 0) < 0 || tcsetpgrp(STDIN_FILENO, getpid()) < 0)
		error = errno;
	set_environment(options);
	if (!error && options->cwd && chdir(options->cwd) < 0)
		error = errno;
	if (!error) {
		sigprocmask(SIG_SETMASK, &none, NULL);
		execvp(options->argv[0], (char *const *)options->argv);
		error = errno;
	}
	(void)!write(failure, &error, sizeof(error));
	_exit(127);
}

/* The program's pid, or -errno. */
static pid_t
launch(const struct tty_options *options)
{
	int failure[2], error = 0;
	pid_t program;

	if (pipe2(failure, O_CLOEXEC) < 0)
		return -errno;
	program = fork();
	if (program < 0)
		return -errno;
	if (program == 0)
		become_program(options, failure[1]);
	close(failure[1]);
	if (read(failure[0], &error, sizeof(error)) == sizeof(error))
		return -error;
	close(failure[0]);
	return program;
}

/* The pid, or 0 once it has ended. */
static pid_t
watch_program(pid_t program)
{
	int status;

	while (program && waitpid(program, &status, WNOHANG | WUNTRACED) > 0) {
		if (WIFSTOPPED(status)) {
			tell(CONTROL, KEEPER_STOPPED, WSTOPSIG(status));
			continue;
		}
		tell(CONTROL, KEEPER_ENDED, status);
		program = 0;
	}
	return program;
}

static pid_t
take_signal(int signals, pid_t program)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) != sizeof(info))
		return program;
	if (info.ssi_signo == SIGCHLD)
		return watch_program(program);
	/* SIGHUP comes to the leader alone; a shell tells its jobs. */
	if (program) {
		kill(-program, SIGHUP);
		kill(-program, SIGCONT);
	}
	return program;
}

/* Until the test closes its end: nothing is ever sent this way. */
static _Noreturn void
keep(pid_t program)
{
	struct pollfd fds[2] = {{.events = POLLIN},
	                        {.fd = CONTROL, .events = POLLIN}};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGHUP);
	fds[0].fd = signalfd(-1, &set, SFD_CLOEXEC);
	do {
		if (fds[0].revents & POLLIN)
			program = take_signal(fds[0].fd, program);
		poll(fds, 2, -1);
	} while (fds[0].fd >= 0 && !fds[1].revents);
	if (program) {
		kill(-program, SIGKILL);
		kill(program, SIGKILL);
		waitpid(program, NULL, 0);
	}
	_exit(0);
}

/* Leaves the terminal as stdio and the socket as CONTROL, nothing else: other
 * tests' terminals must not stay open here. */
static int
take_descriptors(int slave, int control)
{
	slave = fcntl(slave, F_DUPFD, CONTROL + 1);
	control = fcntl(control, F_DUPFD, CONTROL + 1);
	if (slave < 0 || control < 0)
		return -errno;
	for (int fd = 0; fd < CONTROL; fd++)
		if (dup2(slave, fd) < 0)
			return -errno;
	if (dup3(control, CONTROL, O_CLOEXEC) < 0)
		return -errno;
	close_range(CONTROL + 1, ~0u, 0);
	return 0;
}

static _Noreturn void
become_keeper(const struct tty_options *options, int slave, int control)
{
	sigset_t all;
	pid_t program;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	default_signals();
	if (take_descriptors(slave, control) < 0)
		_exit(1);
	if (setsid() < 0 || ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)
		program = -errno;
	else
		program = launch(options);
	if (program < 0) {
		tell(CONTROL, KEEPER_FAILED, -program);
		_exit(1);
	}
	tell(CONTROL, KEEPER_STARTED, program);
	keep(program);
}

/* Waits for the first report. */
static int
await_start(int control, pid_t *program)
{
	struct keeper_report first;
	int error;

	do {
		struct pollfd fd = {.fd = control, .events = POLLIN};

		poll(&fd, 1, -1);
		error = keeper_read(control, &first);
	} while (error == -EAGAIN);
	if (error)
		return error;
	if (first.kind == KEEPER_FAILED)
		return -first.value;
	*program = first.value;
	return 0;
}

int
keeper_start(const struct tty_options *options, int slave, pid_t *keeper,
             pid_t *program)
{
	int control[2], error;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) < 0)
		return -errno;
	*keeper = fork();
	if (*keeper == 0)
		become_keeper(options, slave, control[1]);
	error = *keeper < 0 ? -errno : 0;
	close(control[1]);
	if (!error)
		error = await_start(control[0], program);
	if (!error)
		return control[0];
	if (*keeper > 0)
		keeper_stop(control[0], *keeper);
	else
		close(control[0]);
	return error;
}

int
keeper_read(int control, struct keeper_report *report)
{
	ssize_t got = recv(control, report, sizeof(*report), MSG_DONTWAIT);

	if (got == sizeof(*report))
		return 0;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return -EAGAIN;
	return -EIO;
}

void
keeper_stop(int control, pid_t keeper)
{
	close(control);
	while (waitpid(keeper, NULL, 0) < 0 && errno == EINTR)
		;
}
