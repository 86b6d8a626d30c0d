/*
 * perfetto: the stream as a file for ui.perfetto.dev and chrome://tracing, in
 * the Trace Event Format (JSON): blocks and work as slices on each thread's
 * track, messages as arrows, gauges as counters, births and ends as instants.
 */
#ifndef REPORT_PERFETTO_H
#define REPORT_PERFETTO_H

#include "core/model.h"

#include <stdio.h>

struct perfetto {
	FILE *file;
	const struct model *model; /* for `ts`, and what an event leaves out */
	bool some;                 /* was written */
};

/* Writes what stands before the first event. */
void perfetto_begin(struct perfetto *perfetto);

/* A sink for stream_add(), behind the model: data is the struct perfetto. */
bool perfetto_put(void *data, const struct event *event, const char *text);

/* Writes what lasts still, the names of all, and what stands behind the last
 * event. The file stays open; its errors are ferror(3)'s. */
void perfetto_end(struct perfetto *perfetto);

#endif
