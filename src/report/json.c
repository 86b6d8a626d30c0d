/*
 * Each kind has a function that adds its fields; kinds without one are for the
 * screen only and are not printed (loop-turns: fifty a second and loop).
 */
#include "json_parts.h"

#include "core/place.h"

#include <string.h>

enum { LINE_ROOM = 2048 };

/* ---- kinds ---- */

static void
process_born(struct line *line)
{
	set_integer(line, "ppid", line->event->other_pid);
	set_string(line, "how", event_birth_name(line->event->number));
	set_text(line, "command");
}

static void
births(struct line *line)
{
	set_integer(line, "missed", line->event->number);
	set_text(line, "source");
}

static void
process_exec(struct line *line)
{
	set_text(line, "command");
}

static void
process_title(struct line *line)
{
	set_text(line, "title");
}

static void
end_of_process(struct line *line)
{
	if (line->event->number == DEATH_CODE)
		set_integer(line, "code", line->event->value);
	else if (line->event->number == DEATH_SIGNAL)
		set_integer(line, "signal", line->event->value);
}

static void
process_exit(struct line *line)
{
	set_integer(line, "child", line->event->other_pid);
	end_of_process(line);
}

static void
process_zombie(struct line *line)
{
	json_object_set_new(line->object, "zombie",
	                    json_boolean(line->event->number != 0));
	if (line->event->other_pid)
		set_integer(line, "parent", line->event->other_pid);
}

static void
output_kept(struct line *line)
{
	set_integer(line, "child", line->event->other_pid);
	set_integer(line, "bytes", line->event->number);
	if (line->event->value)
		set_integer(line, "most", line->event->value);
}

static void
thread_born(struct line *line)
{
	const struct event *event = line->event;

	set_text(line, "name");
	set_string(line, "role", event_role_name(event->number));
	if (event->number == ROLE_WORKER)
		set_integer(line, "thread_id", event->value);
}

static void
thread_died(struct line *line)
{
	const struct thread *thread =
	    actor_thread(&line->model->actors, line->event->tid);

	set_string(line, "name", thread ? thread->name : "");
	set_string(line, "role", event_role_name(thread ? thread->role : 0));
	if (thread && thread->role == ROLE_WORKER)
		set_integer(line, "thread_id", thread->id);
}

/* "name: reason" */
static void
thread_role(struct line *line)
{
	const char *end = memchr(line->text, ':', line->event->text);
	size_t name = end ? (size_t)(end - line->text) : line->event->text;
	size_t skip = name + 2 < line->event->text ? name + 2 : name;

	set_words(line, "name", line->text, name);
	set_string(line, "role", event_role_name(line->event->number));
	set_words(line, "reason", line->text + skip, line->event->text - skip);
}

static void
span(struct line *line)
{
	set_text(line, "name");
	if (line->event->kind == EVENT_SPAN_END)
		set_ms(line, "ms", line->event->value);
}

/* The agent knows the place: in words, and each part of it. */
static void
set_cause(struct line *line)
{
	size_t size = line->event->text;
	struct place place;

	set_words(line, "cause", line->text, place_words(line->text, size));
	if (!place_read(&place, line->text, size))
		return;
	set_words(line, "function", place.function, place.function_size);
	set_words(line, "file", place.file, place.file_size);
	set_integer(line, "line", place.line);
}

static void
block(struct line *line)
{
	if (line->event->text)
		set_cause(line);
	set_ms(line, "ms", line->event->value);
	set_string(line, "source", event_witness_name(line->event->number));
	if (line->event->size)
		set_string(line, "method",
		           event_method_name(line->event->size));
}

static void
loop_cause(struct line *line)
{
	set_cause(line);
}

static void
loop_gauge(struct line *line)
{
	const struct event *event = line->event;
	double share =
	    event->size ? (double)event->value / (double)event->size : 0;

	json_object_set_new(line->object, "utilisation",
	                    json_real(share < 1 ? share : 1));
	if (event->channel == EVENT_LAGS_UNKNOWN) {
		if (event->number && event->number < METHODS)
			set_string(line, "method",
			           event_method_name(event->number));
		return;
	}
	set_ms(line, "lag_p50_ms", (event->channel & UINT32_MAX) * 1000);
	set_ms(line, "lag_p99_ms", (event->channel >> 32) * 1000);
	set_ms(line, "lag_max_ms", event->number);
}

