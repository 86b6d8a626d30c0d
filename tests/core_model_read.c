/* What panes ask of the model: names of processes and threads, and CPU. */
#include "test.h"

#include "core/model.h"

#include <string.h>

enum { PID = 10, TID = 11, SAMPLE = 20000000 };

static bool
tell(struct model *model, struct event event, const char *text)
{
	event.magic = EVENT_MAGIC;
	event.text = (uint16_t)strlen(text);
	if (!event.pid)
		event.pid = PID;
	return model_apply(model, &event, text);
}

static int
set_up(void **state)
{
	static struct model model;

	model_init(&model);
	tell(&model,
	     (struct event){.kind = EVENT_PROCESS_BORN, .time = 1, .tid = PID},
	     "/usr/bin/node server.js");
	*state = &model;
	return 0;
}

/* ---- names ---- */

static void
a_process_is_known_by_its_command(void **state)
{
	static const struct {
		const char *command, *label;
	} known[] = {
	    {"ls", "ls"},
	    {"/bin/ls -l", "ls"},
	    {"./build/server --port 1", "server"},
	    {"node", "node"},
	    {"node server.js", "server.js"},
	    {"/usr/bin/node   /srv/app/main.js x", "main.js"},
	    {"node --inspect a.js", "node"},
	    {"python3 tool.py", "tool.py"},
	    {"sh -c true", "sh"},
	    {"nodemon a.js", "nodemon"},
	    {"/bin/ls/", "ls/"},
	    {"node ", "node"},
	    {"[kworker/0:1]", "0:1]"},
	    {"", "pid 10"},
	};
	struct process process = {.pid = 10};
	char into[40];

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		strcpy(process.command, known[i].command);
		assert_ptr_equal(
		    model_process_label(&process, into, sizeof(into)), into);
		assert_string_equal(into, known[i].label);
	}
}

static void
a_process_is_known_by_its_title_first(void **state)
{
	struct process process = {.pid = 10, .command = "node server.js"};
	char into[40];

	(void)state;
	strcpy(process.title, "stage");
	model_process_label(&process, into, sizeof(into));
	assert_string_equal(into, "stage");
}

static void
a_label_fits_in_what_there_is(void **state)
{
	struct process process = {.pid = 10, .command = "node server.js"};
	char into[8];

	(void)state;
	for (size_t room = 1; room < sizeof(into); room++) {
		memset(into, '~', sizeof(into));
		model_process_label(&process, into, room);
		assert_int_equal(strlen(into), room - 1);
		assert_memory_equal(into, "server.js", room - 1);
		assert_int_equal(into[room], '~');
	}
}

static void
a_thread_is_known_by_its_name_role_or_tid(void **state)
{
	struct thread thread = {.pid = PID, .tid = TID};
	char into[40];

	model_thread_label(*state, &thread, into, sizeof(into));
	assert_string_equal(into, "tid 11");
	thread.role = ROLE_WORKER;
	thread.id = 3;
	model_thread_label(*state, &thread, into, sizeof(into));
	assert_string_equal(into, "thread 3");
	strcpy(thread.name, "resizer");
	model_thread_label(*state, &thread, into, sizeof(into));
	assert_string_equal(into, "resizer");
}

static void
a_main_thread_is_known_as_its_process(void **state)
{
	struct thread thread = {.pid = PID, .tid = PID, .name = "node"};
	struct thread strange = {.pid = 99, .tid = 99, .name = "node"};
	char into[40];

	model_thread_label(*state, &thread, into, sizeof(into));
	assert_string_equal(into, "server.js");
	model_thread_label(*state, &strange, into, sizeof(into));
	assert_string_equal(into, "node");
}

/* ---- CPU ---- */

/* Samples of 20 ms from `from` to `to`, each with `busy` of it on a CPU. */
static void
run(struct model *model, uint32_t tid, uint64_t from, uint64_t to,
    uint64_t busy)
{
	for (uint64_t at = from + SAMPLE; at <= to; at += SAMPLE)
		tell(model,
		     (struct event){.kind = EVENT_THREAD_GAUGE,
		                    .time = at,
		                    .tid = tid,
		                    .number = SAMPLE,
		                    .value = busy},
		     "");
}

