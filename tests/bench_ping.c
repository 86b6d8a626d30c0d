/*
 * What blocking costs those who ask: a server answers /ping, asked 100 times a
 * second whatever it does, while work of 200 ms follows on work of 200 ms; once
 * on the loop that has to answer, once in a worker thread.
 */
#include "bench.h"

#include "core/emit.h"
#include "load/http.h"
#include "runtime/socket.h"
#include "runtime/worker.h"
#include "runtime/worker_scope.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PINGS = 200, EACH_NS = 10000000, WORK_NS = 200000000 };

/* ---- who asks ---- */

static const char ping[] = "GET /ping HTTP/1.1\r\nHost: x\r\n\r\n";

static int
connect_to(int port)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
		exit(1);
	return fd;
}

/* Heads in the bytes; one may begin in the last read. */
static int
count_answers(char *bytes, size_t *held, ssize_t got)
{
	char *at = bytes, *head;
	int count = 0;

	*held += got > 0 ? (size_t)got : 0;
	bytes[*held] = '\0';
	while ((head = strstr(at, "HTTP/1.1 200")) != NULL) {
		at = head + 12;
		count++;
	}
	*held -= (size_t)(at - bytes);
	if (*held > 11) {
		at += *held - 11;
		*held = 11;
	}
	memmove(bytes, at, *held);
	return count;
}

/* Milliseconds from when each was due to its answer, the median; on one
 * connection, in a pipeline, which stays open: its end shall wake the server
 * when the answer is there. */
static double
ask(int port)
{
	static struct bench_samples samples;
	static char bytes[65536];
	int fd = connect_to(port), sent = 0, answered = 0;
	uint64_t begin = bench_now();
	size_t held = 0;

	samples.count = 0;
	while (answered < PINGS) {
		uint64_t now = bench_now(), due;
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		int count;

		while (sent < PINGS &&
		       now >= begin + (uint64_t)sent * EACH_NS) {
			if (write(fd, ping, sizeof(ping) - 1) < 0)
				return NAN;
			sent++;
		}
		due = begin + (uint64_t)sent * EACH_NS;
		if (poll(&ready, 1,
		         sent < PINGS && due > now
		             ? (int)((due - now) / 1000000) + 1
		             : -1) <= 0)
			continue;
		count = count_answers(
		    bytes, &held,
		    read(fd, bytes + held, sizeof(bytes) - held - 1));
		now = bench_now();
		for (; count > 0 && answered < PINGS; count--, answered++)
			bench_add(&samples,
			          (double)(now - begin -
			                   (uint64_t)answered * EACH_NS) /
			              1e6);
	}
	return bench_quantile(&samples, 0.5);
}

/* In a process of its own, while `serve` is the server of this one. */
static double
asked(int port, int (*serve)(void *), void *data)
{
	double value = NAN;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return NAN;
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		value = ask(port);
		(void)!write(ends[1], &value, sizeof(value));
		_exit(0);
	}
	close(ends[1]);
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	while (serve(data) &&
	       read(ends[0], &value, sizeof(value)) != sizeof(value))
		;
	close(ends[0]);
	waitpid(pid, NULL, 0);
	return value;
}

/* ---- who answers ---- */

static void
work(void)
{
	uint64_t end = bench_now() + WORK_NS;

	while (bench_now() < end)
		;
}

struct subject {
	struct loop loop;
	struct http_server http;
	struct worker worker;
	uv_tcp_t listener;
};

static int
say_pong(struct http_server *server, const char *path, char *body, size_t room)
{
	(void)server;
	(void)path;
	snprintf(body, room, "pong\n");
	return 200;
}

static void
on_connection(uv_stream_t *listener, int status)
{
	struct subject *subject = listener->data;
	uv_tcp_t *tcp = malloc(sizeof(*tcp));

	(void)status;
	uv_tcp_init(&subject->loop.uv, tcp);
	if (uv_accept(listener, (uv_stream_t *)tcp) == 0)
		http_serve(&subject->http, tcp);
}

static int
listen_on(struct subject *subject)
{
	struct sockaddr_in address;

	signal(SIGPIPE, SIG_IGN);
	loop_open(&subject->loop, ROLE_MAIN, 0, "server");
	subject->http.loop = &subject->loop;
	subject->http.answer = say_pong;
	uv_ip4_addr("127.0.0.1", 0, &address);
	uv_tcp_init(&subject->loop.uv, &subject->listener);
	subject->listener.data = subject;
	uv_tcp_bind(&subject->listener, (struct sockaddr *)&address, 0);
	uv_listen((uv_stream_t *)&subject->listener, 16, on_connection);
	return socket_port(&subject->listener);
}

/* One turn of the loop and one piece of work, as setImmediate() would. */
static int
block(void *data)
{
	struct subject *subject = data;

	work();
	uv_run(&subject->loop.uv, UV_RUN_NOWAIT);
	return 1;
}

static double
on_the_loop(void)
{
	static struct subject subject;
	int port = listen_on(&subject);

	return asked(port, block, &subject);
}

static void
work_always(struct worker_scope *scope)
{
	while (!worker_scope_should_stop(scope))
		work();
}

static int
turn(void *data)
{
	struct subject *subject = data;

	uv_run(&subject->loop.uv, UV_RUN_ONCE);
	return 1;
}

static double
in_a_worker(void)
{
	static const struct worker_script script = {.start = work_always};
	static const struct worker_events events = {.exit = NULL};
	static struct subject subject;
	int port = listen_on(&subject);

	worker_start(&subject.worker, &subject.loop, &script, NULL, &events);
	return asked(port, turn, &subject);
}

/* ---- the rows ---- */

BENCH_BOTH(on_the_loop)
BENCH_BOTH(in_a_worker)

static double
times_better(void)
{
	return on_the_loop_traced() / in_a_worker_traced();
}

static const struct bench_row rows[] = {
    {
	.what = "/ping p50, work on the loop",
	.unit = "ms",
	.node = "ping_block",
	.ours = on_the_loop_traced,
	.untraced = on_the_loop_untraced,
	.kind = BENCH_SHOWN,
    },
    {
	.what = "/ping p50, in a worker thread",
	.unit = "ms",
	.node = "ping_offload",
	.ours = in_a_worker_traced,
	.untraced = in_a_worker_untraced,
	.kind = BENCH_SHOWN,
    },
    {
	.what = "the first by the second",
	.unit = "x",
	.ours = times_better,
	.kind = BENCH_AT_LEAST,
	.goal = 1000,
    },
};

int
main(void)
{
	printf("ping: medians of %d interleaved rounds; work of 200 ms after "
	       "work of 200 ms\n",
	       BENCH_ROUNDS);
	bench_rows(rows, sizeof(rows) / sizeof(*rows));
	return 0;
}
