/*
 * Slices are written when they are over ("X", with their length), for only then
 * is their name known. An arrow needs a slice at either end: a message gets a
 * short one. Names of processes and threads are written at their end, for they
 * change before that.
 */
#include "perfetto.h"

#include "core/place.h"
#include "core/text.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

enum { LABEL = NAME_BYTES + 16, MESSAGE_NS = 20000 };

struct entry {
	struct perfetto *to;
	const struct event *event;
	const char *text;
};

/* Takes over the object. */
static void
put(struct perfetto *to, json_t *object)
{
	if (to->some)
		fputs(",\n", to->file);
	to->some = true;
	json_dumpf(object, to->file, JSON_COMPACT | JSON_REAL_PRECISION(15));
	json_decref(object);
}

static double
microseconds(const struct perfetto *to, uint64_t time)
{
	uint64_t start = to->model->start;

	return time > start ? (double)(time - start) / 1e3 : 0;
}

static json_t *
new_object(const struct perfetto *to, const char *phase, uint64_t time,
           uint32_t pid, uint32_t tid)
{
	return json_pack("{s:s, s:f, s:i, s:i}", "ph", phase, "ts",
	                 microseconds(to, time), "pid", (int)pid, "tid",
	                 (int)tid);
}

/* Words as valid UTF-8 whatever they were. */
static void
set_name(json_t *object, const char *words, size_t size)
{
	char clean[EVENT_TEXT_MAX * 3 + 1];
	size_t length = text_utf8(clean, sizeof(clean), words, size);

	json_object_set_new(object, "name", json_stringn(clean, length));
}

static const char *
label(const struct entry *entry, char into[LABEL])
{
	const struct model *model = entry->to->model;
	const struct thread *thread =
	    actor_thread(&model->actors, entry->event->tid);

	if (thread)
		return model_thread_label(model, thread, into, LABEL);
	snprintf(into, LABEL, "%" PRIu32, entry->event->tid);
	return into;
}

/* ---- names ---- */

static void
name_row(struct perfetto *to, const char *what, uint32_t pid, uint32_t tid,
         const char *name)
{
	json_t *object = new_object(to, "M", 0, pid, tid), *args;
	char clean[LABEL * 3 + 1];

	text_utf8(clean, sizeof(clean), name, strlen(name));
	args = json_pack("{s:s}", "name", clean);
	json_object_set_new(object, "name", json_string(what));
	json_object_set_new(object, "args", args);
	put(to, object);
}

static void
name_thread(struct perfetto *to, const struct thread *thread)
{
	char name[LABEL];

	model_thread_label(to->model, thread, name, sizeof(name));
	name_row(to, "thread_name", thread->pid, thread->tid, name);
}

static void
name_process(struct perfetto *to, const struct process *process)
{
	char name[LABEL];

	model_process_label(process, name, sizeof(name));
	name_row(to, "process_name", process->pid, process->pid, name);
}

/* ---- slices ---- */

static json_t *
new_slice(struct perfetto *to, const struct event *event, uint64_t begin,
          uint64_t length, const char *category)
{
	json_t *object = new_object(to, "X", begin, event->pid, event->tid);

	json_object_set_new(object, "dur", json_real((double)length / 1e3));
	json_object_set_new(object, "cat", json_string(category));
	return object;
}

static void
put_block(struct perfetto *to, const struct event *event, uint64_t length,
          const char *words, size_t size)
{
	char name[EVENT_TEXT_MAX + 16];
	json_t *object =
	    new_slice(to, event, event->time - length, length, "block");
	int used = snprintf(name, sizeof(name), "BLOCKED%s%.*s",
	                    size ? " by " : "", (int)size, words);

	set_name(object, name, (size_t)used);
	/* Red, in the words of the format. */
	json_object_set_new(object, "cname", json_string("terrible"));
	put(to, object);
}

static void
freed(const struct entry *entry)
{
	put_block(entry->to, entry->event, entry->event->value, entry->text,
	          place_words(entry->text, entry->event->text));
}

static void
span_end(const struct entry *entry)
{
	const struct event *event = entry->event;
	json_t *object = new_slice(entry->to, event, event->time - event->value,
	                           event->value, "work");

	set_name(object, entry->text, event->text);
	put(entry->to, object);
}

/* ---- arrows ---- */

static void
message(const struct entry *entry)
{
	const struct event *event = entry->event;
	bool is_send = event_shape(event->kind) == SHAPE_SEND;
	const char *type = event_channel_name(channel_id_type(event->channel));
	char id[48], name[EVENT_TEXT_MAX + 48];
	json_t *object =
	    new_slice(entry->to, event, event->time, MESSAGE_NS, "message");
	int used = snprintf(name, sizeof(name), "%s %s %.*s",
	                    is_send ? "send" : "receive", type,
	                    (int)event->text, entry->text);

	set_name(object, name, (size_t)used);
	put(entry->to, object);
	snprintf(id, sizeof(id), "%" PRIx64 ".%" PRIu64, event->channel,
	         event->number);
	object = new_object(entry->to, is_send ? "s" : "f", event->time,
	                    event->pid, event->tid);
	json_object_set_new(object, "id", json_string(id));
	json_object_set_new(object, "cat", json_string("message"));
	json_object_set_new(object, "name", json_string(type));
	/* To the slice around it, not to the next one. */
	if (!is_send)
		json_object_set_new(object, "bp", json_string("e"));
	put(entry->to, object);
}

/* ---- counters ---- */

