/*
 * What the benches of the channel share: a channel with a child at its other
 * end, a bare socketpair, and a real Node that does the same.
 */
#ifndef TESTS_BENCH_IPC_H
#define TESTS_BENCH_IPC_H

#include "bench.h"

#include "core/emit.h"
#include "core/fifo.h"
#include "runtime/channel.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 5 };

static inline json_t *
text_message(size_t size)
{
	char *text = malloc(size);
	json_t *message;

	memset(text, 'a', size);
	message = json_stringn(text, size);
	free(text);
	return message;
}

/* ---- a channel of ours, with a child at its other end ---- */

struct party {
	struct loop loop;
	struct channel channel;
	int count, of; /* messages that came; how many to wait for */
	int to_send;
	bool corked, echoes;
	json_t *message;
	uint64_t *times, since;
};

static inline void
send_more(struct party *party)
{
	if (party->corked)
		channel_cork(&party->channel);
	while (party->to_send > 0 &&
	       channel_send(&party->channel, party->message) == 0)
		party->to_send--;
}

static inline void
on_message(struct channel *channel, json_t *message, bool has_handle)
{
	struct party *party = channel->data;

	(void)has_handle;
	party->count++;
	if (party->echoes) {
		channel_send(channel, message);
		return;
	}
	if (party->times) {
		uint64_t now = uv_hrtime();

		party->times[party->count - 1] = now - party->since;
		party->since = now;
		if (party->count < party->of)
			channel_send(channel, party->message);
	}
	if (party->count == party->of)
		channel_disconnect(channel);
}

static inline void
on_drain(struct channel *channel)
{
	send_more(channel->data);
}

static const struct channel_events events = {
    .message = on_message,
    .drain = on_drain,
};

static inline void
open_party(struct party *party, int fd, bool is_parent)
{
	loop_open(&party->loop, ROLE_MAIN, 0, "bench");
	channel_open(&party->channel, &party->loop, fd, &events);
	party->channel.data = party;
	channel_name(&party->channel, 1, 2, is_parent);
}

static inline void
run_party(struct party *party)
{
	loop_run(&party->loop);
	loop_close(&party->loop);
}

/* The other end, in a process of its own: echoes, or counts to `of` and says
 * so by closing. */
static inline pid_t
fork_party(int fds[2], int of, bool echoes, enum wire_mode mode,
           const char *fifo)
{
	static struct party party;
	pid_t pid = fork();

	if (pid)
		return pid;
	close(fds[0]);
	signal(SIGPIPE, SIG_IGN);
	if (fifo)
		emit_open(fifo, uv_hrtime);
	party.of = of;
	party.echoes = echoes;
	open_party(&party, fds[1], false);
	party.channel.in.mode = mode;
	run_party(&party);
	emit_close();
	_exit(0);
}

/* How messages are sent. */
struct way {
	bool corked;
	enum wire_mode mode;
	const char *fifo; /* of the event stream, or NULL */
};

/* Messages a second until the last of them has come. Takes the message. */
static inline double
one_way(json_t *message, int count, struct way way)
{
	static struct party party;
	uint64_t begin;
	int fds[2];
	pid_t pid;

	memset(&party, 0, sizeof(party));
	socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds);
	pid = fork_party(fds, count, false, way.mode, way.fifo);
	close(fds[1]);
	if (way.fifo)
		emit_open(way.fifo, uv_hrtime);
	open_party(&party, fds[0], true);
	party.channel.in.mode = way.mode;
	party.message = message;
	party.to_send = count;
	party.corked = way.corked;
	begin = uv_hrtime();
	send_more(&party);
	run_party(&party);
	waitpid(pid, NULL, 0);
	emit_close();
	json_decref(message);
	return (double)count * 1e9 / (double)(uv_hrtime() - begin);
}

