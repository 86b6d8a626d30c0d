/*
 * A cluster of two that says hello: Node's, ours, and nginx with two workers as
 * the limit. wrk asks, with 32 connections, on the same two cores: what counts
 * are the ratios of one run.
 */
#include "bench.h"

#include "core/emit.h"
#include "load/http.h"
#include "runtime/cluster.h"
#include "runtime/cluster_scope.h"

#include <arpa/inet.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 2, TRIES = 500 };

static const char wrk_keep[] = "wrk -t1 -c32 -d2s http://127.0.0.1:%d/";
static const char wrk_close[] =
    "wrk -t1 -c32 -d2s -H 'Connection: close' http://127.0.0.1:%d/";

static double
rate_in(const char *report)
{
	const char *line = report ? strstr(report, "Requests/sec:") : NULL;

	return line ? atof(line + 13) : NAN;
}

/* ---- a worker ---- */

struct inside {
	struct loop loop;
	struct channel channel;
	struct cluster_scope scope;
	struct cluster_listener listener;
	struct http_server http;
};

static void
on_message(struct channel *channel, json_t *message, bool has_handle)
{
	struct inside *inside = channel->data;

	cluster_scope_message(&inside->scope, message, has_handle);
}

static void
on_disconnect(struct channel *channel)
{
	(void)channel;
	_exit(0);
}

static void
on_connection(struct cluster_listener *listener, uv_stream_t *stream)
{
	struct inside *inside = listener->scope->data;

	http_serve(&inside->http, (uv_tcp_t *)stream);
}

static int
say_hello(struct http_server *server, const char *path, char *body, size_t room)
{
	(void)server;
	(void)path;
	snprintf(body, room, "hello\n");
	return 200;
}

static int
worker_main(void)
{
	static const struct channel_events channel_events = {
	    .message = on_message,
	    .disconnect = on_disconnect,
	};
	static const struct cluster_scope_events events = {
	    .connection = on_connection,
	};
	static const struct cluster_address address = {
	    .type = CLUSTER_TCP4,
	    .address = "127.0.0.1",
	};
	static struct inside inside;
	const char *path = getenv(EMIT_ENVIRONMENT);

	signal(SIGPIPE, SIG_IGN);
	if (path)
		(void)emit_open(path, bench_now);
	loop_open(&inside.loop, ROLE_MAIN, 0, "worker");
	inside.http.loop = &inside.loop;
	inside.http.answer = say_hello;
	if (channel_open_inherited(&inside.channel, &inside.loop,
	                           &channel_events))
		return 1;
	inside.channel.data = &inside;
	if (cluster_scope_open(&inside.scope, &inside.loop, &inside.channel,
	                       &events))
		return 1;
	inside.scope.data = &inside;
	cluster_scope_listen(&inside.scope, &inside.listener, &address, 0);
	loop_run(&inside.loop);
	return 0;
}

/* ---- the primary ---- */

struct subject {
	struct loop loop;
	struct cluster cluster;
	struct child wrk;
	const char *command;
	int listening;
	double rate;
};

static void
on_wrk_closed(struct child *child)
{
	struct subject *subject = child->data;

	subject->rate = rate_in(child->buffers[0].bytes);
	for (struct cluster_worker *worker = subject->cluster.workers; worker;
	     worker = worker->next)
		cluster_worker_kill(worker, SIGKILL);
	uv_stop(&subject->loop.uv);
}

static void
on_listening(struct cluster *cluster, struct cluster_worker *worker,
             const struct cluster_address *address)
{
	static const struct child_events events = {.close = on_wrk_closed};
	struct subject *subject = cluster->data;
	char command[160];

	(void)worker;
	if (++subject->listening < WORKERS)
		return;
	snprintf(command, sizeof(command), subject->command, address->port);
	child_exec(&subject->wrk, &subject->loop, command, 0, &events);
	subject->wrk.data = subject;
}

static double
serve(enum cluster_policy policy, const char *command)
{
	static const struct cluster_events events = {
	    .listening = on_listening,
	};
	static struct subject subject;
	const struct cluster_settings settings = {.exec = "@worker"};
	int error;

	signal(SIGPIPE, SIG_IGN);
	subject.command = command;
	subject.rate = NAN;
	loop_open(&subject.loop, ROLE_MAIN, 0, "primary");
	cluster_init(&subject.cluster, &subject.loop, &events);
	subject.cluster.policy = policy;
	subject.cluster.data = &subject;
	cluster_setup(&subject.cluster, &settings);
	for (int i = 0; i < WORKERS; i++)
		cluster_fork(&subject.cluster, NULL, &error);
	uv_run(&subject.loop.uv, UV_RUN_DEFAULT);
	emit_flush();
	return subject.rate;
}

