/*
 * lines: what a process writes becomes events, a line each (stdout, stderr); a
 * line that is too long comes in parts.
 */
#ifndef RUNTIME_LINES_H
#define RUNTIME_LINES_H

#include "core/event.h"

enum { LINES_BYTES = 512 };

struct lines {
	uint32_t pid; /* who writes */
	uint32_t tid; /* 0: its main thread */
	bool is_stderr;
	size_t used;
	char partial[LINES_BYTES];
};

/* Emits the lines that `bytes` complete; keeps the rest. */
void lines_feed(struct lines *lines, const char *bytes, size_t size);

/* The output has ended: emits what is left. */
void lines_end(struct lines *lines);

#endif
