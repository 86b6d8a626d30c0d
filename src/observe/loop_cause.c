#include "loop_cause.h"

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

/* Calls whose first argument is the descriptor they sleep on. */
static const char *
fd_call_name(long number)
{
	switch (number) {
	case SYS_read:
	case SYS_pread64:
	case SYS_readv:
		return "read";
	case SYS_write:
	case SYS_pwrite64:
	case SYS_writev:
		return "write";
	case SYS_connect:
		return "connect";
	case SYS_recvfrom:
	case SYS_recvmsg:
		return "recv";
	case SYS_sendto:
	case SYS_sendmsg:
		return "send";
	default:
		return NULL;
	}
}

static const char *
call_name(long number)
{
	switch (number) {
	case SYS_futex:
		return "futex";
	case SYS_wait4:
	case SYS_waitid:
		return "waits for a child";
	case SYS_nanosleep:
	case SYS_clock_nanosleep:
		return "sleep";
	case SYS_fsync:
	case SYS_fdatasync:
		return "fsync";
	case SYS_flock:
		return "flock";
	case SYS_openat:
		return "open";
	default:
		return NULL;
	}
}

bool
loop_cause_has_fd(const struct procfs_syscall *call)
{
	return !call->running && fd_call_name(call->number) &&
	       call->args[0] < 1 << 20;
}

void
loop_cause_name_fd(const char *link, char into[LOOP_CAUSE_BYTES])
{
	const char *base = strrchr(link, '/');
	size_t length;

	if (*link != '/') {
		/* "pipe:[123]", "anon_inode:[timerfd]" */
		if (strncmp(link, "anon_inode:", 11) == 0)
			link += 11;
		link += *link == '[';
		length = strcspn(link, ":]");
	} else {
		link = base[1] ? base + 1 : link;
		length = strlen(link);
	}
	snprintf(into, LOOP_CAUSE_BYTES, "%.*s", (int)length, link);
}

/* Asleep, but in no system call. */
static const char *
state_name(char state)
{
	switch (state) {
	case 'T':
		return "stopped";
	case 't':
		return "stopped by a debugger";
	case 'D':
		return "waits for the disk";
	default:
		return "sleeps in the kernel";
	}
}

void
loop_cause_of_call(const struct procfs_syscall *call, char state,
                   const char *what, char into[LOOP_CAUSE_BYTES])
{
	const char *fd_name = fd_call_name(call->number);
	const char *name = fd_name ? fd_name : call_name(call->number);
	size_t room = LOOP_CAUSE_BYTES;

	/* A stopped thread also shows the call it will go on with. */
	if (state == 'T' || state == 't' || call->number < 0)
		snprintf(into, room, "%s", state_name(state));
	else if (fd_name && what && *what)
		snprintf(into, room, "%s(fd %d %s", fd_name, (int)call->args[0],
		         what);
	else if (loop_cause_has_fd(call))
		snprintf(into, room, "%s(fd %d", fd_name, (int)call->args[0]);
	else if (name)
		snprintf(into, room, "%s", name);
	else
		snprintf(into, room, "syscall %ld", call->number);
	/* Whatever had to be cut, the parenthesis is closed. */
	if (strchr(into, '('))
		snprintf(into + strlen(into) - (strlen(into) == room - 1), 2,
		         ")");
}