static double
keep_alive(void)
{
	return serve(CLUSTER_ROUND_ROBIN, wrk_keep);
}

static double
one_each(void)
{
	return serve(CLUSTER_ROUND_ROBIN, wrk_close);
}

static double
one_each_shared(void)
{
	return serve(CLUSTER_SHARED, wrk_close);
}

/* ---- nginx ---- */

static const char nginx_conf[] =
    "daemon off; master_process on; worker_processes 2;\n"
    "pid %s/pid; error_log /dev/null;\n"
    "events { worker_connections 256; }\n"
    "http { access_log off; keepalive_requests 1000000000;\n"
    "client_body_temp_path %s; proxy_temp_path %s; fastcgi_temp_path %s;\n"
    "uwsgi_temp_path %s; scgi_temp_path %s;\n"
    "server { listen 127.0.0.1:%d;\n"
    "location / { default_type text/plain; return 200 \"hello\\n\"; } } }\n";

static int
free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    getsockname(fd, (struct sockaddr *)&address, &size))
		exit(1);
	close(fd);
	return ntohs(address.sin_port);
}

/* nginx says nothing when it is ready. */
static bool
is_up(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET};

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons((uint16_t)port);
	for (int i = 0; i < TRIES; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		int failed =
		    connect(fd, (struct sockaddr *)&address, sizeof(address));

		close(fd);
		if (!failed)
			return true;
		usleep(10000);
	}
	return false;
}

static double
ask_wrk(const char *form, int port)
{
	static char report[8192];
	char command[160];
	FILE *wrk;
	size_t size;

	snprintf(command, sizeof(command), form, port);
	wrk = popen(command, "r");
	if (!wrk)
		return NAN;
	size = fread(report, 1, sizeof(report) - 1, wrk);
	report[size] = '\0';
	pclose(wrk);
	return rate_in(report);
}

static void
write_conf(const char *directory, const char *path, int port)
{
	FILE *file = fopen(path, "we");

	if (!file)
		exit(1);
	fprintf(file, nginx_conf, directory, directory, directory, directory,
	        directory, directory, port);
	fclose(file);
}

static double
nginx(const char *form)
{
	char directory[] = "/tmp/looptop-nginx-XXXXXX", path[64], command[96];
	int port = free_port();
	double rate = NAN;
	pid_t pid;

	if (!mkdtemp(directory))
		return NAN;
	snprintf(path, sizeof(path), "%s/conf", directory);
	write_conf(directory, path, port);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		execlp("nginx", "nginx", "-p", directory, "-c", path, "-e",
		       "/dev/null", NULL);
		_exit(127);
	}
	if (is_up(port))
		rate = ask_wrk(form, port);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	snprintf(command, sizeof(command), "rm -r %s", directory);
	(void)!system(command);
	return rate;
}

static double
nginx_keep_alive(void)
{
	return nginx(wrk_keep);
}

static double
nginx_one_each(void)
{
	return nginx(wrk_close);
}

/* ---- the rows ---- */

BENCH_BOTH(keep_alive)
BENCH_BOTH(one_each)
BENCH_BOTH(one_each_shared)

static const struct bench_row rows[] = {
    {
	.what = "cluster of 2, keep-alive",
	.unit = "/s",
	.more_is_better = true,
	.node = "cluster_keep",
	.ours = keep_alive_traced,
	.untraced = keep_alive_untraced,
	.raw = nginx_keep_alive,
	.kind = BENCH_VS_RAW,
	.goal = 1,
    },
    {
	.what = "cluster of 2, a connection a request",
	.unit = "/s",
	.more_is_better = true,
	.node = "cluster_each",
	.ours = one_each_traced,
	.untraced = one_each_untraced,
	.raw = nginx_one_each,
	.kind = BENCH_VS_NODE,
	.goal = 2.2,
	.also_kind = BENCH_VS_RAW,
	.also = 1 / 0.95,
    },
    {
	.what = "the same, the socket shared",
	.unit = "/s",
	.more_is_better = true,
	.node = "cluster_shared",
	.ours = one_each_shared_traced,
	.untraced = one_each_shared_untraced,
	.raw = nginx_one_each,
	.kind = BENCH_SHOWN,
    },
};

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "@worker") == 0)
		return worker_main();
	printf("cluster: medians of %d interleaved rounds; raw is nginx\n",
	       BENCH_ROUNDS);
	bench_rows(rows, sizeof(rows) / sizeof(*rows));
	return 0;
}