/* Takes over the arguments. */
static void
count(const struct entry *entry, const char *name, json_t *args)
{
	json_t *object = new_object(entry->to, "C", entry->event->time,
	                            entry->event->pid, entry->event->tid);

	set_name(object, name, strlen(name));
	json_object_set_new(object, "args", args);
	put(entry->to, object);
}

static double
percent(uint64_t part, uint64_t whole)
{
	return whole ? (double)part * 100 / (double)whole : 0;
}

static void
thread_gauge(const struct entry *entry)
{
	const struct event *event = entry->event;
	char name[LABEL + 8], of[LABEL];

	snprintf(name, sizeof(name), "CPU %s", label(entry, of));
	count(
	    entry, name,
	    json_pack("{s:f, s:f}", "running %",
	              percent(event->value, event->number), "waits for a CPU %",
	              percent(event->size, event->number)));
}

static void
loop_gauge(const struct entry *entry)
{
	const struct event *event = entry->event;
	char name[LABEL + 8], of[LABEL];
	json_t *args = json_pack("{s:f}", "utilisation %",
	                         percent(event->value, event->size));

	snprintf(name, sizeof(name), "loop %s", label(entry, of));
	if (event->channel != EVENT_LAGS_UNKNOWN)
		json_object_set_new(args, "worst lag ms",
		                    json_real((double)event->number / 1e6));
	count(entry, name, args);
}

static void
process_gauge(const struct entry *entry)
{
	count(
	    entry, "memory",
	    json_pack("{s:f}", "RSS MiB", (double)entry->event->value / 1024));
}

static void
pool_gauge(const struct entry *entry)
{
	count(entry, "thread pool",
	      json_pack("{s:i, s:i}", "running", (int)entry->event->value,
	                "queued", (int)entry->event->size));
}

/* ---- instants ---- */

static void
instant(const struct entry *entry, const char *what)
{
	const struct event *event = entry->event;
	json_t *object =
	    new_object(entry->to, "i", event->time, event->pid, event->tid);
	char name[EVENT_TEXT_MAX + 32];
	int used =
	    snprintf(name, sizeof(name), "%s%s%.*s", what,
	             event->text ? " " : "", (int)event->text, entry->text);

	set_name(object, name, (size_t)used);
	json_object_set_new(object, "s", json_string("t"));
	put(entry->to, object);
}

static void
born(const struct entry *entry)
{
	instant(entry, event_birth_name(entry->event->number));
}

static void
said(const struct entry *entry)
{
	instant(entry, event_name(entry->event->kind));
}

static void
process_died(const struct entry *entry)
{
	const struct model *model = entry->to->model;
	const struct process *process =
	    actor_process(&model->actors, entry->event->pid);

	said(entry);
	if (!process)
		return;
	name_process(entry->to, process);
	for (uint32_t i = 0; i < model->actors.thread_table.count; i++) {
		const struct thread *thread = &model->actors.threads[i];

		if (thread->pid == process->pid &&
		    thread->row.died == process->row.died)
			name_thread(entry->to, thread);
	}
}

static void
thread_died(const struct entry *entry)
{
	const struct thread *thread =
	    actor_thread(&entry->to->model->actors, entry->event->tid);

	if (thread)
		name_thread(entry->to, thread);
}

static void (*const writers[EVENT_KINDS])(const struct entry *entry) = {
    [EVENT_PROCESS_BORN] = born,
    [EVENT_PROCESS_EXEC] = said,
    [EVENT_PROCESS_DIED] = process_died,
    [EVENT_THREAD_DIED] = thread_died,
    [EVENT_MESSAGE_SEND] = message,
    [EVENT_MESSAGE_RECV] = message,
    [EVENT_HANDLE_SEND] = message,
    [EVENT_HANDLE_RECV] = message,
    [EVENT_SPAN_END] = span_end,
    [EVENT_LOOP_FREED] = freed,
    [EVENT_LOOP_GAUGE] = loop_gauge,
    [EVENT_THREAD_GAUGE] = thread_gauge,
    [EVENT_PROCESS_GAUGE] = process_gauge,
    [EVENT_POOL_GAUGE] = pool_gauge,
    [EVENT_NOTE] = said,
    [EVENT_LOST] = said,
};

void
perfetto_begin(struct perfetto *perfetto)
{
	fputs("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n",
	      perfetto->file);
}

bool
perfetto_put(void *data, const struct event *event, const char *text)
{
	struct entry entry = {data, event, text};

	if (writers[event->kind])
		writers[event->kind](&entry);
	return true;
}

/* What was not over when the recording was. */
static void
put_unfinished(struct perfetto *to, const struct thread *thread)
{
	uint64_t now = to->model->now, since = thread->loop.blocked_since;
	struct event event = {
	    .time = now, .pid = thread->pid, .tid = thread->tid};
	const char *cause = thread->loop.cause;
	json_t *object;

	if (since && since < now)
		put_block(to, &event, now - since, cause, strlen(cause));
	if (!thread->span_since || thread->span_since >= now)
		return;
	object = new_slice(to, &event, thread->span_since,
	                   now - thread->span_since, "work");
	set_name(object, thread->span, strlen(thread->span));
	put(to, object);
}

void
perfetto_end(struct perfetto *perfetto)
{
	const struct actors *actors = &perfetto->model->actors;

	for (uint32_t i = 0; i < actors->process_table.count; i++)
		if (!actors->processes[i].row.died)
			name_process(perfetto, &actors->processes[i]);
	for (uint32_t i = 0; i < actors->thread_table.count; i++) {
		if (actors->threads[i].row.died)
			continue;
		name_thread(perfetto, &actors->threads[i]);
		put_unfinished(perfetto, &actors->threads[i]);
	}
	fputs("\n]}\n", perfetto->file);
}
