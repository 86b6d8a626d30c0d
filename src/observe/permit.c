#include "permit.h"

#include "loop_watch.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* Yama refuses to attach, but lets us read what only needs reading. */
static bool
may_read(pid_t pid)
{
	uint64_t calls;

	return procfs_read_io(pid, pid, &calls) == 0;
}

bool
permit_process(pid_t pid, bool *waits, char *why, size_t room)
{
	struct procfs_syscall call;
	int epfd, error = procfs_read_syscall(pid, pid, &call);

	why[0] = '\0';
	if (waits)
		*waits = !error && loop_watch_is_wait(&call, &epfd);
	/* It has ended, or this kernel has no such file: no matter of
	 * permission. */
	if (error != -EPERM && error != -EACCES)
		return true;
	if (may_read(pid))
		snprintf(why, room,
		         "Its loops are not seen: Yama forbids it. sudo sysctl "
		         "kernel.yama.ptrace_scope=0, or use looptop run.");
	else
		snprintf(why, room,
		         "Its loops and channels are not seen: it is another "
		         "user's. Run looptop as root.");
	return false;
}
