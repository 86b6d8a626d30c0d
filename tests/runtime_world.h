/*
 * world: what the tests of the runtime stand on: a loop with a guard, what the
 * stream was told, and the words that callbacks said, each in order.
 *
 * Nothing sleeps. A test runs the loop until what it waits for has come; when
 * the guard's time is over first, the test fails. Callbacks only take notes:
 * what they noted is looked at between two runs of the loop.
 */
#ifndef TESTS_RUNTIME_WORLD_H
#define TESTS_RUNTIME_WORLD_H

#include "test.h"

#include "core/emit.h"
#include "runtime/loop.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef __SANITIZE_THREAD__
/* libuv closes by syscall(2), which the sanitizer does not see: whoever is
 * given the same number next looks like a race. */
const char *__tsan_default_suppressions(void);

const char *
__tsan_default_suppressions(void)
{
	return "race:epoll_create1$\nrace:pipe2$\nrace:eventfd$\n"
	       "race:socket$\nrace:socketpair$\nrace:accept4$\n";
}
#endif

enum { GUARD_MS = 90000, WORDS_BYTES = 8192 };

struct told {
	struct event event;
	char *text;
};

struct world {
	struct loop loop;
	uv_timer_t guard;
	bool late;            /* the guard's time is over */
	bool tells_slow;      /* keep what a loop tells of its slow turns */
	uint32_t slow_tid;    /* whose next end of a span is of one */
	pthread_mutex_t lock; /* of what was told: any thread tells */
	struct told *told;
	size_t told_count, told_room;
	char said[WORDS_BYTES], kinds[WORDS_BYTES];
	int fds; /* open when it began */
};

/* ---- what callbacks said ---- */

static inline void
add_word(char words[WORDS_BYTES], const char *word)
{
	size_t used = strlen(words);

	snprintf(words + used, WORDS_BYTES - used, "%s%s", used ? " " : "",
	         word);
}

static inline void
world_say(struct world *world, const char *word)
{
	add_word(world->said, word);
}

/* ---- what the stream was told ---- */

/* On a busy machine any turn of a loop may be slow, which it tells when it is
 * over: a span that began long ago, and its end. */
static inline bool
is_of_slow_turn(struct world *world, const struct event *event)
{
	bool is_end = event->kind == EVENT_SPAN_END && world->slow_tid &&
	              world->slow_tid == event->tid;

	if (is_end)
		world->slow_tid = 0;
	if (event->kind != EVENT_SPAN_BEGIN ||
	    uv_hrtime() - event->time < LOOP_SLOW_NS)
		return is_end;
	world->slow_tid = event->tid;
	return true;
}

static inline void
world_take(void *data, const struct event *event, const char *text)
{
	struct world *world = data;
	struct told *told;

	pthread_mutex_lock(&world->lock);
	if (!world->tells_slow && is_of_slow_turn(world, event)) {
		pthread_mutex_unlock(&world->lock);
		return;
	}
	if (world->told_count == world->told_room) {
		world->told_room = world->told_room * 2 + 64;
		world->told = realloc(world->told,
		                      world->told_room * sizeof(*world->told));
	}
	told = &world->told[world->told_count++];
	told->event = *event;
	told->text = strndup(text, event->text);
	pthread_mutex_unlock(&world->lock);
}

static inline void
told_clear(struct world *world)
{
	for (size_t i = 0; i < world->told_count; i++)
		free(world->told[i].text);
	world->told_count = 0;
}

/* What was told, by name; how busy a loop was depends on the weather. */
static inline const char *
told_kinds(struct world *world)
{
	world->kinds[0] = '\0';
	for (size_t i = 0; i < world->told_count; i++) {
		enum event_kind kind = world->told[i].event.kind;

		if (kind != EVENT_LOOP_TURNS && kind != EVENT_LOOP_GAUGE)
			add_word(world->kinds, event_name(kind));
	}
	return world->kinds;
}

static inline int
told_count(const struct world *world, enum event_kind kind)
{
	int count = 0;

	for (size_t i = 0; i < world->told_count; i++)
		count += world->told[i].event.kind == kind;
	return count;
}

