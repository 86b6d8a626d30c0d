#include "world.h"

#include <string.h>

static uint64_t
time_of(unsigned ms)
{
	return 1000000000000ull + ms * 1000000ull;
}

static void
tell(struct world *world, struct event *event, const char *text)
{
	event->magic = EVENT_MAGIC;
	event->text = (uint16_t)strlen(text);
	model_apply(&world->model, event, text);
}

void
world_init(struct world *world)
{
	memset(world, 0, sizeof(*world));
	model_init(&world->model);
}

void
world_tick(struct world *world, unsigned ms)
{
	model_tick(&world->model, time_of(ms));
}

void
world_process(struct world *world, unsigned ms, uint32_t pid, uint32_t parent,
              enum birth how, const char *title, const char *command)
{
	struct event event = {
	    .kind = EVENT_PROCESS_BORN,
	    .time = time_of(ms),
	    .pid = pid,
	    .tid = pid,
	    .other_pid = parent,
	    .number = how,
	};

	tell(world, &event, command);
	world_thread(world, ms, pid, pid, ROLE_MAIN, title ? title : "");
	if (!title)
		return;
	event.kind = EVENT_PROCESS_TITLE;
	event.number = WITNESS_RUNTIME;
	tell(world, &event, title);
}

void
world_thread(struct world *world, unsigned ms, uint32_t pid, uint32_t tid,
             enum role role, const char *name)
{
	struct event event = {
	    .kind = EVENT_THREAD_BORN,
	    .time = time_of(ms),
	    .pid = pid,
	    .tid = tid,
	    .number = role,
	    .value = 1,
	};

	tell(world, &event, name);
}

void
world_died(struct world *world, unsigned ms, uint32_t pid, enum death death,
           int status)
{
	struct event event = {
	    .kind = EVENT_PROCESS_DIED,
	    .time = time_of(ms),
	    .pid = pid,
	    .tid = pid,
	    .number = death,
	    .value = (uint64_t)status,
	};

	tell(world, &event, "");
}

void
world_zombie(struct world *world, unsigned ms, uint32_t pid, int code)
{
	struct event event = {
	    .kind = EVENT_PROCESS_ZOMBIE,
	    .time = time_of(ms),
	    .pid = pid,
	    .tid = pid,
	    .number = 1,
	};

	world_died(world, ms, pid, DEATH_CODE, code);
	tell(world, &event, "");
}

void
world_listen(struct world *world, unsigned ms, uint32_t pid, uint32_t port)
{
	struct event event = {
	    .kind = EVENT_CHANNEL_BORN,
	    .time = time_of(ms),
	    .pid = pid,
	    .tid = pid,
	    .channel = channel_id(CHANNEL_LISTEN, pid, port),
	    .number = CHANNEL_LISTEN,
	    .value = port,
	};

	tell(world, &event, "port");
}

/* One channel for each pair, the smaller id first. */
static uint64_t
channel_between(uint32_t from, uint32_t to)
{
	return from < to ? channel_id(CHANNEL_IPC, from, to) | CHANNEL_FORTH
	                 : channel_id(CHANNEL_IPC, to, from) | CHANNEL_BACK;
}

static uint64_t
next_number(struct world *world, uint64_t channel)
{
	for (int i = 0; i < 64; i++)
		if (world->channels[i] == channel || !world->channels[i]) {
			world->channels[i] = channel;
			return ++world->numbers[i];
		}
	return 0;
}

/* The process of a thread of the lab's world. */
static uint32_t
pid_of(uint32_t tid)
{
	return tid == WORLD_THREAD ? WORLD_STAGE : tid;
}

void
world_message(struct world *world, unsigned sent, unsigned received,
              uint32_t from, uint32_t to, const char *text)
{
	uint64_t channel = channel_between(from, to);
	struct event event = {
	    .kind = EVENT_MESSAGE_SEND,
	    .time = time_of(sent),
	    .pid = pid_of(from),
	    .tid = from,
	    .other_pid = pid_of(to),
	    .other_tid = to,
	    .channel = channel,
	    .number = next_number(world, channel),
	    .size = strlen(text),
	};

	tell(world, &event, text);
	if (!received)
		return;
	event.kind = EVENT_MESSAGE_RECV;
	event.time = time_of(received);
	event.pid = pid_of(to);
	event.tid = to;
	tell(world, &event, text);
}

