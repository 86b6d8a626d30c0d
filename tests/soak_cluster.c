/*
 * A cluster of four under load, whose workers are killed at random: nobody is
 * refused at the port, and no request is lost but those that a killed worker
 * had taken.
 *
 * How that is known: the workers, the client and the primary share a table. A
 * worker notes that it is about to take a connection before it says so to the
 * primary, and that it has it, by the client's port, after; the primary notes
 * whom it kills before it does. So for each request that is lost the client
 * finds who had it, and whether that one was killed. A worker killed between
 * its two notes leaves the first: no more requests may be lost to nobody than
 * that.
 *
 * In `make test` ten are killed; with SOAK set (make soak) two hundred.
 */
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
	KILLS = 10,
	SOAK_KILLS = 200,
	KILL_MS = 25, /* on average */
	HANG_S = 20,
	IDS = 4096,
	PORTS = 65536,
	LIMIT_S = 240,
};

struct shared {
	atomic_int owner[PORTS]; /* who has the connection of that port */
	atomic_int taking[IDS];  /* connections it is about to have */
	atomic_bool killed[IDS];
	atomic_bool over;
	atomic_long requests, connections, lost, lost_to_nobody, wrong, refused,
	    failed, hung;
};

static struct shared *
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
static int
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
static int
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

static int
port_of(int fd)
{
	struct sockaddr_in address = {0};
	socklen_t size = sizeof(address);

	getsockname(fd, (struct sockaddr *)&address, &size);
	return ntohs(address.sin_port);
}

static void
note_lost(struct shared *shared, int id)
{
	shared->lost++;
	if (!id)
		shared->lost_to_nobody++;
	else if (!shared->killed[id])
		shared->wrong++;
}

static void *
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
			note_lost(shared, shared->owner[port]);
		else if (answer < 0)
			shared->hung++;
		shared->owner[port] = 0;
		close(fd);
	}
	return NULL;
}

static int
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

static bool
accepts(struct cluster_listener *listener)
{
	struct served *served = listener->scope->data;

	served->shared->taking[served->scope.id]++;
	return true;
}

static void
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

static void
on_port(struct cluster_listener *listener, int port, int error)
{
	(void)port;
	if (error)
		cluster_scope_kill(listener->scope);
}

static const struct cluster_scope_events scope_events = {
    .listening = on_port,
    .accepts = accepts,
    .connection = on_connection,
};

static int
answer(struct http_server *server, const char *path, char *body, size_t room)
{
	(void)server;
	(void)path;
	snprintf(body, room, "pong\n");
	return 200;
}

static void
on_message(struct channel *channel, json_t *message, bool has_handle)
{
	struct served *served = channel->data;

	cluster_scope_message(&served->scope, message, has_handle);
}

static void
on_disconnect(struct channel *channel)
{
	struct served *served = channel->data;

	cluster_scope_disconnected(&served->scope);
}

static const struct channel_events channel_events = {
    .message = on_message,
    .disconnect = on_disconnect,
};

static int
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
	if (cluster_scope_open(&served.scope, &served.loop, &served.channel,
	                       &scope_events))
		return 1;
	served.scope.data = &served;
	cluster_scope_listen(&served.scope, &served.listener, &address, 0);
	loop_run(&served.loop);
	return 0;
}

/* ---- the primary ---- */

struct soak {
	struct loop loop;
	struct cluster cluster;
	struct child client;
	uv_timer_t timer;
	struct shared *shared;
	char fd[16];
	int wanted, kills, exits, port;
	bool has_client;
	unsigned seed;
};

static unsigned
chance(struct soak *soak, unsigned of)
{
	soak->seed = soak->seed * 1103515245 + 12345;
	return (soak->seed >> 16) % of;
}

static struct cluster_worker *
any_alive(struct soak *soak)
{
	struct cluster_worker *worker, *found = NULL;
	unsigned count = 0;

	for (worker = soak->cluster.workers; worker; worker = worker->next)
		if (!cluster_worker_is_dead(worker) &&
		    !soak->shared->killed[worker->id] &&
		    chance(soak, ++count) == 0)
			found = worker;
	return found;
}

static void
on_timer(uv_timer_t *timer)
{
	struct soak *soak = timer->data;
	struct cluster_worker *worker = any_alive(soak);

	if (soak->kills == soak->wanted) {
		soak->shared->over = true;
		return;
	}
	if (worker) {
		soak->shared->killed[worker->id] = true;
		cluster_worker_kill(worker, SIGKILL);
		soak->kills++;
	}
	uv_timer_start(timer, on_timer, 1 + chance(soak, 2 * KILL_MS), 0);
}

