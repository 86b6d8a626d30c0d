#include "pidfd.h"
#include "procfs.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Of linux/pidfd.h, which Debian 12 ships without it. The size is part of the
 * request: this is the first version, 64 bytes, that knows exit_code. */
struct info {
	uint64_t mask;
	uint64_t cgroup;
	uint32_t ids[12]; /* pid tgid ppid, then uids and gids */
};

_Static_assert(sizeof(struct info) == 64, "the kernel's first version");

enum { INFO_EXIT = 1 << 3, INFO_EXIT_CODE = 11 };
#define PIDFD_GET_INFO_64 _IOWR(0xff, 11, struct info)

int
pidfd_of(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : fd;
}

int
pidfd_status(int pidfd, pid_t pid, int *status)
{
	struct info info = {.mask = INFO_EXIT};
	int error = procfs_zombie_status(pid, status);

	if (!error)
		return 0;
	/* No zombie any more: its parent has fetched the status. */
	if (ioctl(pidfd, PIDFD_GET_INFO_64, &info) == 0 &&
	    (info.mask & INFO_EXIT)) {
		*status = (int)info.ids[INFO_EXIT_CODE];
		return 0;
	}
	return error == -EAGAIN ? -EAGAIN : -ESRCH;
}

bool
pidfd_keeps_status(void)
{
	struct info info = {.mask = INFO_EXIT};
	siginfo_t ended;
	bool keeps = false;
	pid_t pid = fork();
	int fd;

	if (pid == 0)
		_exit(7);
	if (pid < 0)
		return false;
	fd = pidfd_of(pid);
	waitid(P_PID, (id_t)pid, &ended, WEXITED);
	if (fd >= 0) {
		keeps = ioctl(fd, PIDFD_GET_INFO_64, &info) == 0 &&
		        (info.mask & INFO_EXIT) &&
		        WEXITSTATUS(info.ids[INFO_EXIT_CODE]) == 7;
		close(fd);
	}
	return keeps;
}

int
pidfd_signal(int pidfd, int signal)
{
	if (syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0))
		return -errno;
	return 0;
}
