/*
 * Messages between two processes: ours, a real Node's, and what the socketpair
 * below gives, in interleaved rounds of one run; medians.
 *
 *   one way     64-byte messages, a string or an object, until the last is
 * there round trip  one message there and back, the median of many
 *
 * "traced" has the event stream open, into a FIFO that somebody reads.
 */
#include "bench_ipc.h"

enum { TRIPS = 20000 };

static json_t *
object_message(void)
{
	return json_pack("{s:i,s:s}", "n", 123456, "text",
	                 "abcdefghijklmnopqrstuvwxyz0123456789abc");
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
	pid = fork_party(fds, 0, true, WIRE_JSON, fifo);
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

static const struct {
	const char *name;
	int node, raw; /* what it is held against */
} rows[ROWS] = {
    [NODE_TEXT] = {"one way, text: Node", NODE_TEXT, RAW},
    [NODE_OBJECT] = {"one way, object: Node", NODE_OBJECT, RAW},
    [SINGLE] = {"one way, text: looptop, a write each", NODE_TEXT, RAW},
    [CORKED_TEXT] = {"one way, text: looptop, corked", NODE_TEXT, RAW},
    [CORKED_OBJECT] = {"one way, object: looptop, corked", NODE_OBJECT, RAW},
    [TRACED_TEXT] = {"one way, text: corked and traced", NODE_TEXT, RAW},
    [TRACED_OBJECT] = {"one way, object: corked and traced", NODE_OBJECT, RAW},
    [RAW] = {"one way: socketpair, 64 KiB a write", NODE_TEXT, RAW},
    [NODE_TRIP] = {"round trip: Node", NODE_TRIP, RAW_TRIP},
    [TRIP] = {"round trip: looptop", NODE_TRIP, RAW_TRIP},
    [TRACED_TRIP] = {"round trip: looptop, traced", NODE_TRIP, RAW_TRIP},
    [RAW_TRIP] = {"round trip: socketpair", NODE_TRIP, RAW_TRIP},
};

static double samples[ROWS][ROUNDS];

static void
play_round(const struct bench *bench, int round)
{
	const struct way single = {0}, corked = {.corked = true};
	const struct way traced = {.corked = true, .fifo = bench->fifo};
	double values[ROWS] = {
	    [NODE_TEXT] = ask_node(bench, "way 200000 64 json"),
	    [NODE_OBJECT] = ask_node(bench, "way 200000 64 json object"),
	    [SINGLE] = one_way(text_message(61), 300000, single),
	    [CORKED_TEXT] = one_way(text_message(61), 2000000, corked),
	    [CORKED_OBJECT] = one_way(object_message(), 1000000, corked),
	    [TRACED_TEXT] = one_way(text_message(61), 1000000, traced),
	    [TRACED_OBJECT] = one_way(object_message(), 1000000, traced),
	    [RAW] = raw_one_way(5000000, 64),
	    [NODE_TRIP] = ask_node(bench, "trip"),
	    [TRIP] = round_trip(NULL),
	    [TRACED_TRIP] = round_trip(bench->fifo),
	    [RAW_TRIP] = raw_round_trip(),
	};

	for (int row = 0; row < ROWS; row++)
		samples[row][round] = values[row];
}

int
main(void)
{
	double medians[ROWS];
	struct bench bench;

	bench_begin(&bench);
	for (int round = 0; round < ROUNDS; round++)
		play_round(&bench, round);
	bench_end(&bench);
	printf("channel: 64-byte messages, medians of %d rounds\n", ROUNDS);
	for (int row = 0; row < ROWS; row++)
		medians[row] = median(samples[row]);
	for (int row = 0; row < ROWS; row++) {
		bool is_trip = row >= NODE_TRIP;
		double value = medians[row], node = medians[rows[row].node];

		if (node == 0)
			node = value;
		printf("  %-38s %9.2f %s %7.2fx Node %6.2f of raw\n",
		       rows[row].name, is_trip ? value : value / 1e6,
		       is_trip ? "us " : "M/s",
		       is_trip ? node / value : value / node,
		       value / medians[rows[row].raw]);
	}
	return 0;
}