/* With nobody left to ask, the workers may go. */
static void
on_client_close(struct child *client)
{
	struct soak *soak = client->data;

	cluster_close(&soak->cluster);
	cluster_disconnect(&soak->cluster);
	uv_close((uv_handle_t *)&soak->timer, NULL);
}

static const struct child_events client_events = {.close = on_client_close};

static void
on_listening(struct cluster *cluster, struct cluster_worker *worker,
             const struct cluster_address *address)
{
	struct soak *soak = cluster->data;
	char port[16];
	const char *const args[] = {port, soak->fd, NULL};

	(void)worker;
	if (soak->has_client)
		return;
	soak->has_client = true;
	snprintf(port, sizeof(port), "%d", address->port);
	child_fork(&soak->client, &soak->loop, BIRTH_FORK, "@client", args,
	           NULL, &client_events);
	soak->client.data = soak;
	uv_timer_start(&soak->timer, on_timer, 4 * KILL_MS, 0);
}

static void
on_exited(struct cluster *cluster, struct cluster_worker *worker, int code,
          int signal)
{
	struct soak *soak = cluster->data;

	(void)worker;
	(void)code;
	soak->exits += signal == SIGKILL;
}

static const struct cluster_events events = {
    .listening = on_listening,
    .exit = on_exited,
};

static void
soak_open(struct soak *soak)
{
	const struct cluster_respawn_options again = {
	    .first_ms = 1,
	    .most_ms = 1,
	    .stop_after = SOAK_KILLS,
	};
	const struct cluster_settings settings = {
	    .exec = "@worker",
	    .args = (const char *const[]){soak->fd, NULL},
	};
	int memory = memfd_create("soak", MFD_CLOEXEC), error;
	/* 3 is the channel in a child. */
	int fd = fcntl(memory, F_DUPFD, 10);

	close(memory);
	memset(soak, 0, offsetof(struct soak, wanted));
	assert_int_equal(ftruncate(fd, sizeof(struct shared)), 0);
	soak->shared = map_shared(fd);
	snprintf(soak->fd, sizeof(soak->fd), "%d", fd);
	loop_open(&soak->loop, ROLE_MAIN, 0, "primary");
	uv_timer_init(&soak->loop.uv, &soak->timer);
	soak->timer.data = soak;
	cluster_init(&soak->cluster, &soak->loop, &events);
	soak->cluster.data = soak;
	cluster_setup(&soak->cluster, &settings);
	cluster_respawn_set(&soak->cluster, &again);
	for (int i = 0; i < WORKERS; i++)
		assert_non_null(cluster_fork(&soak->cluster, NULL, &error));
}

static long
left_taking(const struct shared *shared)
{
	long count = 0;

	for (int id = 0; id < IDS; id++)
		if (shared->killed[id])
			count += shared->taking[id];
	return count;
}

static void
killed_workers_lose_only_what_they_had(void **state)
{
	static struct soak soak = {.seed = 1};
	struct shared *shared;

	(void)state;
	alarm(LIMIT_S);
	soak.wanted = getenv("SOAK") ? SOAK_KILLS : KILLS;
	soak_open(&soak);
	shared = soak.shared;
	loop_run(&soak.loop);
	printf("soak: %d kills, %llu respawns, %ld requests on %ld "
	       "connections, %ld lost with their worker (%ld as it took "
	       "them), %ld lost otherwise, "
	       "%ld refused, %ld not connected, %ld without an answer\n",
	       soak.kills, (unsigned long long)soak.cluster.respawn.count,
	       shared->requests, shared->connections,
	       shared->lost - shared->wrong, shared->lost_to_nobody,
	       shared->wrong, shared->refused, shared->failed, shared->hung);
	assert_int_equal(soak.kills, soak.wanted);
	assert_int_equal(soak.exits, soak.wanted);
	assert_true(shared->requests > 0);
	assert_int_equal(shared->refused, 0);
	assert_int_equal(shared->failed, 0);
	assert_int_equal(shared->hung, 0);
	assert_int_equal(shared->wrong, 0);
	assert_true(shared->lost_to_nobody <= left_taking(shared));
	close(atoi(soak.fd));
	munmap(shared, sizeof(*shared));
	loop_close(&soak.loop);
	alarm(0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(killed_workers_lose_only_what_they_had),
	};

	signal(SIGPIPE, SIG_IGN);
	if (argc > 3 && strcmp(argv[1], "@client") == 0)
		return be_client(atoi(argv[2]), atoi(argv[3]));
	if (argc > 2 && strcmp(argv[1], "@worker") == 0)
		return be_worker(atoi(argv[2]));
	if (argc > 1 || getenv("NODE_CHANNEL_FD"))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
