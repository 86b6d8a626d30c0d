/*
 * Eight hours of heavy traffic in some minutes: a recording of a cluster played
 * again and again, each time with other pids, and beside it 50 threads and 2000
 * messages a second. All of it goes the way it would go in the explorer (bytes,
 * stream, history, model), a frame is drawn each second, and now and then a key
 * is pressed. Memory must be the same at the end as when everything was full.
 *
 * In `make test` it is two minutes; with SOAK set (make soak-replay) eight
 * hours.
 */
#include "core/history.h"
#include "core/stream.h"
#include "core/trace.h"
#include "ui/frame.h"
#include "ui/ui.h"

#include <inttypes.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <malloc.h>

#define RECORDING "screenshots/recordings/cluster.trace"
#define SECOND_NS 1000000000ull
#define MS_NS 1000000ull

enum {
	ROWS = 50,
	COLS = 200,
	THREADS_HEAVY = 50,
	SERVER = 1000, /* pids; threads behind it */
	CLIENT = 2000,
	SHORT_S = 120,
	SHORT_WARM_S = 40,
	SOAK_S = 8 * 3600,
	SOAK_WARM_S = 1800, /* keyframes are kept for 900 */
	RECORDS = 65536,
	BATCH = 65536,
	OFFSET_STEP = 100000, /* between the pids of two rounds */
	OFFSETS = 1000,
	SLACK_KB = 256, /* for the C library's own */
};

struct recorded {
	struct event event;
	char *text;
};

static struct soak {
	struct model model;
	struct history history;
	struct stream stream;
	struct ui ui;
	struct canvas canvas;
	struct recorded records[RECORDS];
	size_t record_count, next;
	uint64_t round, round_began; /* of the recording */
	uint64_t now, number, events, bytes, frames, seed;
	char batch[BATCH];
	size_t batch_size;
	double frames_ms;
} soak;

/* ---- figures ---- */

static double
cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static long
rss_kb(void)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (file && fscanf(file, "%*d %ld", &pages) != 1)
		pages = 0;
	if (file)
		fclose(file);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static size_t
