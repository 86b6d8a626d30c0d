/*
 * json: the stream as JSON lines, one object an event, on a FILE
 * (../shared/CLI.md is the contract: kinds and fields do not change).
 */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include "core/model.h"

#include <stdio.h>

struct json_lines {
	FILE *file;
	const struct model *model; /* for `t`, and what an event leaves out */
};

/* A sink for stream_add(), behind the model: data is the struct json_lines. */
bool json_put(void *data, const struct event *event, const char *text);

#endif
