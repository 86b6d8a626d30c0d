/*
 * How many records a second go through the FIFO, from how many writers, and
 * what the alternatives would do in the same minute on the same machine:
 *
 *   emit       records collected and written 4 KiB at a time (ours)
 *   a write    the same records, a write(2) each
 *   lines      the same facts as a line of JSON each, read with getline(3)
 *
 * Every record carries its writer's count, so a torn, lost or reordered one is
 * seen. Interleaved rounds; medians.
 */
#include "core/emit.h"
#include "core/fifo.h"
#include "core/model.h"
#include "core/stream.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WRITERS = 8, ROUNDS = 5, WAYS = 3 };
enum { RECORDS = 400000, RECORDS_SLOW = 100000 };

enum way { WAY_EMIT, WAY_WRITE, WAY_LINES };

struct seen {
	uint64_t next[WRITERS]; /* the number expected from each writer */
	uint64_t records, lost, disorder;
};

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* A writer waits for room, as a program that must not lose anything would; the
 * rate is then the reader's. */
static void
write_whole(int fd, const char *bytes, size_t size)
{
	struct pollfd room = {.fd = fd, .events = POLLOUT};

	while (write(fd, bytes, size) < 0)
		poll(&room, 1, 10);
}

static void
write_records(enum way way, const char *path, uint32_t writer, uint64_t count)
{
	int fd = open(path, O_WRONLY | O_NONBLOCK);
	char batch[4096], line[160];
	size_t used = 0;

	for (uint64_t i = 1; i <= count; i++) {
		struct event event = {
		    .magic = EVENT_MAGIC,
		    .kind = EVENT_MESSAGE_SEND,
		    .time = now_ns(),
		    .pid = writer,
		    .number = i,
		    .size = 64,
		};

		if (way == WAY_LINES) {
			int size = snprintf(
			    line, sizeof(line),
			    "{\"t\":%" PRIu64 ",\"kind\":\"message-send\","
			    "\"pid\":%u,\"number\":%" PRIu64 ",\"bytes\":64}\n",
			    event.time, writer, i);

			write_whole(fd, line, (size_t)size);
			continue;
		}
		memcpy(batch + used, &event, sizeof(event));
		used += sizeof(event);
		if (way == WAY_WRITE || used == sizeof(batch) || i == count) {
			write_whole(fd, batch, used);
			used = 0;
		}
	}
	_exit(0);
}

static bool
count_record(void *data, const struct event *event, const char *text)
{
	struct seen *seen = data;

	(void)text;
	if (event->kind == EVENT_LOST || event->pid >= WRITERS) {
		seen->lost += event->kind == EVENT_LOST ? event->number : 1;
		return true;
	}
	seen->disorder += event->number != ++seen->next[event->pid];
	seen->records++;
	return true;
}

static void
count_line(struct seen *seen, const char *line)
{
	const char *pid = strstr(line, "\"pid\":");
	const char *number = strstr(line, "\"number\":");
	uint32_t writer = pid ? (uint32_t)strtoul(pid + 6, NULL, 10) : 99;

	if (writer >= WRITERS || !number)
		seen->lost++;
	else
		seen->disorder +=
		    strtoull(number + 9, NULL, 10) != ++seen->next[writer];
	seen->records++;
}

static bool
read_lines(int fd, struct seen *seen, uint64_t wanted)
{
	static char buffer[1 << 18];
	static size_t held;
	ssize_t got = read(fd, buffer + held, sizeof(buffer) - held - 1);
	char *at = buffer, *end;

	if (got <= 0)
		return false;
	held += (size_t)got;
	buffer[held] = '\0';
	while ((end = memchr(at, '\n', held - (size_t)(at - buffer))) != NULL) {
		*end = '\0';
		count_line(seen, at);
		at = end + 1;
	}
	held -= (size_t)(at - buffer);
	memmove(buffer, at, held);
	return seen->records < wanted;
}

