/* The explorer's side of the guard. */
#include "guard.h"

#include "observe/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where the guard finds its descriptors. */
enum { CHANNEL_FD = 3, CONTROL_FD = 10 };

/* In the child: put the descriptors where the guard expects them. They may lie
 * where another one is to go, so all are moved out of the way first. */
static void
place_descriptors(const struct guard_options *options, int control)
{
	int from[] = {options->in, options->out, options->err, options->channel,
	              control};
	static const int to[] = {0, 1, 2, CHANNEL_FD, CONTROL_FD};

	for (int i = 0; i < 5; i++)
		if (from[i] >= 0)
			from[i] = fcntl(from[i], F_DUPFD, CONTROL_FD + 1);
	for (int i = 0; i < 5; i++)
		if (from[i] >= 0) {
			dup2(from[i], to[i]);
			close(from[i]);
		}
}

/* In the child: becomes the guard. argv: looptop @guard FLAGS FIFO CMD... */
static void
become_guard(const struct guard_options *options, int control)
{
	char flags[8], exe[] = "/proc/self/exe";
	size_t count = 0;
	char **argv;

	while (options->argv[count])
		count++;
	argv = calloc(count + 5, sizeof(*argv));
	if (!argv)
		_exit(125);
	snprintf(flags, sizeof(flags), "%s%s", options->own_session ? "s" : "-",
	         options->channel >= 0 ? "c" : "-");
	argv[0] = (char *)"looptop";
	argv[1] = (char *)"@guard";
	argv[2] = flags;
	argv[3] = (char *)options->fifo;
	memcpy(argv + 4, options->argv, count * sizeof(*argv));
	place_descriptors(options, control);
	execv(exe, argv);
	_exit(125);
}

int
guard_start(struct guard *guard, const struct guard_options *options)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	guard->pid = fork();
	if (guard->pid < 0) {
		int error = -errno;

		close(ends[0]);
		close(ends[1]);
		return error;
	}
	if (guard->pid == 0)
		become_guard(options, ends[1]);
	close(ends[1]);
	guard->control = ends[0];
	(void)fcntl(guard->control, F_SETFL, O_NONBLOCK);
	return 0;
}

int
guard_read(struct guard *guard, struct guard_report *report)
{
	ssize_t got;

	do {
		got = recv(guard->control, report, sizeof(*report), 0);
	} while (got < 0 && errno == EINTR);
	if (got == (ssize_t)sizeof(*report))
		return 1;
	return got < 0 && errno == EAGAIN ? 0 : -EPIPE;
}

int
guard_tell(struct guard *guard, enum guard_order order)
{
	int32_t word = (int32_t)order;

	return send(guard->control, &word, sizeof(word), MSG_NOSIGNAL) ==
	               (ssize_t)sizeof(word)
	           ? 0
	           : -EPIPE;
}

void
guard_prepare(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

static void
kill_one(void *data, pid_t pid)
{
	(void)data;
	kill(pid, SIGKILL);
}

void
guard_close(struct guard *guard)
{
	int status;

	if (guard->pid <= 0)
		return;
	(void)guard_tell(guard, GUARD_LEAVE);
	close(guard->control);
	while (waitpid(guard->pid, &status, 0) < 0 && errno == EINTR)
		;
	guard->pid = 0;
	if (!WIFSIGNALED(status))
		return;
	while (procfs_descendants(getpid(), kill_one, NULL) > 0)
		while (waitpid(-1, &status, 0) > 0)
			;
	/* Who has died by itself already is not among those. */
	while (waitpid(-1, &status, WNOHANG) > 0)
		;
}
