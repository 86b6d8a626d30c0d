/*
 * What the soaks of a cluster share: a client that asks on and on, a worker
 * that answers, and the table in shared memory in which both note what they
 * know, so that each lost request has a name.
 *
 * A worker notes that it is about to take a connection before it says so to the
 * primary, and that it has it, by the client's port, after. Whoever kills notes
 * whom before it does.
 */
#ifndef TESTS_SOAK_H
#define TESTS_SOAK_H

#include "test.h"

#include "load/http.h"
#include "runtime/cluster.h"
#include "runtime/cluster_scope.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	WORKERS = 4,
	CLIENTS = 8, /* threads; every second one keeps its connection */
	HANG_S = 60,
	IDS = 4096,
	PORTS = 65536,
	LIMIT_S = 600,
};

struct shared {
	atomic_int owner[PORTS]; /* who has the connection of that port */
	atomic_int taking[IDS];  /* connections it is about to have */
	atomic_bool killed[IDS];
	atomic_bool over;
	atomic_long requests, connections, refused, failed, hung;
	/* By nobody, of a worker that was not killed, on a connection that
	 * was not kept. */
	atomic_long lost, lost_to_nobody, wrong, lost_alone;
};

static inline struct shared *
map_shared(int fd)
{
	void *at = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE,
	                MAP_SHARED, fd, 0);

	return at == MAP_FAILED ? NULL : at;
}

/* ---- a client ---- */

struct asker {
	pthread_t thread;
	struct shared *shared;
	int port;
	bool keeps;
};

/* Connected, or -1. */
static inline int
reach(struct asker *asker)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)asker->port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct timeval limit = {.tv_sec = HANG_S};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0) {
		asker->shared->connections++;
		return fd;
	}
	if (errno == ECONNREFUSED)
		asker->shared->refused++;
	else
		asker->shared->failed++;
	close(fd);
	return -1;
}

/* 1: answered; 0: lost; -1: nothing came, for a long time. */
static inline int
ask(int fd, bool keeps)
{
	char text[512];
	size_t used = 0;
	int size = snprintf(text, sizeof(text),
	                    "GET /ping HTTP/1.1\r\nConnection: %s\r\n\r\n",
	                    keeps ? "keep-alive" : "close");

	if (send(fd, text, (size_t)size, MSG_NOSIGNAL) != size)
		return 0;
	while (used < sizeof(text) - 1) {
		ssize_t got = recv(fd, text + used, sizeof(text) - 1 - used, 0);

		if (got < 0 && errno == EAGAIN)
			return -1;
		if (got <= 0)
			return 0;
		used += (size_t)got;
		text[used] = '\0';
		if (strstr(text, "\r\n\r\npong\n"))
			return 1;
	}
	return 0;
}

static inline int
port_of(int fd)
{
	struct sockaddr_in address = {0};
	socklen_t size = sizeof(address);

	getsockname(fd, (struct sockaddr *)&address, &size);
	return ntohs(address.sin_port);
}

static inline void
note_lost(struct shared *shared, int id, bool kept)
{
	shared->lost++;
	if (!kept)
		shared->lost_alone++;
	if (!id)
		shared->lost_to_nobody++;
	else if (!shared->killed[id])
		shared->wrong++;
}

static inline void *
ask_on_and_on(void *data)
{
	struct asker *asker = data;
	struct shared *shared = asker->shared;

	while (!shared->over) {
		int fd = reach(asker), answer = fd < 0 ? 0 : 1, port;

		if (fd < 0)
			continue;
		port = port_of(fd);
		do {
			answer = ask(fd, asker->keeps);
			shared->requests++;
		} while (answer == 1 && asker->keeps && !shared->over);
		if (answer == 0)
			note_lost(shared, shared->owner[port], asker->keeps);
		else if (answer < 0)
			shared->hung++;
		shared->owner[port] = 0;
		close(fd);
	}
	return NULL;
}

static inline int
be_client(int port, int fd)
{
	struct asker askers[CLIENTS];

	for (int i = 0; i < CLIENTS; i++) {
		askers[i].shared = map_shared(fd);
		askers[i].port = port;
		askers[i].keeps = i % 2;
		pthread_create(&askers[i].thread, NULL, ask_on_and_on,
		               &askers[i]);
	}
	for (int i = 0; i < CLIENTS; i++)
		pthread_join(askers[i].thread, NULL);
	return 0;
}

/* ---- a worker ---- */

struct served {
	struct loop loop;
	struct channel channel;
	struct cluster_scope scope;
	struct cluster_listener listener;
	struct http_server http;
	struct shared *shared;
};

static inline bool
accepts(struct cluster_listener *listener)
{
	struct served *served = listener->scope->data;

	served->shared->taking[served->scope.id]++;
	return true;
}

