/*
 * Messages between two processes: ours, a real Node's, and what the socketpair
 * below gives.
 *
 *   one way     messages a second, until the last is there
 *   round trip  one message there and back, the median of many
 */
#include "bench_ipc.h"

#include <stdio.h>

enum { TRIPS = 20000, KIB = 1 << 10, MIB = 1 << 20 };

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

/* us */
static double
round_trip(void)
{
	static uint64_t times[TRIPS];
	static struct party party;
	int fds[2];
	pid_t pid;

	memset(&party, 0, sizeof(party));
	socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds);
	pid = fork_party(fds, 0, true, WIRE_JSON);
	close(fds[1]);
	open_party(&party, fds[0], true);
	party.message = json_pack("{s:i}", "n", 1);
	party.of = TRIPS;
	party.times = times;
	party.since = uv_hrtime();
	channel_send(&party.channel, party.message);
	run_party(&party);
	waitpid(pid, NULL, 0);
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

/* ---- what is measured ---- */

static double
single(void)
{
	return one_way(text_message(61), 300000, WIRE_JSON, false) / 1e3;
}

static double
text(void)
{
	return one_way(text_message(61), 2000000, WIRE_JSON, true) / 1e3;
}

static double
object(void)
{
	return one_way(object_message(), 1000000, WIRE_JSON, true) / 1e3;
}

static double
kib_json(void)
{
	return one_way(text_message(KIB - 3), 300000, WIRE_JSON, true) / 1e3;
}

static double
kib_advanced(void)
{
	return one_way(text_message(KIB - 3), 300000, WIRE_ADVANCED, true) /
	       1e3;
}

static double
mib_json(void)
{
	return one_way(text_message(MIB - 3), 1000, WIRE_JSON, true);
}

static double
mib_advanced(void)
{
	return one_way(text_message(MIB - 3), 1000, WIRE_ADVANCED, true);
}

static double
raw_small(void)
{
	return raw_one_way(5000000, 64) / 1e3;
}

static double
raw_kib(void)
{
	return raw_one_way(300000, KIB) / 1e3;
}

static double
raw_mib(void)
{
	return raw_one_way(1000, MIB);
}

/* ---- the rows ---- */

BENCH_BOTH(single)
BENCH_BOTH(text)
BENCH_BOTH(object)
BENCH_BOTH(round_trip)
BENCH_BOTH(kib_json)
BENCH_BOTH(kib_advanced)
BENCH_BOTH(mib_json)
BENCH_BOTH(mib_advanced)

#define ROW(what_, unit_, node_, measure, raw_, kind_, goal_) \
	{ \
		.what = what_, .unit = unit_, .more_is_better = true, \
		.node = node_, .ours = measure##_traced, \
		.untraced = measure##_untraced, .raw = raw_, .kind = kind_, \
		.goal = goal_, \
	}

static const struct bench_row rows[] = {
    {
	.what = "IPC round trip, small JSON, p50",
	.unit = "us",
	.node = "ipc_trip",
	.ours = round_trip_traced,
	.untraced = round_trip_untraced,
	.raw = raw_round_trip,
	.kind = BENCH_VS_RAW,
	.goal = 1.15,
    },
    ROW("IPC one way, 64 B, a write each", "k/s", "ipc_text", single, raw_small,
        BENCH_SHOWN, 0),
    ROW("IPC one way, 64 B, corked", "k/s", "ipc_text", text, raw_small,
        BENCH_VS_NODE, 20),
    ROW("the same, an object", "k/s", "ipc_object", object, raw_small,
        BENCH_SHOWN, 0),
    ROW("IPC one way, 1 KiB", "k/s", "ipc_kib_json", kib_json, raw_kib,
        BENCH_VS_NODE, 15),
    ROW("the same, both advanced", "k/s", "ipc_kib_advanced", kib_advanced,
        raw_kib, BENCH_SHOWN, 0),
    ROW("IPC one way, 1 MiB", "/s", "ipc_mib_json", mib_json, raw_mib,
        BENCH_VS_NODE, 20),
    ROW("the same, both advanced", "/s", "ipc_mib_advanced", mib_advanced,
        raw_mib, BENCH_SHOWN, 0),
};

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	printf(
	    "channel: medians of %d interleaved rounds; raw is a socketpair, "
	    "one way in writes of 64 KiB\n",
	    BENCH_ROUNDS);
	bench_rows(rows, sizeof(rows) / sizeof(*rows));
	return 0;
}
