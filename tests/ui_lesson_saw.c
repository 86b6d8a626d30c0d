/* Each lesson to its end, by a world in which what it waits for happens. */
#include "hands.h"

enum { CHILD = 4200, SHELL = 4300, WORKERS = 4400, ROOM = 72 };

/* ---- what the world has no words for ---- */

static uint64_t
time_of(unsigned ms)
{
	return 1000000000000ull + ms * 1000000ull;
}

static void
tell(struct world *world, unsigned ms, struct event event)
{
	event.time = time_of(ms);
	event.tid = event.pid;
	model_apply(&world->model, &event, "");
}

static void
told(struct world *world, unsigned ms, uint32_t pid)
{
	tell(world, ms,
	     (struct event){.kind = EVENT_PROCESS_EXIT,
	                    .pid = WORLD_STAGE,
	                    .other_pid = pid});
}

static void
pool(struct world *world, unsigned ms, unsigned running, unsigned queued)
{
	tell(world, ms,
	     (struct event){.kind = EVENT_POOL_GAUGE,
	                    .pid = WORLD_STAGE,
	                    .number = 4,
	                    .value = running,
	                    .size = queued});
}

static void
memory(struct world *world, unsigned ms, uint32_t pid, unsigned threads)
{
	tell(world, ms,
	     (struct event){.kind = EVENT_PROCESS_GAUGE,
	                    .pid = pid,
	                    .value = 3072,
	                    .size = threads});
}

static void
request(struct world *world, unsigned ms, unsigned status)
{
	tell(world, ms,
	     (struct event){
		 .kind = EVENT_REQUEST, .pid = WORLD_CLIENT, .number = status});
}

/* A message or a handle from the stage, 2 ms on its way. */
static void
post(struct world *world, unsigned ms, enum event_kind kind,
     enum channel_type type, uint32_t to, unsigned number)
{
	struct event event = {
	    .kind = (uint8_t)kind,
	    .pid = WORLD_STAGE,
	    .other_pid = to,
	    .other_tid = to,
	    .channel = channel_id(type, WORLD_STAGE, to),
	    .number = number,
	};

	tell(world, ms, event);
	event.kind++;
	event.pid = to;
	tell(world, ms + 2, event);
}

static void
work(struct world *world, unsigned ms, uint32_t pid, uint32_t tid,
     const char *name)
{
	world_span(world, ms, pid, tid, name);
	world_message(world, ms + 50, ms + 51, WORLD_CLIENT, WORLD_STAGE,
	              "GET /ping");
	world_span_end(world, ms + 200, pid, tid, ms, name);
}

static void
run(struct world *world, unsigned ms, uint32_t pid, enum birth how,
    const char *command, int code)
{
	world_process(world, ms, pid, WORLD_STAGE, how, NULL, command);
	world_line(world, ms + 5, pid, false, "one");
	world_died(world, ms + 12, pid, DEATH_CODE, code);
}

static void
worker(struct world *world, unsigned ms, unsigned n)
{
	char title[16];

	snprintf(title, sizeof(title), "worker %u", n);
	world_process(world, ms, WORKERS + n, WORLD_STAGE, BIRTH_CLUSTER, title,
	              "looptop @cluster-worker");
}

/* ---- what happens in each lesson, step by step, from `ms` on ---- */

static void
block(struct world *world, int step, unsigned ms)
{
	if (step == 0) {
		world_message(world, ms + 10, 0, WORLD_CLIENT, WORLD_STAGE,
		              "GET /ping");
		world_blocked(world, ms + 60, WORLD_STAGE, ms, "fib(42)");
		world_freed(world, ms + 349, WORLD_STAGE, ms, "fib(42)");
	} else if (step == 1) {
		world_thread(world, ms, WORLD_STAGE, WORLD_THREAD, ROLE_WORKER,
		             "thread 1");
		work(world, ms, WORLD_STAGE, WORLD_THREAD, "fib(42)");
	} else if (step == 2) {
		world_process(world, ms, CHILD, WORLD_STAGE, BIRTH_FORK,
		              "child 1", "looptop @child");
		memory(world, ms, CHILD, 1);
		work(world, ms, CHILD, CHILD, "fib(42)");
	} else {
		world_message(world, ms, ms + 800, WORLD_LOOPTOP, WORLD_STAGE,
		              "{thread:1}");
	}
}

