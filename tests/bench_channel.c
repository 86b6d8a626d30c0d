/*
 * Messages between two processes: ours, a real Node's, and what the socketpair
 * below gives, in interleaved rounds of one run; medians.
 *
 *   one way     64-byte messages, until the last is there
 *   round trip  one message there and back, the median of many
 *
 * "traced" has the event stream open, into a FIFO that somebody reads.
 */
#include "core/emit.h"
#include "core/fifo.h"
#include "runtime/channel.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 5, TRIPS = 20000 };

enum form { FORM_TEXT, FORM_OBJECT };

static json_t *
message_of(enum form what)
{
	static const char text[] = "abcdefghijklmnopqrstuvwxyz0123456789"
				   "abcdefghijklmnopqrstuvwxyz0123456789";

	if (what == FORM_TEXT)
		return json_stringn(text, 61);
	return json_pack("{s:i,s:s#}", "n", 123456, "text", text, 39);
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

static void
send_more(struct party *party)
{
	if (party->corked)
		channel_cork(&party->channel);
	while (party->to_send > 0 &&
	       channel_send(&party->channel, party->message) == 0)
		party->to_send--;
}

static void
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

static void
on_drain(struct channel *channel)
{
	send_more(channel->data);
}

static const struct channel_events events = {
    .message = on_message,
    .drain = on_drain,
};

static void
open_party(struct party *party, int fd, bool is_parent)
{
	loop_open(&party->loop, ROLE_MAIN, 0, "bench");
	channel_open(&party->channel, &party->loop, fd, &events);
	party->channel.data = party;
	channel_name(&party->channel, 1, 2, is_parent);
}

static void
run_party(struct party *party)
{
	loop_run(&party->loop);
	loop_close(&party->loop);
}

/* The other end, in a process of its own: echoes, or counts to `of` and says
 * so by closing. */
static pid_t
fork_party(int fds[2], int of, bool echoes, const char *fifo)
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
	run_party(&party);
	emit_close();
	_exit(0);
}

/* Somebody reads what is traced, as the explorer does. */
static pid_t
fork_reader(const char *path)
{
	static char bytes[65536];
	pid_t pid = fork();
	int fd;

	if (pid)
		return pid;
	fd = open(path, O_RDWR);
	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
	_exit(0);
}

static double
one_way(enum form what, int count, bool corked, const char *fifo)
{
	static struct party party;
	uint64_t begin;
	int fds[2];
	pid_t pid;

	memset(&party, 0, sizeof(party));
	socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds);
	pid = fork_party(fds, count, false, fifo);
	close(fds[1]);
	if (fifo)
		emit_open(fifo, uv_hrtime);
	open_party(&party, fds[0], true);
	party.message = message_of(what);
	party.to_send = count;
	party.corked = corked;
	begin = uv_hrtime();
	send_more(&party);
	run_party(&party);
	waitpid(pid, NULL, 0);
	emit_close();
	json_decref(party.message);
	return (double)count * 1e9 / (double)(uv_hrtime() - begin);
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int
by_time(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static double
round_trip(const char *fifo)
{
	static uint64_t times[TRIPS];
	static struct party party;
	int fds[2];
	pid_t pid;

	memset(&party, 0, sizeof(party));
	socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds);
	pid = fork_party(fds, 0, true, fifo);
	close(fds[1]);
	if (fifo)
		emit_open(fifo, uv_hrtime);
	open_party(&party, fds[0], true);
	party.message = json_pack("{s:i}", "n", 1);
	party.of = TRIPS;
	party.times = times;
	party.since = uv_hrtime();
	channel_send(&party.channel, party.message);
	run_party(&party);
	waitpid(pid, NULL, 0);
	emit_close();
	json_decref(party.message);
	qsort(times, TRIPS, sizeof(*times), by_time);
	return (double)times[TRIPS / 2] / 1000;
}

/* ---- the socketpair alone ---- */

static double
raw_one_way(int count)
{
	static char bytes[65536];
	uint64_t begin = uv_hrtime();
	size_t left = (size_t)count * 64;
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

static double
raw_round_trip(void)
{
	static uint64_t times[TRIPS];
	char byte[8] = "{\"n\":1}";
	int fds[2];
	pid_t pid;

	socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds);
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		while (read(fds[1], byte, sizeof(byte)) > 0 &&
		       write(fds[1], byte, sizeof(byte)) > 0)
			;
		_exit(0);
	}
	close(fds[1]);
	for (int i = 0; i < TRIPS; i++) {
		uint64_t begin = uv_hrtime();

		if (write(fds[0], byte, sizeof(byte)) < 0 ||
		    read(fds[0], byte, sizeof(byte)) < 0)
			break;
		times[i] = uv_hrtime() - begin;
	}
	close(fds[0]);
	waitpid(pid, NULL, 0);
	qsort(times, TRIPS, sizeof(*times), by_time);
	return (double)times[TRIPS / 2] / 1000;
}

