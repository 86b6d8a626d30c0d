#include "lines.h"

#include "core/emit.h"

static void
tell(struct lines *lines)
{
	struct event event = {
	    .kind = lines->is_stderr ? EVENT_STDERR : EVENT_STDOUT,
	    .pid = lines->pid,
	    .tid = lines->tid ? lines->tid : lines->pid,
	};

	emit_bytes(&event, lines->partial, lines->used);
	lines->used = 0;
}

void
lines_feed(struct lines *lines, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == '\n') {
			tell(lines);
			continue;
		}
		if (lines->used == LINES_BYTES)
			tell(lines);
		lines->partial[lines->used++] = bytes[i];
	}
}

void
lines_end(struct lines *lines)
{
	if (lines->used)
		tell(lines);
}