heap(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

/* ---- events ---- */

static void
flush(void)
{
	stream_feed(&soak.stream, soak.batch, soak.batch_size);
	soak.batch_size = 0;
}

static void
put(const struct event *event, const char *text)
{
	size_t size = event_record_size(event->text);
	char *at;

	if (soak.batch_size + size > BATCH)
		flush();
	at = soak.batch + soak.batch_size;
	memcpy(at, event, EVENT_HEAD);
	memset(at + EVENT_HEAD, 0, size - EVENT_HEAD);
	memcpy(at + EVENT_HEAD, text, event->text);
	soak.batch_size += size;
	soak.events++;
}

static void
say(struct event event, const char *text)
{
	event.magic = EVENT_MAGIC;
	event.time = soak.now;
	event.text = (uint16_t)strlen(text);
	if (!event.tid)
		event.tid = event.pid;
	put(&event, text);
}

/* ---- the recording, again and again ---- */

static void
load_recording(void)
{
	static char text[EVENT_TEXT_MAX + 1];
	struct trace trace;

	assert_int_equal(trace_open(&trace, RECORDING), 0);
	while (soak.record_count < RECORDS) {
		struct recorded *record = &soak.records[soak.record_count];

		if (trace_next(&trace, &record->event, text) != 1)
			break;
		record->text = strdup(text);
		soak.record_count++;
	}
	trace_close(&trace);
	assert_true(soak.record_count > 100);
}

static uint32_t
moved(uint32_t pid, uint32_t offset)
{
	return pid ? pid + offset : 0;
}

/* Who lives on when the recording ends would live for ever. */
static void
end_round(void)
{
	const struct actors *actors = &soak.model.actors;

	flush();
	for (uint32_t i = 0; i < actors->process_table.count; i++) {
		const struct process *process = &actors->processes[i];

		if (!process->row.died && process->pid != SERVER &&
		    process->pid != CLIENT)
			say((struct event){.kind = EVENT_PROCESS_DIED,
			                   .pid = process->pid,
			                   .number = DEATH_SIGNAL,
			                   .value = 15},
			    "");
	}
	soak.round++;
	soak.round_began = soak.now;
	soak.next = 0;
}

/* What of the recording is due by now. */
static void
play_recording(void)
{
	uint64_t first = soak.records[0].event.time;
	uint32_t offset = (uint32_t)(soak.round % OFFSETS) * OFFSET_STEP;

	while (soak.next < soak.record_count) {
		struct recorded *record = &soak.records[soak.next];
		struct event event = record->event;

		if (event.time > first &&
		    event.time - first > soak.now - soak.round_began)
			return;
		event.time = soak.now;
		event.pid = moved(event.pid, offset);
		event.tid = moved(event.tid, offset);
		event.other_pid = moved(event.other_pid, offset);
		event.other_tid = moved(event.other_tid, offset);
		if (event.channel && event.kind != EVENT_LOOP_GAUGE)
			event.channel +=
			    (uint64_t)offset << 31 | (uint64_t)offset << 1;
		put(&event, record->text);
		soak.next++;
	}
	end_round();
}

/* ---- heavy traffic ---- */

static void
begin_heavy(void)
{
	say(
	    (struct event){
		.kind = EVENT_PROCESS_BORN, .pid = SERVER, .number = BIRTH_RUN},
	    "server");
	say((struct event){.kind = EVENT_PROCESS_BORN,
	                   .pid = CLIENT,
	                   .other_pid = SERVER,
	                   .number = BIRTH_FORK},
	    "client");
	for (uint32_t i = 1; i <= THREADS_HEAVY; i++)
		say((struct event){.kind = EVENT_THREAD_BORN,
		                   .pid = SERVER,
		                   .tid = SERVER + i,
		                   .number = ROLE_WORKER,
		                   .value = i},
		    "");
	say(
	    (struct event){
		.kind = EVENT_CHANNEL_BORN,
		.channel = channel_id(CHANNEL_SOCKET, 4000, 80),
		.pid = CLIENT,
		.other_pid = SERVER,
		.other_tid = SERVER,
		.number = CHANNEL_SOCKET,
	    },
	    "tcp");
}

static void
pass_message(uint32_t from, uint32_t to, uint64_t direction, const char *text)
{
	struct event event = {
	    .kind = EVENT_MESSAGE_SEND,
	    .pid = from,
	    .other_pid = to,
	    .other_tid = to,
	    .channel = channel_id(CHANNEL_SOCKET, 4000, 80) | direction,
	    .number = soak.number,
	    .size = 120,
	};

	say(event, text);
	event.kind = EVENT_MESSAGE_RECV;
	event.pid = to;
	event.other_pid = event.other_tid = from;
	say(event, text);
}

/* A request and its answer each millisecond; what threads use ten times a
 * second. */
static void
play_heavy(uint64_t ms)
{
	soak.number++;
	pass_message(CLIENT, SERVER, CHANNEL_FORTH, "GET /ping");
	pass_message(SERVER, CLIENT, CHANNEL_BACK, "200 pong");
	say((struct event){.kind = EVENT_REQUEST,
	                   .pid = CLIENT,
	                   .other_pid = SERVER,
	                   .number = 200,
	                   .value = 300000},
	    "");
	for (uint32_t i = 0; ms % 100 == 0 && i <= THREADS_HEAVY; i++)
		say((struct event){.kind = EVENT_THREAD_GAUGE,
		                   .pid = SERVER,
		                   .tid = SERVER + i,
		                   .number = 100 * MS_NS,
		                   .value = i * MS_NS},
		    "");
}

/* ---- the screen ---- */

static void
open_screen(void)
{
	static const struct ui_setup setup = {.lab = true};

	setlocale(LC_CTYPE, "C.UTF-8");
	assert_true(frame_open("xterm-256color", STDIN_FILENO, ROWS, COLS));
	frame_theme(THEME_DARK);
	ui_init(&soak.ui, &setup);
}

static void
press(char byte)
{
	struct command command;
	struct key key;

	key_parse(&byte, 1, true, &key);
	ui_key(&soak.ui, &soak.model, &key, &command);
	if (command.kind == COMMAND_SEEK)
		history_seek(&soak.history, &soak.ui.held, command.since);
}

/* Panes, zoom, details, help, findings, search, a pause and steps back; now and
 * then it is left and live again. */
static void
press_some(uint64_t second)
{
	static const char keys[] = "1234z\rjkG!?q/a\r\\b\r <,,,.> `+-HIvtm:";

	soak.seed = soak.seed * 6364136223846793005u + 1442695040888963407u;
	press(keys[(soak.seed >> 33) % (sizeof(keys) - 1)]);
	if (second % 20 == 0) {
		press('\033');
		press('\033');
		press('`');
	}
}

static void
draw(void)
{
	static char bytes[1 << 20];
	static const struct ui_status status = {.fps = 30, .own_cpu = 10};
	double begin = cpu_ms();

	canvas_reset(&soak.canvas, ROWS, COLS);
	ui_draw(&soak.ui, &soak.model, &status, &soak.canvas);
	soak.bytes += frame_make(&soak.canvas, bytes, sizeof(bytes));
	soak.frames_ms += cpu_ms() - begin;
	soak.frames++;
}

/* ---- hours ---- */

static void
play_second(void)
{
	for (uint64_t ms = 0; ms < 1000; ms++) {
		soak.now += MS_NS;
		play_heavy(ms);
		play_recording();
	}
	flush();
	model_tick(&soak.model, soak.now);
	press_some(soak.frames);
	draw();
}

static void
report(const char *when, long rss, size_t used)
{
	print_message("%-10s rss %ld KB, heap %zu bytes\n", when, rss, used);
}

static void
hours_of_traffic_take_no_memory(void **state)
{
	bool all = getenv("SOAK") != NULL;
	int seconds = all ? SOAK_S : SHORT_S;
	int warm = all ? SOAK_WARM_S : SHORT_WARM_S;
	long rss = 0, rss_end;
	size_t used = 0, used_end;
	double cpu;

	(void)state;
	load_recording();
	stream_init(&soak.stream);
	model_init(&soak.model);
	history_init(&soak.history, &soak.model);
	stream_add(&soak.stream, history_put, &soak.history);
	stream_add(&soak.stream, model_put, &soak.model);
	open_screen();
	soak.now = soak.round_began = SECOND_NS;
	begin_heavy();
	for (int i = 0; i < seconds; i++) {
		play_second();
		if (i == warm) {
			rss = rss_kb();
			used = heap();
			report("warm", rss, used);
		}
	}
	rss_end = rss_kb();
	used_end = heap();
	report("at the end", rss_end, used_end);
	cpu = cpu_ms();
	print_message(
	    "%.2f h: %" PRIu64 " events, %" PRIu64 " messages, the recording "
	    "%" PRIu64 " times; %.0f ns CPU an event, %.3f ms CPU and "
	    "%.0f bytes a frame\n",
	    seconds / 3600.0, soak.events, soak.model.totals.sent, soak.round,
	    (cpu - soak.frames_ms) * 1e6 / (double)soak.events,
	    soak.frames_ms / (double)soak.frames,
	    (double)soak.bytes / (double)soak.frames);
	assert_int_equal(soak.stream.damaged, 0);
	assert_true(soak.model.totals.sent >= (uint64_t)seconds * 2000);
	assert_int_equal(used_end, used);
	if (all)
		assert_true(rss_end <= rss + SLACK_KB);
	for (size_t i = 0; i < soak.record_count; i++)
		free(soak.records[i].text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(hours_of_traffic_take_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