/* The nth of a kind, from 0. It must be there. */
static inline const struct told *
told_nth(const struct world *world, enum event_kind kind, int n)
{
	for (size_t i = 0; i < world->told_count; i++)
		if (world->told[i].event.kind == kind && n-- == 0)
			return &world->told[i];
	fail_msg("%s was not told", event_name(kind));
	return NULL;
}

/* ---- what a process holds ---- */

static inline int
entries_in(const char *path)
{
	DIR *directory = opendir(path);
	int count = 0;

	while (directory && readdir(directory))
		count++;
	if (directory)
		closedir(directory);
	return count;
}

static inline int
fd_count(void)
{
	return entries_in("/proc/self/fd");
}

/* ---- life ---- */

static inline void
world_late(uv_timer_t *guard)
{
	struct world *world = guard->data;

	world->late = true;
	uv_stop(&world->loop.uv);
}

/* libuv opens some descriptors once for the whole process. */
static inline void
world_warm_up(void)
{
	uv_loop_t loop;

	signal(SIGPIPE, SIG_IGN);
	uv_loop_init(&loop);
	uv_loop_close(&loop);
}

static inline void
world_init(struct world *world)
{
	world_warm_up();
	alarm(2 * GUARD_MS / 1000);
	memset(world, 0, sizeof(*world));
	pthread_mutex_init(&world->lock, NULL);
	world->fds = fd_count();
	emit_open_direct(world_take, world, uv_hrtime);
	assert_int_equal(loop_open(&world->loop, ROLE_MAIN, 0, "test"), 0);
	world->loop.data = world;
	told_clear(world);
	uv_timer_init(&world->loop.uv, &world->guard);
	world->guard.data = world;
	uv_timer_start(&world->guard, world_late, GUARD_MS, 0);
	uv_unref((uv_handle_t *)&world->guard);
}

/* Whatever a test opened, it has closed. */
static inline void
world_end(struct world *world)
{
	loop_close(&world->loop);
	emit_close();
	told_clear(world);
	free(world->told);
	pthread_mutex_destroy(&world->lock);
	alarm(0);
	assert_int_equal(fd_count(), world->fds);
}

static inline int
world_open(void **state)
{
	struct world *world = malloc(sizeof(*world));

	world_init(world);
	*state = world;
	return 0;
}

static inline int
world_close(void **state)
{
	world_end(*state);
	free(*state);
	return 0;
}

/* ---- running ---- */

/* Once round: what the kernel has ready, and no waiting. A loop that waits for
 * nothing would not go round, so it waits for the guard. */
static inline void
world_turn(struct world *world)
{
	uv_ref((uv_handle_t *)&world->guard);
	uv_run(&world->loop.uv, UV_RUN_NOWAIT);
	uv_unref((uv_handle_t *)&world->guard);
}

/* Until *count is at least that. */
static inline void
world_run(struct world *world, const int *count, int least)
{
	bool alive = true;

	while (*count < least && alive && !world->late)
		alive = uv_run(&world->loop.uv, UV_RUN_ONCE);
	if (*count < least)
		fail_msg("%s: %d of %d came, after: %s",
		         world->late ? "too late" : "nothing to wait for",
		         *count, least, world->said);
}

/* Until nothing is left that the loop waits for. */
static inline void
world_drain(struct world *world)
{
	if (!world->late)
		loop_run(&world->loop);
	if (world->late)
		fail_msg("the loop does not end, after: %s", world->said);
}

/* ---- TCP, the plain way ---- */

static inline struct sockaddr_in
local_port(int port)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr = {htonl(INADDR_LOOPBACK)},
	};

	return address;
}

/* A socket that listens on 127.0.0.1, and its port. */
static inline int
plain_listen(int *port)
{
	struct sockaddr_in address = local_port(0);
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(fd, 16), 0);
	getsockname(fd, (struct sockaddr *)&address, &size);
	*port = ntohs(address.sin_port);
	return fd;
}

/* A blocking connection whose reads give up when the guard would. */
static inline int
plain_connect(int port)
{
	struct sockaddr_in address = local_port(port);
	struct timeval limit = {.tv_sec = GUARD_MS / 1000};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(
	    connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return fd;
}

#endif
