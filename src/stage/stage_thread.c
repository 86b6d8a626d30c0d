/* Worker threads, each with a loop and a port. */
#include "stage.h"

#include "runtime/worker_scope.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS_MAX = 256, POST_MB_MAX = 1000 };

struct stage_thread {
	struct worker worker;
	struct stage *stage;
	struct stage_thread *next;
	int orders; /* not yet answered */
	int pings;  /* still to send */
	bool ending;
};

/* ---- on the stage's loop ---- */

static void
say(struct stage_thread *to, json_t *message)
{
	char text[256];
	size_t length = json_dumpb(message, text, sizeof(text), JSON_COMPACT);

	if (length <= sizeof(text))
		worker_post(&to->worker, text, length);
	json_decref(message);
}

static void
next_ping(struct stage_thread *to)
{
	if (to->pings > 0)
		say(to, json_pack("{s:i}", "ping", to->pings--));
}

static void
on_message(struct worker *worker, struct message *answer)
{
	struct stage_thread *from = worker->data;
	json_t *message =
	    json_loadb(answer->bytes, answer->size, JSON_DECODE_ANY, NULL);
	char where[48];

	if (json_object_get(message, "pong")) {
		next_ping(from);
	} else {
		from->orders--;
		snprintf(where, sizeof(where), "worker thread %d", worker->id);
		stage_note_answer(message, where);
	}
	json_decref(message);
}

static void
on_exit_thread(struct worker *worker, int code)
{
	struct stage_thread *gone = worker->data;
	struct stage_thread **at = &gone->stage->threads;

	(void)code;
	while (*at != gone)
		at = &(*at)->next;
	*at = gone->next;
	free(gone);
}

static const struct worker_events events = {
    .message = on_message,
    .exit = on_exit_thread,
};

static struct stage_thread *
start_thread(struct stage *stage)
{
	struct stage_thread *thread = calloc(1, sizeof(*thread));
	int error;

	if (!thread)
		return NULL;
	error = worker_start(&thread->worker, &stage->role.loop, &work_script,
	                     NULL, &events);
	if (error) {
		role_note(NOTE_ERROR, "No worker thread: %s.",
		          uv_strerror(error));
		free(thread);
		return NULL;
	}
	thread->worker.data = thread;
	thread->stage = stage;
	thread->next = stage->threads;
	stage->threads = thread;
	return thread;
}

void
stage_thread(struct stage *stage, json_t *message)
{
	json_int_t count =
	    json_integer_value(json_object_get(message, "thread"));

	for (json_int_t i = 0; i < count && i < THREADS_MAX; i++)
		if (!start_thread(stage))
			return;
}

void
stage_terminate(struct stage *stage, json_t *message)
{
	(void)message;
	for (struct stage_thread *thread = stage->threads; thread;
	     thread = thread->next)
		if (!thread->ending) {
			thread->ending = true;
			worker_terminate(&thread->worker);
			return;
		}
	role_note(NOTE_WARNING, "There is no worker thread to terminate.");
}

static struct stage_thread *
idle_thread(struct stage *stage)
{
	for (struct stage_thread *thread = stage->threads; thread;
	     thread = thread->next)
		if (!thread->orders && !thread->pings && !thread->ending)
			return thread;
	return start_thread(stage);
}

void
stage_thread_load(struct stage *stage, const struct work *work)
{
	struct stage_thread *thread = idle_thread(stage);

	if (!thread)
		return;
	thread->orders++;
	say(thread, work_order(work));
}

/* A buffer for an idle thread. What is copied is copied here, on the loop. */
void
stage_post(struct stage *stage, json_t *message)
{
	json_int_t mb = json_integer_value(json_object_get(message, "post"));
	const char *how = json_string_value(json_object_get(message, "how"));
	bool moves = how && strcmp(how, "transfer") == 0;
	struct stage_thread *thread;
	struct buffer buffer;
	struct part part = {PART_BUFFER, moves, {.buffer = &buffer}};
	struct message post = {.parts = &part, .part_count = 1};
	char name[32], text[48];

	if (mb < 1 || mb > POST_MB_MAX ||
	    buffer_new(&buffer, (size_t)mb << 20)) {
		role_note(NOTE_ERROR, "A buffer has from 1 to %d MB.",
		          POST_MB_MAX);
		return;
	}
	thread = idle_thread(stage);
	snprintf(name, sizeof(name), "%s %d MB", moves ? "transfer" : "clone",
	         (int)mb);
	post.bytes = text;
	post.size = (size_t)snprintf(text, sizeof(text), "{\"post\":\"%s\"}",
	                             moves ? "transfer" : "clone");
	loop_span_begin(&stage->role.loop, name);
	if (thread)
		worker_post_message(&thread->worker, &post);
	loop_span_end(&stage->role.loop, name);
	buffer_free(&buffer);
}

void
stage_thread_ping(struct stage *stage, int count)
{
	struct stage_thread *thread = idle_thread(stage);

	if (!thread)
		return;
	thread->pings = count;
	next_ping(thread);
}