static void
spawn(struct world *world, int step, unsigned ms)
{
	uint32_t pid = SHELL + (uint32_t)step;

	if (step == 0)
		run(world, ms, pid, BIRTH_SPAWN, "ls -l /", 0);
	if (step == 1)
		run(world, ms, pid, BIRTH_EXEC, "ls / | wc -l", 0);
	if (step == 1)
		world_note(world, ms + 13, NOTE_INFO,
		           "ls: exit code 0; stdout 3 bytes, stderr 0 bytes");
	if (step == 2)
		run(world, ms, pid, BIRTH_EXEC_FILE, "uname -a", 0);
	if (step == 3)
		run(world, ms, pid, BIRTH_EXEC, "exit 3", 3);
	if (step == 4)
		world_note(world, ms, NOTE_ERROR,
		           "nosuch: cannot be started: no such file.");
	if (step < 5)
		return;
	world_process(world, ms, pid, WORLD_STAGE, BIRTH_SPAWN, NULL, "true");
	world_zombie(world, ms + 3, pid, 0);
}

static void
fork_child(struct world *world, int step, unsigned ms)
{
	if (step == 0) {
		world_process(world, ms, CHILD, WORLD_STAGE, BIRTH_FORK,
		              "child 1", "looptop @child");
		memory(world, ms + 20, CHILD, 1);
	}
	for (unsigned i = 0; step == 1 && i < 20; i++) {
		world_message(world, ms + i, ms + i + 1, WORLD_STAGE, CHILD,
		              "{ping:1}");
		world_message(world, ms + i, ms + i + 1, CHILD, WORLD_STAGE,
		              "{pong:1}");
	}
	if (step == 2)
		world_message(world, ms, 0, WORLD_STAGE, CHILD, "{ping:1}");
	if (step == 3)
		tell(world, ms,
		     (struct event){
			 .kind = EVENT_MESSAGE_RECV,
			 .pid = CHILD,
			 .channel = channel_id(CHANNEL_IPC, WORLD_STAGE, CHILD),
			 .number = 21});
	if (step == 4) {
		world_died(world, ms, CHILD, DEATH_CODE, 0);
		told(world, ms + 1, CHILD);
	}
}

static void
cluster(struct world *world, int step, unsigned ms)
{
	for (unsigned i = 1; step == 0 && i <= 4; i++)
		worker(world, ms + i, i);
	for (unsigned i = 0; step == 1 && i < 40; i++)
		post(world, ms + i, EVENT_HANDLE_SEND, CHANNEL_IPC,
		     WORKERS + 1 + i % 4, i + 1);
	if (step == 2) {
		world_died(world, ms, WORKERS + 2, DEATH_SIGNAL, 9);
		request(world, ms + 1, 0);
		request(world, ms + 2, 200);
	}
	if (step == 3) {
		world_died(world, ms, WORKERS + 3, DEATH_SIGNAL, 9);
		worker(world, ms + 52, 5);
	}
	if (step == 4) {
		worker(world, ms, 6);
		request(world, ms + 5, 200);
		world_note(world, ms + 9, NOTE_INFO,
		           "All workers are new; nobody was refused.");
	}
}

static void
threads(struct world *world, int step, unsigned ms)
{
	if (step == 0)
		world_thread(world, ms, WORLD_STAGE, WORLD_THREAD, ROLE_WORKER,
		             "thread 1");
	for (unsigned i = 0; step == 1 && i < 40; i++)
		post(world, ms + i, EVENT_MESSAGE_SEND, CHANNEL_PORT,
		     WORLD_CLIENT, i + 1);
	if (step == 2 || step == 3)
		world_span_end(world, ms + 30, WORLD_STAGE, WORLD_STAGE, ms,
		               step == 2 ? "clone 100 MB" : "transfer 100 MB");
	if (step == 4)
		work(world, ms, WORLD_STAGE, WORLD_THREAD, "sha(2000000)");
	for (unsigned i = 0; step == 5 && i < 8; i++)
		world_thread(world, ms + i, WORLD_STAGE, WORKERS + 50 + i,
		             ROLE_WORKER, "thread 2");
	if (step == 5)
		memory(world, ms + 100, WORLD_STAGE, 14);
	if (step == 6)
		model_apply(&world->model,
		            &(struct event){.kind = EVENT_THREAD_DIED,
		                            .time = time_of(ms),
		                            .pid = WORLD_STAGE,
		                            .tid = WORKERS + 57},
		            "");
}

