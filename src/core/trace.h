/*
 * trace: a recording is a header and the records as they came.
 *
 * The header is text: a line "looptop trace 1", lines "name: value", an empty
 * line. The records follow in the machine's byte order, which is why the
 * header says `byte-order`. Every byte of a recording is doubted: what is
 * wrong is reported with its offset, and ends the reading.
 */
#ifndef CORE_TRACE_H
#define CORE_TRACE_H

#include "event.h"

#include <stdio.h>

enum { TRACE_ERROR_MAX = 160, TRACE_VERB_MAX = 16 };

struct trace {
	FILE *file;
	uint64_t offset;
	char verb[TRACE_VERB_MAX];   /* "lab", "run", ...: by what; or "" */
	char error[TRACE_ERROR_MAX]; /* what was wrong, as half a sentence */
};

/* Creates `path` and writes the header; `about` is lines "name: value\n" with
 * the machine and the versions, or NULL. 0 or -errno. */
int trace_create(struct trace *trace, const char *path, const char *about);

/* A sink for stream_add(): data is the struct trace. A write that fails (disk
 * full) ends the recording, and trace_close() says so. */
bool trace_put(void *data, const struct event *event, const char *text);

/* Opens a recording and checks its header. 0; -errno of open(2) and read(2);
 * -EINVAL, and trace->error says what is wrong. trace_close() it either way. */
int trace_open(struct trace *trace, const char *path);

/* The next record: 1; 0 at the end; -EINVAL when the file is damaged or cut,
 * and trace->error says where. text[] gets event->text bytes and a NUL. */
int trace_next(struct trace *trace, struct event *event,
               char text[EVENT_TEXT_MAX + 1]);

/* 0, or -errno when what was written could not be kept. */
int trace_close(struct trace *trace);

#endif
