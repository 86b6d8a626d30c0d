/*
 * Failures, before line one:
 * - what fails between vfork and exec is written to memory both share, and the
 *   parent returns it; the child is then fetched at once;
 * - a signal must not run a handler of the parent in the child, which shares
 *   its memory: all are blocked around it, and reset before they are let in;
 * - setuid(3) of the C library would tell the parent's other threads: the
 *   system calls are used;
 * - a thread cancelled or another one that changes the environment meanwhile:
 *   all that the child reads was made before.
 */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the child needs, ready before it lives. */
struct plan {
	const struct spawn_options *options;
	int *from;                /* descriptors, none of them below fd_count */
	const char *const *paths; /* to try, in order; NULL at the end */
	sigset_t mask;            /* the parent's */
	volatile int error;       /* of the child */
};

/* ---- where the file is ---- */

static const char *
path_of(const char *const *env)
{
	for (; env && *env; env++)
		if (strncmp(*env, "PATH=", 5) == 0)
			return *env + 5;
	return "/usr/local/bin:/bin:/usr/bin";
}

/* All files it may be: as execvpe(3), with the PATH of the child. The strings
 * lie behind the pointers; the caller frees the result. */
static const char **
candidates(const char *file, const char *const *env)
{
	const char *path = strchr(file, '/') ? "" : path_of(env);
	size_t count = 2, room = strlen(path) + 1;
	const char **result;
	char *text;

	for (const char *at = path; (at = strchr(at, ':')) != NULL; at++)
		count++;
	room += count * (strlen(file) + 2);
	result = malloc(count * sizeof(*result) + room);
	if (!result)
		return NULL;
	text = (char *)(result + count);
	for (size_t i = 0; i < count - 1; i++) {
		size_t size = strcspn(path, ":");

		result[i] = text;
		text += sprintf(text, "%.*s%s%s", (int)size, path,
		                size ? "/" : "", file) +
		        1;
		path += size + (path[size] == ':');
	}
	result[count - 1] = NULL;
	return result;
}

/* ---- in the child: nothing but system calls ---- */

static void
fail(struct plan *plan)
{
	plan->error = errno;
	_exit(127);
}

/* All of them to the default: the C library's sigaction(3) refuses its own two
 * (32, 33), which may have been inherited ignored. */