static inline void
on_connection(struct cluster_listener *listener, uv_stream_t *stream)
{
	struct served *served = listener->scope->data;
	struct sockaddr_in peer = {0};
	int size = sizeof(peer);

	uv_tcp_getpeername((uv_tcp_t *)stream, (struct sockaddr *)&peer, &size);
	served->shared->owner[ntohs(peer.sin_port)] = served->scope.id;
	served->shared->taking[served->scope.id]--;
	http_serve(&served->http, (uv_tcp_t *)stream);
}

static inline void
on_port(struct cluster_listener *listener, int port, int error)
{
	(void)port;
	if (error)
		cluster_scope_kill(listener->scope);
}

/* The connections first. */
static inline void
on_leave(struct cluster_scope *scope)
{
	struct served *served = scope->data;

	http_server_end(&served->http);
}

static inline void
on_empty(struct http_server *http)
{
	struct served *served = http->data;

	cluster_scope_leave(&served->scope);
}

static const struct cluster_scope_events scope_events = {
    .disconnect = on_leave,
    .listening = on_port,
    .accepts = accepts,
    .connection = on_connection,
};

static inline int
answer(struct http_server *server, const char *path, char *body, size_t room)
{
	(void)server;
	(void)path;
	snprintf(body, room, "pong\n");
	return 200;
}

static inline void
on_message(struct channel *channel, json_t *message, bool has_handle)
{
	struct served *served = channel->data;

	cluster_scope_message(&served->scope, message, has_handle);
}

static inline void
on_disconnect(struct channel *channel)
{
	struct served *served = channel->data;

	cluster_scope_disconnected(&served->scope);
}

static const struct channel_events channel_events = {
    .message = on_message,
    .disconnect = on_disconnect,
};

static inline int
be_worker(int fd)
{
	const struct cluster_address address = {
	    .type = CLUSTER_TCP4,
	    .address = "127.0.0.1",
	};
	static struct served served;

	signal(SIGPIPE, SIG_IGN);
	served.shared = map_shared(fd);
	if (!served.shared || loop_open(&served.loop, ROLE_MAIN, 0, "worker") ||
	    channel_open_inherited(&served.channel, &served.loop,
	                           &channel_events))
		return 1;
	served.channel.data = &served;
	served.http.loop = &served.loop;
	served.http.answer = answer;
	served.http.empty = on_empty;
	served.http.data = &served;
	if (cluster_scope_open(&served.scope, &served.loop, &served.channel,
	                       &scope_events))
		return 1;
	served.scope.data = &served;
	cluster_scope_listen(&served.scope, &served.listener, &address, 0);
	loop_run(&served.loop);
	return 0;
}

/* ---- the primary's ---- */

/* Memory that workers and clients map as well, by its descriptor's number. */
static inline struct shared *
open_shared(char text[16])
{
	int memory = memfd_create("soak", MFD_CLOEXEC);
	/* 3 is the channel in a child. */
	int fd = fcntl(memory, F_DUPFD, 10);

	close(memory);
	assert_int_equal(ftruncate(fd, sizeof(struct shared)), 0);
	snprintf(text, 16, "%d", fd);
	return map_shared(fd);
}

static inline void
close_shared(struct shared *shared, const char *text)
{
	close(atoi(text));
	munmap(shared, sizeof(*shared));
}

/* Starts the client; it goes on until shared->over. */
static inline void
start_client(struct child *client, struct loop *loop, int port, const char *fd,
             const struct child_events *events)
{
	char text[16];
	const char *const args[] = {text, fd, NULL};

	snprintf(text, sizeof(text), "%d", port);
	child_fork(client, loop, BIRTH_FORK, "@client", args, NULL, events);
}

static inline void
fork_workers(struct cluster *cluster, const char *fd)
{
	const char *const args[] = {fd, NULL};
	const struct cluster_settings settings = {
	    .exec = "@worker",
	    .args = args,
	};
	int error;

	cluster_setup(cluster, &settings);
	for (int i = 0; i < WORKERS; i++)
		assert_non_null(cluster_fork(cluster, NULL, &error));
}

/* The main of a soak with these tests. */
#define SOAK_MAIN(tests) \
	do { \
		signal(SIGPIPE, SIG_IGN); \
		if (argc > 3 && strcmp(argv[1], "@client") == 0) \
			return be_client(atoi(argv[2]), atoi(argv[3])); \
		if (argc > 2 && strcmp(argv[1], "@worker") == 0) \
			return be_worker(atoi(argv[2])); \
		if (argc > 1 || getenv("NODE_CHANNEL_FD")) \
			return 1; \
		return cmocka_run_group_tests(tests, NULL, NULL); \
	} while (0)

#endif