/* ---- a real Node ---- */

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
    "  const count = +process.argv[3];"
    "  const what = process.argv[4] === '0' ? 'a'.repeat(61)"
    "    : {n: 123456, text: 'a'.repeat(39)};"
    "  const c = fork(__filename, ['sink', count + 1]); let sent = 0, s;"
    "  const more = () => { if (sent === count) return;"
    "    for (let i = 1; i < 1000; i++) c.send(what);"
    "    sent += 1000; c.send(what, more); };"
    "  c.send(what, () => { setTimeout(() => {"
    "    s = process.hrtime.bigint(); more(); }, 200); });"
    "  c.on('disconnect', () => console.log(count * 1e9 /"
    "    Number(process.hrtime.bigint() - s)));"
    "}";

static double
ask_node(const char *script, const char *words)
{
	char command[256];
	double answer = 0;
	FILE *node;

	snprintf(command, sizeof(command), "node %s %s 2>/dev/null", script,
	         words);
	node = popen(command, "r");
	if (node && fscanf(node, "%lf", &answer) != 1)
		answer = 0;
	if (node)
		pclose(node);
	return answer;
}

/* ---- the table ---- */

enum {
	NODE_TEXT,
	NODE_OBJECT,
	SINGLE,
	CORKED_TEXT,
	CORKED_OBJECT,
	TRACED_TEXT,
	TRACED_OBJECT,
	RAW,
	NODE_TRIP,
	TRIP,
	TRACED_TRIP,
	RAW_TRIP,
	ROWS
};

static const char *const names[ROWS] = {
    [NODE_TEXT] = "one way, text: Node",
    [NODE_OBJECT] = "one way, object: Node",
    [SINGLE] = "one way, text: looptop, a write each",
    [CORKED_TEXT] = "one way, text: looptop, corked",
    [CORKED_OBJECT] = "one way, object: looptop, corked",
    [TRACED_TEXT] = "one way, text: the same, traced",
    [TRACED_OBJECT] = "one way, object: the same, traced",
    [RAW] = "one way: socketpair, 64 KiB a write",
    [NODE_TRIP] = "round trip: Node",
    [TRIP] = "round trip: looptop",
    [TRACED_TRIP] = "round trip: the same, traced",
    [RAW_TRIP] = "round trip: socketpair",
};

static double samples[ROWS][ROUNDS];

static void
play_round(int round, const char *script, const char *fifo)
{
	samples[NODE_TEXT][round] = ask_node(script, "way 100000 0");
	samples[NODE_OBJECT][round] = ask_node(script, "way 100000 1");
	samples[SINGLE][round] = one_way(FORM_TEXT, 300000, false, NULL);
	samples[CORKED_TEXT][round] = one_way(FORM_TEXT, 2000000, true, NULL);
	samples[CORKED_OBJECT][round] =
	    one_way(FORM_OBJECT, 1000000, true, NULL);
	samples[TRACED_TEXT][round] = one_way(FORM_TEXT, 1000000, true, fifo);
	samples[TRACED_OBJECT][round] =
	    one_way(FORM_OBJECT, 1000000, true, fifo);
	samples[RAW][round] = raw_one_way(5000000);
	samples[NODE_TRIP][round] = ask_node(script, "trip");
	samples[TRIP][round] = round_trip(NULL);
	samples[TRACED_TRIP][round] = round_trip(fifo);
	samples[RAW_TRIP][round] = raw_round_trip();
}

static void
print_row(int row, int node, int raw)
{
	double value = samples[row][ROUNDS / 2];
	double of_node = samples[node][ROUNDS / 2];
	double of_raw = samples[raw][ROUNDS / 2];
	bool is_trip = row >= NODE_TRIP;

	printf("  %-38s %9.2f %s  %6.2fx Node  %5.2f of raw\n", names[row],
	       is_trip ? value : value / 1e6, is_trip ? "us " : "M/s",
	       of_node == 0 ? 0
	       : is_trip    ? of_node / value
	                    : value / of_node,
	       value / of_raw);
}

int
main(void)
{
	char directory[] = "/tmp/looptop-bench-XXXXXX", fifo[64], script[64];
	FILE *file;
	pid_t reader;

	signal(SIGPIPE, SIG_IGN);
	if (!mkdtemp(directory))
		return 1;
	snprintf(fifo, sizeof(fifo), "%s/fifo", directory);
	snprintf(script, sizeof(script), "%s/bench.js", directory);
	file = fopen(script, "we");
	if (!file || mkfifo(fifo, 0600))
		return 1;
	fputs(node_js, file);
	fclose(file);
	reader = fork_reader(fifo);
	close(open(fifo, O_WRONLY));
	for (int round = 0; round < ROUNDS; round++)
		play_round(round, script, fifo);
	kill(reader, SIGKILL);
	waitpid(reader, NULL, 0);
	printf("channel: 64-byte messages, medians of %d rounds\n", ROUNDS);
	for (int row = 0; row < ROWS; row++)
		qsort(samples[row], ROUNDS, sizeof(double), by_size);
	for (int row = 0; row < ROWS; row++)
		print_row(row,
		          row >= NODE_TRIP ? NODE_TRIP
		          : row == NODE_OBJECT || row == CORKED_OBJECT ||
		                  row == TRACED_OBJECT
		              ? NODE_OBJECT
		              : NODE_TEXT,
		          row >= NODE_TRIP ? RAW_TRIP : RAW);
	unlink(fifo);
	unlink(script);
	rmdir(directory);
	return 0;
}