static void
shared(struct world *world, int step, unsigned ms)
{
	world_thread(world, ms, WORLD_STAGE, WORLD_THREAD, ROLE_WORKER,
	             "racer");
	work(world, ms, WORLD_STAGE, WORLD_THREAD,
	     step ? "Atomics.add" : "sum = sum + 1");
	world_note(world, ms + 201, NOTE_WARNING,
	           step ? "4 threads added 1000000 each with Atomics.add: the "
	                  "sum is 4000000. Not one is lost."
	                : "4 threads added 1000000 each without Atomics: the "
	                  "sum is 1234567, not 4000000. 2765433 updates are "
	                  "lost.");
}

static void
pooled(struct world *world, int step, unsigned ms)
{
	world_thread(world, ms, WORLD_STAGE, CHILD, ROLE_POOL, "pool 1");
	if (step == 0)
		work(world, ms, WORLD_STAGE, CHILD, "sha(2000000)");
	if (step == 1)
		pool(world, ms, 4, 1);
	if (step < 2)
		return;
	world_message(world, ms, ms + 1, WORLD_LOOPTOP, WORLD_STAGE,
	              "{load:sleep(1),on:pool}");
	world_span(world, ms + 900, WORLD_STAGE, CHILD, "sleep(1)");
	world_span_end(world, ms + 901, WORLD_STAGE, CHILD, ms + 900,
	               "sleep(1)");
}

static const struct {
	void (*happens)(struct world *world, int step, unsigned ms);
	const char *last; /* what its last step says */
} plays[LESSONS] = {
    [LESSON_BLOCK] = {block, "your command waited 800 ms in its channel, until "
                             "the loop read it"},
    [LESSON_SPAWN] = {spawn, "pid 4305 has ended and keeps its pid: a zombie"},
    [LESSON_FORK] = {fork_child,
                     "child 1, pid 4200, has ended by itself: exit 0"},
    [LESSON_CLUSTER] = {cluster, "1 new worker; 1 request meanwhile, 0 failed"},
    [LESSON_WORKER] = {threads,
                       "thread 2 ended after 1.99 s; process 4101 lives on"},
    [LESSON_SHARED] = {shared,
                       "the sum is 4000000, exactly; a thread needed 200 ms "
                       "for it, not 200 ms"},
    [LESSON_POOL] = {pooled, "sleep(1) took 1.0 ms, and before that waited "
                             "899 ms for a thread"},
};

static void
play(struct hands *hands, enum lesson lesson)
{
	struct lesson_run *going = &hands->ui.lesson;
	unsigned ms = 3000;
	char seen[256];

	world_calm(&hands->world);
	ui_begin_lesson(&hands->ui, lesson);
	ui_watch(&hands->ui, &hands->world.model);
	for (int step = 0; step < going->steps; step++, ms += 2000) {
		assert_int_equal(going->step, step);
		plays[lesson].happens(&hands->world, step, ms);
		world_tick(&hands->world, ms + 1990);
		ui_watch(&hands->ui, &hands->world.model);
		if (going->step != step + 1)
			fail_msg("%s: step %d does not end",
			         lessons[lesson].name, step + 1);
		if (!*going->done || strlen(going->done) > ROOM)
			fail_msg("%s: too long or nothing: %s",
			         lessons[lesson].name, going->done);
	}
	lesson_seen(going, seen, sizeof(seen));
	assert_null(strstr(seen, "(skipped)"));
	assert_null(strchr(seen, '{'));
	assert_string_equal(going->done, plays[lesson].last);
}

static void
each_comes_to_its_end(void **state)
{
	for (int i = 0; i < LESSONS; i++)
		play(*state, (enum lesson)i);
}

static void
a_race_that_loses_nothing_is_run_again(void **state)
{
	struct hands *hands = *state;

	ui_begin_lesson(&hands->ui, LESSON_SHARED);
	ui_watch(&hands->ui, &hands->world.model);
	world_note(&hands->world, 3000, NOTE_INFO,
	           "4 threads added 1000000 each without Atomics: the sum is "
	           "4000000. Not one is lost.");
	ui_watch(&hands->ui, &hands->world.model);
	assert_int_equal(hands->ui.lesson.step, 0);
	hands_draw(hands);
	assert_non_null(strstr(hands->ui.lesson.look.text, "right, by luck"));
	shared(&hands->world, 0, 3500);
	ui_watch(&hands->ui, &hands->world.model);
	assert_int_equal(hands->ui.lesson.step, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    with_hands(each_comes_to_its_end),
	    with_hands(a_race_that_loses_nothing_is_run_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