/* The same bytes through a socketpair, in writes of 64 KiB. */
static inline double
raw_one_way(int count, size_t size)
{
	static char bytes[65536];
	uint64_t begin = uv_hrtime();
	size_t left = (size_t)count * size;
	int fds[2];
	pid_t pid;

	socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds);
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		while (read(fds[1], bytes, sizeof(bytes)) > 0)
			;
		_exit(0);
	}
	close(fds[1]);
	while (left) {
		size_t part = left < sizeof(bytes) ? left : sizeof(bytes);
		ssize_t written = write(fds[0], bytes, part);

		left -= written > 0 ? (size_t)written : 0;
	}
	close(fds[0]);
	waitpid(pid, NULL, 0);
	return (double)count * 1e9 / (double)(uv_hrtime() - begin);
}

/* ---- a real Node ---- */

/* way COUNT SIZE MODE [object]; trip. A parent and its child by fork(). */
static const char node_js[] =
    "const {fork} = require('child_process');"
    "if (process.argv[2] === 'sink') {"
    "  let n = 0; process.on('message', () => {"
    "    if (++n === +process.argv[3]) process.disconnect(); });"
    "} else if (process.argv[2] === 'echo') {"
    "  process.on('message', (m) => process.send(m));"
    "} else if (process.argv[2] === 'trip') {"
    "  const c = fork(__filename, ['echo']), t = []; let s;"
    "  c.once('message', () => { s = process.hrtime.bigint();"
    "    c.on('message', () => { const now = process.hrtime.bigint();"
    "      t.push(Number(now - s)); s = now;"
    "      if (t.length < 20000) c.send({n: 1});"
    "      else { t.sort((a, b) => a - b); console.log(t[10000] / 1000);"
    "        c.disconnect(); } }); c.send({n: 1}); }); c.send({n: 1});"
    "} else {"
    "  const count = +process.argv[3], size = +process.argv[4];"
    "  const what = process.argv[6] ?"
    "    {n: 123456, text: 'a'.repeat(size - 25)} : 'a'.repeat(size - 3);"
    "  const c = fork(__filename, ['sink', count + 1],"
    "    {serialization: process.argv[5]});"
    "  let sent = 0, s; const part = Math.min(count, 1000);"
    "  const more = () => { if (sent === count) return;"
    "    for (let i = 1; i < part; i++) c.send(what);"
    "    sent += part; c.send(what, more); };"
    "  c.send(what, () => { setTimeout(() => {"
    "    s = process.hrtime.bigint(); more(); }, 200); });"
    "  c.on('disconnect', () => console.log(count * 1e9 /"
    "    Number(process.hrtime.bigint() - s)));"
    "}";

struct bench {
	char directory[64], fifo[80], script[80];
	pid_t reader;
	int fd; /* of the FIFO */
};

static inline double
ask_node(const struct bench *bench, const char *words)
{
	char command[256];
	double answer = 0;
	FILE *node;

	snprintf(command, sizeof(command), "node %s %s 2>/dev/null",
	         bench->script, words);
	node = popen(command, "r");
	if (node && fscanf(node, "%lf", &answer) != 1)
		answer = 0;
	if (node)
		pclose(node);
	return answer;
}

/* ---- the whole ---- */

static inline int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static inline double
median(double samples[ROUNDS])
{
	qsort(samples, ROUNDS, sizeof(*samples), by_size);
	return samples[ROUNDS / 2];
}

static inline void
bench_begin(struct bench *bench)
{
	FILE *file;

	signal(SIGPIPE, SIG_IGN);
	strcpy(bench->directory, "/tmp/looptop-bench-XXXXXX");
	if (!mkdtemp(bench->directory))
		abort();
	snprintf(bench->fifo, sizeof(bench->fifo), "%s/fifo", bench->directory);
	snprintf(bench->script, sizeof(bench->script), "%s/bench.js",
	         bench->directory);
	file = fopen(bench->script, "we");
	if (!file || mkfifo(bench->fifo, 0600))
		abort();
	fputs(node_js, file);
	fclose(file);
	bench->fd = open(bench->fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	(void)fcntl(bench->fd, F_SETPIPE_SZ, 1 << 20);
	bench->reader = bench_reader(bench->fd);
}

static inline void
bench_end(const struct bench *bench)
{
	kill(bench->reader, SIGKILL);
	waitpid(bench->reader, NULL, 0);
	unlink(bench->fifo);
	unlink(bench->script);
	rmdir(bench->directory);
}

#endif