/* Records a second of one round; *bad counts what was torn or lost. */
static double
round_of(enum way way, uint64_t *bad)
{
	static struct stream stream;
	uint64_t each = way == WAY_EMIT ? RECORDS : RECORDS_SLOW;
	uint64_t wanted = each * WRITERS, begin;
	struct seen seen = {0};
	struct pollfd ready = {.events = POLLIN};
	struct fifo fifo;

	if (fifo_open(&fifo, "/tmp"))
		exit(1);
	ready.fd = fifo.fd;
	stream_init(&stream);
	stream_add(&stream, count_record, &seen);
	begin = now_ns();
	for (uint32_t writer = 0; writer < WRITERS; writer++)
		if (fork() == 0)
			write_records(way, fifo.path, writer, each);
	while (seen.records + seen.lost < wanted &&
	       poll(&ready, 1, 10000) == 1) {
		if (way == WAY_LINES)
			read_lines(fifo.fd, &seen, wanted);
		else
			stream_read(&stream, fifo.fd);
	}
	begin = now_ns() - begin;
	while (wait(NULL) > 0)
		;
	fifo_close(&fifo);
	*bad += seen.lost + seen.disorder + stream.damaged +
	        (wanted - seen.records);
	return (double)seen.records / ((double)begin / 1e9);
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double
clock_cost(void)
{
	uint64_t begin = now_ns(), count = 1000000;

	for (uint64_t i = 0; i < count; i++)
		(void)now_ns();
	return (double)(now_ns() - begin) / (double)count;
}

/* What one emit costs its caller, with somebody reading. */
static void
bench_emit(void)
{
	static struct stream stream;
	struct event event = {.kind = EVENT_MESSAGE_SEND, .number = 1};
	struct seen seen = {0};
	struct fifo fifo;
	uint64_t begin, count = 2000000;
	pid_t reader;

	if (fifo_open(&fifo, "/tmp"))
		exit(1);
	reader = fork();
	if (reader == 0) {
		struct pollfd ready = {.fd = fifo.fd, .events = POLLIN};

		stream_init(&stream);
		stream_add(&stream, count_record, &seen);
		while (poll(&ready, 1, 2000) == 1)
			stream_read(&stream, fifo.fd);
		_exit(0);
	}
	signal(SIGPIPE, SIG_IGN);
	emit_open(fifo.path, now_ns);
	begin = now_ns();
	for (uint64_t i = 0; i < count; i++)
		emit(&event, NULL);
	begin = now_ns() - begin;
	emit_close();
	kill(reader, SIGKILL);
	waitpid(reader, NULL, 0);
	fifo_close(&fifo);
	printf(
	    "  an emit costs its caller %.0f ns; the clock is %.0f of them\n",
	    (double)begin / (double)count, clock_cost());
}

/* What the model makes of a second's worth of messages. */
static void
bench_model(void)
{
	static struct model model;
	struct event born = {.kind = EVENT_PROCESS_BORN, .pid = 1, .tid = 1};
	struct event event = {.pid = 1, .tid = 1, .size = 64};
	uint64_t begin, count = 2000000;

	model_init(&model);
	born.time = now_ns();
	model_apply(&model, &born, "");
	event.channel = channel_id(CHANNEL_IPC, 1, 2);
	begin = now_ns();
	for (uint64_t i = 0; i < count; i++) {
		event.kind = i & 1 ? EVENT_MESSAGE_RECV : EVENT_MESSAGE_SEND;
		event.number = i / 2 + 1;
		event.time = begin + i;
		model_apply(&model, &event, "");
	}
	begin = now_ns() - begin;
	printf("  the model takes %.1f M messages' events a second\n",
	       (double)count / ((double)begin / 1e9) / 1e6);
}

int
main(void)
{
	static const char *const names[] = {"emit: collected, 4 KiB a write",
	                                    "a write(2) a record",
	                                    "a line of JSON a record"};
	double rates[WAYS][ROUNDS], ours;
	uint64_t bad[WAYS] = {0};

	printf("stream: %d writers, one reader, median of %d rounds\n", WRITERS,
	       ROUNDS);
	for (int i = 0; i < ROUNDS; i++)
		for (int way = 0; way < WAYS; way++)
			rates[way][i] = round_of((enum way)way, &bad[way]);
	for (int way = 0; way < WAYS; way++)
		qsort(rates[way], ROUNDS, sizeof(double), compare);
	ours = rates[WAY_EMIT][ROUNDS / 2];
	for (int way = 0; way < WAYS; way++)
		printf("  %-32s %6.2f M/s  %5.1fx  torn, lost or out of "
		       "order: %" PRIu64 "\n",
		       names[way], rates[way][ROUNDS / 2] / 1e6,
		       ours / rates[way][ROUNDS / 2], bad[way]);
	bench_emit();
	bench_model();
	printf("  goal: >= 1 M/s, none bad: %s\n",
	       ours >= 1e6 && bad[WAY_EMIT] == 0 ? "held" : "NOT HELD");
	return 0;
}