void
world_turns(struct world *world, unsigned ms, uint32_t pid, uint32_t tid,
            unsigned window, unsigned busy)
{
	struct event event = {
	    .kind = EVENT_LOOP_TURNS,
	    .time = time_of(ms),
	    .pid = pid,
	    .tid = tid,
	    .number = 1,
	    .size = window * 1000000ull,
	    .value = busy * 1000000ull,
	};

	tell(world, &event, "");
}

void
world_cpu(struct world *world, unsigned ms, uint32_t pid, uint32_t tid,
          unsigned window, unsigned cpu)
{
	struct event event = {
	    .kind = EVENT_THREAD_GAUGE,
	    .time = time_of(ms),
	    .pid = pid,
	    .tid = tid,
	    .number = window * 1000000ull,
	    .value = cpu * 1000000ull,
	};

	tell(world, &event, "");
}

static void
tell_length(struct world *world, enum event_kind kind, unsigned ms,
            uint32_t pid, uint32_t tid, unsigned since, const char *text)
{
	struct event event = {
	    .kind = (uint8_t)kind,
	    .time = time_of(ms),
	    .pid = pid,
	    .tid = tid,
	    .value = (uint64_t)(ms - since) * 1000000u,
	};

	tell(world, &event, text);
}

void
world_span(struct world *world, unsigned ms, uint32_t pid, uint32_t tid,
           const char *name)
{
	tell_length(world, EVENT_SPAN_BEGIN, ms, pid, tid, ms, name);
}

void
world_span_end(struct world *world, unsigned ms, uint32_t pid, uint32_t tid,
               unsigned since, const char *name)
{
	tell_length(world, EVENT_SPAN_END, ms, pid, tid, since, name);
}

void
world_blocked(struct world *world, unsigned ms, uint32_t pid, unsigned since,
              const char *cause)
{
	tell_length(world, EVENT_LOOP_BLOCKED, ms, pid, pid, since, cause);
}

void
world_freed(struct world *world, unsigned ms, uint32_t pid, unsigned since,
            const char *cause)
{
	tell_length(world, EVENT_LOOP_FREED, ms, pid, pid, since, cause);
}

void
world_note(struct world *world, unsigned ms, enum note level, const char *text)
{
	struct event event = {
	    .kind = EVENT_NOTE,
	    .time = time_of(ms),
	    .pid = WORLD_STAGE,
	    .tid = WORLD_STAGE,
	    .number = level,
	};

	tell(world, &event, text);
}

void
world_line(struct world *world, unsigned ms, uint32_t pid, bool is_stderr,
           const char *text)
{
	struct event event = {
	    .kind = is_stderr ? EVENT_STDERR : EVENT_STDOUT,
	    .time = time_of(ms),
	    .pid = pid,
	    .tid = pid,
	};

	tell(world, &event, text);
}

/* ---- scenes ---- */

/* A ping every 40 ms, answered at once. */
static void
pings(struct world *world, unsigned from, unsigned to)
{
	for (unsigned ms = from; ms < to; ms += 40) {
		world_message(world, ms, ms + 1, WORLD_CLIENT, WORLD_STAGE,
		              "GET /ping");
		world_message(world, ms + 1, ms + 2, WORLD_STAGE, WORLD_CLIENT,
		              "200 pong");
		world_turns(world, ms + 2, WORLD_STAGE, WORLD_STAGE, 2, 1);
		world_turns(world, ms + 2, WORLD_CLIENT, WORLD_CLIENT, 2, 1);
	}
}