static void
thread_gauge(struct line *line)
{
	set_ms(line, "cpu_ms", line->event->value);
	set_ms(line, "wait_ms", line->event->size);
}

static void
process_gauge(struct line *line)
{
	set_integer(line, "rss_kb", line->event->value);
	set_integer(line, "threads", line->event->size);
	set_integer(line, "fds", line->event->number);
}

static void
pool_gauge(struct line *line)
{
	set_integer(line, "slots", line->event->number);
	set_integer(line, "running", line->event->value);
	set_integer(line, "queued", line->event->size);
}

static void
words(struct line *line)
{
	set_text(line, "text");
}

static void
atomics_wait(struct line *line)
{
	set_integer(line, "count", line->event->number);
	set_ms(line, "ms", line->event->value);
}

static void
atomics_notify(struct line *line)
{
	set_integer(line, "woken", line->event->number);
}

static void
agent(struct line *line)
{
	set_text(line, "node");
}

static void
lost(struct line *line)
{
	set_integer(line, "count", line->event->number);
}

static void (*const fields[EVENT_KINDS])(struct line *line) = {
    [EVENT_CHANNEL_QUEUE] = json_channel_queue,
    [EVENT_BIRTHS] = births,
    [EVENT_PROCESS_BORN] = process_born,
    [EVENT_PROCESS_EXEC] = process_exec,
    [EVENT_PROCESS_TITLE] = process_title,
    [EVENT_PROCESS_DIED] = end_of_process,
    [EVENT_PROCESS_EXIT] = process_exit,
    [EVENT_THREAD_BORN] = thread_born,
    [EVENT_THREAD_DIED] = thread_died,
    [EVENT_THREAD_ROLE] = thread_role,
    [EVENT_CHANNEL_BORN] = json_channel_born,
    [EVENT_CHANNEL_DIED] = json_channel_died,
    [EVENT_MESSAGE_SEND] = json_message,
    [EVENT_MESSAGE_RECV] = json_message,
    [EVENT_HANDLE_SEND] = json_handle,
    [EVENT_HANDLE_RECV] = json_handle,
    [EVENT_REQUEST] = json_request,
    [EVENT_SPAN_BEGIN] = span,
    [EVENT_SPAN_END] = span,
    [EVENT_ATOMICS_WAIT] = atomics_wait,
    [EVENT_ATOMICS_NOTIFY] = atomics_notify,
    [EVENT_LOOP_BLOCKED] = block,
    [EVENT_LOOP_FREED] = block,
    [EVENT_LOOP_GAUGE] = loop_gauge,
    [EVENT_THREAD_GAUGE] = thread_gauge,
    [EVENT_PROCESS_GAUGE] = process_gauge,
    [EVENT_POOL_GAUGE] = pool_gauge,
    [EVENT_STDOUT] = words,
    [EVENT_STDERR] = words,
    [EVENT_NOTE] = words,
    [EVENT_LOST] = lost,
    [EVENT_AGENT] = agent,
    [EVENT_LOOP_CAUSE] = loop_cause,
    [EVENT_PROCESS_ZOMBIE] = process_zombie,
    [EVENT_OUTPUT_KEPT] = output_kept,
};

/* In one piece: jansson hands a file every comma by itself. */
static void
write_line(FILE *file, const json_t *object)
{
	static const size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(9);
	char bytes[LINE_ROOM];
	size_t size = json_dumpb(object, bytes, sizeof(bytes) - 1, flags);

	if (size > 0 && size < sizeof(bytes)) {
		bytes[size++] = '\n';
		fwrite(bytes, 1, size, file);
		return;
	}
	json_dumpf(object, file, flags);
	fputc('\n', file);
}

bool
json_put(void *data, const struct event *event, const char *text)
{
	struct json_lines *lines = data;
	struct line line = {
	    .event = event,
	    .text = text,
	    .model = lines->model,
	};
	uint64_t start = lines->model->start;

	if (!fields[event->kind])
		return true;
	line.object = json_object();
	/* An event may be older than the first: its writer collected it. */
	json_object_set_new(line.object, "t",
	                    json_integer((json_int_t)(event->time - start)));
	set_string(&line, "kind", event_name(event->kind));
	set_integer(&line, "pid", event->pid);
	set_integer(&line, "tid", event->tid);
	fields[event->kind](&line);
	write_line(lines->file, line.object);
	json_decref(line.object);
	return true;
}
