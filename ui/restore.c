#include "restore.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { BYTES = 256, STACK_BYTES = 65536, STUCK_MS = 200 };

/* There is one terminal, and a signal handler must reach it. */
static struct {
	int fd;
	struct termios saved;
	volatile sig_atomic_t is_raw;
	char bytes[BYTES];
	size_t size;
} state = {.fd = -1};

void
restore_write(const char *bytes, size_t size)
{
	struct pollfd ready = {.fd = state.fd, .events = POLLOUT};

	while (size && poll(&ready, 1, STUCK_MS) == 1) {
		ssize_t written = write(state.fd, bytes, size);

		if (written <= 0)
			return;
		bytes += written;
		size -= (size_t)written;
	}
}

void
restore_now(void)
{
	if (!state.is_raw)
		return;
	state.is_raw = 0;
	restore_write(state.bytes, state.size);
	tcsetattr(state.fd, TCSANOW, &state.saved);
}

static void
on_crash(int signum)
{
	restore_now();
	signal(signum, SIG_DFL);
	raise(signum);
}

static void
catch_crashes(void)
{
	static const int fatal[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};
	static char stack[STACK_BYTES];
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction action = {.sa_handler = on_crash,
	                           .sa_flags = SA_ONSTACK};

	sigaltstack(&alternate, NULL);
	for (size_t i = 0; i < sizeof(fatal) / sizeof(*fatal); i++)
		sigaction(fatal[i], &action, NULL);
}

void
restore_open(int fd)
{
	state.fd = fd;
	state.size = 0;
	tcgetattr(fd, &state.saved);
	catch_crashes();
}

void
restore_add(const char *bytes)
{
	size_t size;

	if (!bytes)
		return;
	size = strlen(bytes);
	if (state.size + size > BYTES)
		return;
	memcpy(state.bytes + state.size, bytes, size);
	state.size += size;
}

void
restore_raw(void)
{
	struct termios raw = state.saved;

	cfmakeraw(&raw);
	tcsetattr(state.fd, TCSADRAIN, &raw);
	state.is_raw = 1;
}

bool
restore_is_raw(void)
{
	return state.is_raw;
}