static void
gauge(struct world *world, unsigned ms, uint32_t pid)
{
	struct event loop = {
	    .kind = EVENT_LOOP_GAUGE,
	    .time = time_of(ms),
	    .pid = pid,
	    .tid = pid,
	    .size = 1000000000,
	    .value = 25000000,
	    .number = 1200000,
	    .channel = event_lags(100000, 1000000),
	};
	struct event process = {
	    .kind = EVENT_PROCESS_GAUGE,
	    .time = time_of(ms),
	    .pid = pid,
	    .tid = pid,
	    .value = 3700,
	    .size = 1,
	};

	tell(world, &loop, "985000 13000 2000 0 0 0");
	tell(world, &process, "");
}

void
world_calm(struct world *world)
{
	world_init(world);
	world_process(world, 0, WORLD_LOOPTOP, 1, BIRTH_SEEN, "looptop",
	              "looptop");
	world_process(world, 2, WORLD_STAGE, WORLD_LOOPTOP, BIRTH_FORK, "stage",
	              "looptop @stage");
	world_message(world, 5, 6, WORLD_LOOPTOP, WORLD_STAGE, "{serve:0}");
	world_listen(world, 6, WORLD_STAGE, 8080);
	world_process(world, 8, WORLD_CLIENT, WORLD_STAGE, BIRTH_FORK, "client",
	              "looptop @client");
	pings(world, 20, 1980);
	gauge(world, 1990, WORLD_STAGE);
	gauge(world, 1990, WORLD_CLIENT);
	for (unsigned ms = 100; ms <= 2000; ms += 100)
		world_cpu(world, ms, WORLD_STAGE, WORLD_STAGE, 100, 3);
	world_tick(world, 2000);
}

void
world_blocking(struct world *world)
{
	world_calm(world);
	world_message(world, 1999, 2000, WORLD_LOOPTOP, WORLD_STAGE,
	              "{load:fib(45),on:main}");
	world_span(world, 2000, WORLD_STAGE, WORLD_STAGE, "fib(45)");
	for (unsigned ms = 2010; ms < 2349; ms += 40)
		world_message(world, ms, 0, WORLD_CLIENT, WORLD_STAGE,
		              "GET /ping");
	for (unsigned ms = 2100; ms <= 2300; ms += 100)
		world_cpu(world, ms, WORLD_STAGE, WORLD_STAGE, 100, 99);
	world_blocked(world, 2051, WORLD_STAGE, 2000, "fib(45)");
	world_tick(world, 2349);
}

void
world_offloaded(struct world *world)
{
	uint64_t channel = channel_between(WORLD_CLIENT, WORLD_STAGE);

	world_blocking(world);
	world_span_end(world, 2600, WORLD_STAGE, WORLD_STAGE, 2000, "fib(45)");
	world_freed(world, 2600, WORLD_STAGE, 2000, "fib(45)");
	for (uint64_t i = 0; i < 9; i++) {
		struct event event = {
		    .kind = EVENT_MESSAGE_RECV,
		    .time = time_of(2601),
		    .pid = WORLD_STAGE,
		    .tid = WORLD_STAGE,
		    .channel = channel,
		    .number = 50 + i,
		};

		tell(world, &event, "GET /ping");
	}
	world_message(world, 2690, 2691, WORLD_LOOPTOP, WORLD_STAGE,
	              "{load:fib(45),on:worker}");
	world_thread(world, 2695, WORLD_STAGE, WORLD_THREAD, ROLE_WORKER,
	             "thread 1");
	world_message(world, 2699, 2700, WORLD_STAGE, WORLD_THREAD,
	              "{load:fib(45)}");
	world_span(world, 2700, WORLD_STAGE, WORLD_THREAD, "fib(45)");
	pings(world, 2700, 3190);
	for (unsigned ms = 2800; ms <= 3200; ms += 100) {
		world_cpu(world, ms, WORLD_STAGE, WORLD_STAGE, 100, 3);
		world_cpu(world, ms, WORLD_STAGE, WORLD_THREAD, 100, 99);
	}
	gauge(world, 3190, WORLD_STAGE);
	world_note(world, 2601, NOTE_INFO,
	           "fib(45) = 1134903170, 600 ms on the main loop");
	world_tick(world, 3200);
}