static void
reset_signals(void)
{
	static const unsigned long
	    deflt[8]; /* struct sigaction of the kernel */
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		if (i != SIGKILL && i != SIGSTOP)
			syscall(SYS_rt_sigaction, i, deflt, NULL, NSIG / 8);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
place_descriptors(struct plan *plan)
{
	for (int fd = 0; fd < plan->options->fd_count; fd++) {
		int from = plan->from[fd];

		if (from < 0 && fd > STDERR_FILENO) {
			close(fd);
			continue;
		}
		if (from < 0)
			from = open("/dev/null",
			            fd == STDIN_FILENO ? O_RDONLY : O_RDWR);
		if (from < 0 || (from != fd && dup2(from, fd) < 0))
			fail(plan);
		if (plan->from[fd] < 0 && from != fd)
			close(from);
	}
}

static void
change_owner(struct plan *plan)
{
	const struct spawn_options *options = plan->options;

	/* Who may not, keeps them; as libuv. */
	if (options->has_uid || options->has_gid)
		(void)syscall(SYS_setgroups, 0, NULL);
	if (options->has_gid && syscall(SYS_setgid, options->gid))
		fail(plan);
	if (options->has_uid && syscall(SYS_setuid, options->uid))
		fail(plan);
}

/* As execvp(3): a file that may not be run does not hide one further on. */
static void
execute(struct plan *plan)
{
	int error = ENOENT;

	for (size_t i = 0; plan->paths[i]; i++) {
		execve(plan->paths[i], (char *const *)plan->options->args,
		       (char *const *)plan->options->env);
		if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
			break;
		if (errno == EACCES)
			error = EACCES;
		errno = error;
	}
	fail(plan);
}

static void
become(struct plan *plan)
{
	const struct spawn_options *options = plan->options;

	if (options->detached)
		setsid();
	place_descriptors(plan);
	if (options->cwd && chdir(options->cwd))
		fail(plan);
	change_owner(plan);
	reset_signals();
	execute(plan);
}

/* ---- in the parent ---- */

/* Moves descriptors out of the way of those that they become. The copies are
 * `copies`, to be closed by the caller. */
static int
move_descriptors(struct plan *plan, int *copies)
{
	const struct spawn_options *options = plan->options;

	for (int fd = 0; fd < options->fd_count; fd++) {
		copies[fd] = -1;
		plan->from[fd] = options->fds[fd];
	}
	for (int fd = 0; fd < options->fd_count; fd++) {
		if (options->fds[fd] < 0)
			continue;
		copies[fd] = fcntl(options->fds[fd], F_DUPFD_CLOEXEC,
		                   options->fd_count + 3);
		if (copies[fd] < 0)
			return -errno;
		plan->from[fd] = copies[fd];
	}
	return 0;
}

static pid_t
fork_without_copy(struct plan *plan)
{
	sigset_t all;
	int state;
	pid_t pid;

	sigfillset(&all);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	pthread_sigmask(SIG_BLOCK, &all, &plan->mask);
	pid = vfork();
	if (pid == 0)
		become(plan);
	if (pid < 0)
		plan->error = errno;
	pthread_sigmask(SIG_SETMASK, &plan->mask, NULL);
	pthread_setcancelstate(state, NULL);
	return pid;
}

static int
run_plan(struct plan *plan, int *copies)
{
	int error = move_descriptors(plan, copies);
	pid_t pid = -1;

	if (!error) {
		pid = fork_without_copy(plan);
		error = -plan->error;
	}
	for (int fd = 0; fd < plan->options->fd_count; fd++)
		if (copies[fd] >= 0)
			close(copies[fd]);
	if (error && pid > 0)
		waitpid(pid, NULL, 0);
	return error ? error : pid;
}

static int
start_process(const struct spawn_options *options)
{
	size_t count = (size_t)options->fd_count + 1;
	int *numbers = calloc(count * 2, sizeof(*numbers));
	const char **paths = candidates(options->file, options->env);
	struct plan plan = {
	    .options = options, .from = numbers, .paths = paths};
	int result =
	    numbers && paths ? run_plan(&plan, numbers + count) : -ENOMEM;

	free(numbers);
	free(paths);
	return result;
}

static int
open_pidfd(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : fd;
}

static void
on_end(uv_poll_t *poll, int status, int events)
{
	struct spawn *spawn = poll->data;
	int ended;

	(void)status;
	(void)events;
	if (waitpid(spawn->pid, &ended, WNOHANG) != spawn->pid)
		return;
	spawn->pid = 0;
	uv_poll_stop(poll);
	spawn->exit(spawn, WIFEXITED(ended) ? WEXITSTATUS(ended) : -1,
	            WIFSIGNALED(ended) ? WTERMSIG(ended) : 0);
}

/* Before anything is started: whether its end could be watched. */
static int
can_watch(void)
{
	int fd = open_pidfd(getpid());

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

int
spawn_start(struct spawn *spawn, uv_loop_t *loop,
            const struct spawn_options *options,
            void (*on_exit)(struct spawn *spawn, int code, int signal))
{
	int result = can_watch();

	if (!result)
		result = start_process(options);
	if (result < 0)
		return result;
	memset(spawn, 0, sizeof(*spawn));
	spawn->pid = result;
	spawn->exit = on_exit;
	spawn->pidfd = open_pidfd(spawn->pid);
	if (spawn->pidfd < 0) {
		kill(spawn->pid, SIGKILL);
		waitpid(spawn->pid, NULL, 0);
		return spawn->pidfd;
	}
	uv_poll_init(loop, &spawn->poll, spawn->pidfd);
	spawn->poll.data = spawn;
	uv_poll_start(&spawn->poll, UV_READABLE, on_end);
	return 0;
}

int
spawn_kill(struct spawn *spawn, int signal)
{
	if (!spawn->pid)
		return -ESRCH;
	return syscall(SYS_pidfd_send_signal, spawn->pidfd, signal, NULL, 0)
	           ? -errno
	           : 0;
}

void
spawn_keep_zombie(struct spawn *spawn, bool keep)
{
	if (!spawn->pid)
		return;
	if (keep)
		uv_poll_stop(&spawn->poll);
	else
		uv_poll_start(&spawn->poll, UV_READABLE, on_end);
}

void
spawn_ref(struct spawn *spawn, bool ref)
{
	if (ref)
		uv_ref((uv_handle_t *)&spawn->poll);
	else
		uv_unref((uv_handle_t *)&spawn->poll);
}

static void
on_closed(uv_handle_t *handle)
{
	struct spawn *spawn = handle->data;

	close(spawn->pidfd);
	spawn->close(spawn);
}

void
spawn_close(struct spawn *spawn, void (*on_close)(struct spawn *spawn))
{
	spawn->close = on_close;
	uv_close((uv_handle_t *)&spawn->poll, on_closed);
}
