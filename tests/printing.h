/* Events in, JSON lines out, for the tests of the lines. */
#ifndef TESTS_PRINTING_H
#define TESTS_PRINTING_H

#include "test.h"

#include "core/stream.h"
#include "report/json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* When the first event comes, and the pid of most. */
#define START 5000000000ull
enum { PID = 100 };

struct printing {
	struct model model;
	struct stream stream;
	struct json_lines lines;
	char *text;
	size_t size, read;
};

static inline int
setup(void **state)
{
	static struct printing printing;

	memset(&printing, 0, sizeof(printing));
	model_init(&printing.model);
	stream_init(&printing.stream);
	printing.lines.model = &printing.model;
	printing.lines.file = open_memstream(&printing.text, &printing.size);
	*state = &printing;
	return stream_add(&printing.stream, model_put, &printing.model) ||
	       stream_add(&printing.stream, json_put, &printing.lines);
}

static inline int
teardown(void **state)
{
	struct printing *printing = *state;

	fclose(printing->lines.file);
	free(printing->text);
	return 0;
}

/* ---- events in, lines out ---- */

static inline void
put_bytes(struct printing *printing, struct event event, const char *text,
          size_t size)
{
	event.magic = EVENT_MAGIC;
	event.text = (uint16_t)size;
	event.time += START;
	if (!event.pid)
		event.pid = PID;
	if (!event.tid)
		event.tid = event.pid;
	stream_event(&printing->stream, &event, text);
	fflush(printing->lines.file);
}

static inline void
put(struct printing *printing, struct event event, const char *text)
{
	put_bytes(printing, event, text, strlen(text));
}

/* The next line, parsed; it is one line and nothing but it. NULL: none. */
static inline json_t *
take(struct printing *printing)
{
	char *line = printing->text + printing->read, *end;
	json_error_t error;
	json_t *object;

	if (printing->read == printing->size)
		return NULL;
	end = strchr(line, '\n');
	assert_non_null(end);
	printing->read += (size_t)(end + 1 - line);
	object = json_loadb(line, (size_t)(end - line),
	                    JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	if (!object)
		fail_msg("%s: %.*s", error.text, (int)(end - line), line);
	return object;
}

static inline void
expect(struct printing *printing, const char *expected)
{
	json_t *line = take(printing), *wanted = json_loads(expected, 0, NULL);

	assert_non_null(wanted);
	if (!line)
		fail_msg("no line, not %s", expected);
	if (!json_equal(line, wanted))
		fail_msg(
		    "%s\nnot %s",
		    json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(9)),
		    expected);
	json_decref(line);
	json_decref(wanted);
}

static inline void
expect_nothing(struct printing *printing)
{
	assert_null(take(printing));
}

/* A process, its main thread and a worker thread 101; their lines are taken. */
static inline void
begin(struct printing *printing)
{
	put(printing,
	    (struct event){.kind = EVENT_PROCESS_BORN, .other_pid = 1}, "app");
	put(printing,
	    (struct event){.kind = EVENT_THREAD_BORN, .number = ROLE_MAIN},
	    "main");
	put(printing,
	    (struct event){.kind = EVENT_THREAD_BORN,
	                   .tid = 101,
	                   .number = ROLE_WORKER,
	                   .value = 7},
	    "resizer");
	for (int i = 0; i < 3; i++)
		json_decref(take(printing));
	expect_nothing(printing);
}

static inline void
assert_field(struct printing *printing, const char *name, const char *value)
{
	json_t *line = take(printing);

	assert_non_null(line);
	assert_string_equal(json_string_value(json_object_get(line, name)),
	                    value);
	json_decref(line);
}

static const uint64_t ipc = (uint64_t)CHANNEL_IPC << 60 | 42 << 1;

static inline void
open_channel(struct printing *printing)
{
	begin(printing);
	put(printing,
	    (struct event){.kind = EVENT_CHANNEL_BORN,
	                   .channel = ipc,
	                   .number = CHANNEL_IPC,
	                   .other_pid = 200,
	                   .other_tid = 201},
	    "ipc");
}

#endif