static void
a_thread_that_waits_for_a_cpu(void **state)
{
	struct model *model = *state;
	struct event gauge = {
	    .kind = EVENT_THREAD_GAUGE,
	    .tid = PID,
	    .number = SAMPLE,
	    .value = SAMPLE / 4,
	    .size = SAMPLE / 2,
	};
	unsigned wait;

	for (gauge.time = SAMPLE; gauge.time <= 60 * SAMPLE;
	     gauge.time += SAMPLE)
		tell(model, gauge, "");
	wait = model_thread_wait(model, actor_thread(&model->actors, PID));
	assert_in_range(wait, 480, 520);
	wait = model_thread_cpu(model, actor_thread(&model->actors, PID));
	assert_in_range(wait, 230, 270);
}

static unsigned
cpu(const struct model *model, uint32_t tid)
{
	return model_thread_cpu(model, actor_thread(&model->actors, tid));
}

static void
cpu_is_that_of_the_last_half_second(void **state)
{
	struct model *model = *state;

	run(model, PID, 0, 10 * CPU_BIN_NS, SAMPLE);
	assert_int_equal(cpu(model, PID), 1000);
	/* It sleeps: half of the half second, then all of it. */
	model_tick(model, 13 * CPU_BIN_NS);
	assert_in_range(cpu(model, PID), 550, 650);
	model_tick(model, 16 * CPU_BIN_NS);
	assert_int_equal(cpu(model, PID), 0);
}

static void
cpu_is_a_share_in_thousandths(void **state)
{
	struct model *model = *state;

	run(model, PID, 0, 10 * CPU_BIN_NS, SAMPLE / 4);
	assert_in_range(cpu(model, PID), 240, 270);
	assert_int_equal(actor_thread(&model->actors, PID)->cpu_ns,
	                 10 * CPU_BIN_NS / 4);
}

static void
cpu_of_a_process_is_that_of_its_threads(void **state)
{
	struct model *model = *state;
	const struct process *process = actor_process(&model->actors, PID);

	tell(model,
	     (struct event){
		 .kind = EVENT_PROCESS_BORN, .time = 1, .pid = 20, .tid = 20},
	     "other");
	run(model, PID, 0, 10 * CPU_BIN_NS, SAMPLE);
	run(model, TID, 0, 10 * CPU_BIN_NS, SAMPLE / 2);
	assert_in_range(model_process_cpu(model, process), 1490, 1510);
	assert_int_equal(
	    model_process_cpu(model, actor_process(&model->actors, 20)), 0);
}

static void
cpu_is_not_known_at_once_nor_of_the_dead(void **state)
{
	struct model *model = *state;

	run(model, PID, 0, 5 * CPU_BIN_NS, SAMPLE);
	assert_int_equal(cpu(model, PID), 0);
	run(model, PID, 5 * CPU_BIN_NS, 10 * CPU_BIN_NS, SAMPLE);
	assert_int_equal(cpu(model, PID), 1000);
	tell(model,
	     (struct event){.kind = EVENT_PROCESS_DIED,
	                    .time = 10 * CPU_BIN_NS,
	                    .tid = PID},
	     "");
	assert_int_equal(cpu(model, PID), 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
	const struct CMUnitTest tests[] = {
	    TEST(a_thread_that_waits_for_a_cpu),
	    TEST(a_process_is_known_by_its_command),
	    TEST(a_process_is_known_by_its_title_first),
	    TEST(a_label_fits_in_what_there_is),
	    TEST(a_thread_is_known_by_its_name_role_or_tid),
	    TEST(a_main_thread_is_known_as_its_process),
	    TEST(cpu_is_that_of_the_last_half_second),
	    TEST(cpu_is_a_share_in_thousandths),
	    TEST(cpu_of_a_process_is_that_of_its_threads),
	    TEST(cpu_is_not_known_at_once_nor_of_the_dead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