void
world_cluster(struct world *world)
{
	world_calm(world);
	for (uint32_t i = 1; i <= 4; i++) {
		uint32_t pid = WORLD_THREAD + 6 + i;
		char title[16] = "worker 0";

		title[7] = (char)('0' + i);
		world_process(world, 1000 + i, pid, WORLD_STAGE, BIRTH_CLUSTER,
		              title, "looptop @cluster-worker");
		world_message(world, 1010 + i, 1011 + i, pid, WORLD_STAGE,
		              "online");
		world_listen(world, 1020 + i, pid, 9000);
		world_message(world, 1100 + i * 10, 1101 + i * 10, WORLD_STAGE,
		              pid, "newconn");
		world_message(world, 1102 + i * 10, 1103 + i * 10, pid,
		              WORLD_STAGE, "accepted");
		world_turns(world, 1105 + i * 10, pid, pid, 4, 2);
	}
	world_died(world, 1500, WORLD_THREAD + 8, DEATH_SIGNAL, 9);
	world_note(world, 1501, NOTE_WARNING,
	           "worker 2 was killed by signal 9; 3 still serve.");
	world_tick(world, 2000);
}

static void
fill_pool(struct world *world, unsigned ms, unsigned queued)
{
	struct event pool = {
	    .kind = EVENT_POOL_GAUGE,
	    .time = time_of(ms),
	    .pid = WORLD_STAGE,
	    .tid = WORLD_STAGE,
	    .number = 4,
	    .value = 4,
	    .size = queued,
	};

	tell(world, &pool, "");
}

void
world_trouble(struct world *world)
{
	world_calm(world);
	world_thread(world, 2100, WORLD_STAGE, WORLD_THREAD, ROLE_WORKER,
	             "thread 1");
	for (unsigned ms = 2100; ms < 17000; ms += 100)
		world_cpu(world, ms, WORLD_STAGE, WORLD_STAGE, 100, 3);
	for (uint32_t i = 0; i < 3; i++) {
		uint32_t pid = WORLD_THREAD + 6 + i;
		unsigned ms = 17000 + i * 500;

		world_process(world, ms, pid, WORLD_STAGE, BIRTH_FORK, "child",
		              "looptop @child");
		world_died(world, ms + 200, pid, DEATH_CODE, 1);
	}
	for (unsigned ms = 18500; ms <= 21000; ms += 100) {
		world_cpu(world, ms, WORLD_STAGE, WORLD_STAGE, 100, 3);
		fill_pool(world, ms, ms < 20000 ? 6 : 0);
	}
	world_tick(world, 21000);
}

void
world_foreign(struct world *world)
{
	struct event loop = {
	    .kind = EVENT_LOOP_GAUGE,
	    .time = time_of(300),
	    .pid = 5001,
	    .tid = 5001,
	    .channel = EVENT_LAGS_UNKNOWN,
	};
	struct event blocked = {
	    .kind = EVENT_LOOP_BLOCKED,
	    .time = time_of(1900),
	    .pid = 5001,
	    .tid = 5001,
	    .number = WITNESS_OUTSIDE,
	    .value = 60000000,
	};

	world_init(world);
	world_process(world, 0, 5001, 4999, BIRTH_RUN, NULL, "node server.js");
	world_process(world, 90, 5010, 5001, BIRTH_SEEN, NULL,
	              "/usr/bin/node worker.js");
	for (uint32_t tid = 5002; tid < 5006; tid++)
		world_thread(world, 100, 5001, tid, ROLE_OTHER, "node");
	tell(world, &loop, "");
	for (unsigned ms = 400; ms < 1800; ms += 100) {
		world_turns(world, ms, 5001, 5001, 100, ms % 300 / 4);
		world_cpu(world, ms, 5001, 5001, 100, ms % 300 / 4);
	}
	world_line(world, 500, 5001, false, "listening on 3000");
	world_line(world, 700, 5001, true, "warning: slow \xc3\xa9t\xc3\xa9");
	tell(world, &blocked, "read(fd 3)");
	world_tick(world, 2000);
}
