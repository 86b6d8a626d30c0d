#include "trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define BYTE_ORDER_NAME "little"
#else
#define BYTE_ORDER_NAME "big"
#endif

static const char first_line[] = "looptop trace 1\n";
static const char order_line[] = "byte-order: " BYTE_ORDER_NAME "\n";

static int
damaged(struct trace *trace, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(trace->error, sizeof(trace->error), format, list);
	va_end(list);
	return -EINVAL;
}

int
trace_create(struct trace *trace, const char *path, const char *about)
{
	memset(trace, 0, sizeof(*trace));
	trace->file = fopen(path, "we");
	if (!trace->file)
		return -errno;
	fprintf(trace->file, "%s%s%s\n", first_line, order_line,
	        about ? about : "");
	return 0;
}

bool
trace_put(void *data, const struct event *event, const char *text)
{
	static const char padding[8];
	struct trace *trace = data;
	size_t pad = event_record_size(event->text) - EVENT_HEAD - event->text;

	/* Nothing may follow what failed: there would be a gap before it. */
	if (!ferror(trace->file) &&
	    fwrite(event, EVENT_HEAD, 1, trace->file) == 1 &&
	    fwrite(text, 1, event->text, trace->file) == event->text)
		fwrite(padding, 1, pad, trace->file);
	return true;
}

int
trace_open(struct trace *trace, const char *path)
{
	char line[256];
	bool known_order = false;

	memset(trace, 0, sizeof(*trace));
	trace->file = fopen(path, "re");
	if (!trace->file)
		return -errno;
	if (!fgets(line, sizeof(line), trace->file))
		return ferror(trace->file) ? -errno
		                           : damaged(trace, "it is empty");
	trace->offset = strlen(line);
	if (strcmp(line, first_line) != 0)
		return damaged(trace, "it is no looptop recording (its first "
		                      "line is not \"looptop trace 1\")");
	while (fgets(line, sizeof(line), trace->file)) {
		trace->offset += strlen(line);
		if (strcmp(line, "\n") == 0)
			return known_order ? 0
			                   : damaged(trace, "its header does "
			                                    "not say the "
			                                    "byte order of "
			                                    "this machine");
		if (!strchr(line, ':') || !strchr(line, '\n'))
			break;
		if (strcmp(line, order_line) == 0)
			known_order = true;
		(void)sscanf(line, "verb: %15[a-z]", trace->verb);
	}
	return damaged(trace, "its header is damaged at offset %" PRIu64,
	               trace->offset);
}

int
trace_next(struct trace *trace, struct event *event,
           char text[EVENT_TEXT_MAX + 1])
{
	char rest[EVENT_TEXT_MAX + 8];
	size_t got = fread(event, 1, EVENT_HEAD, trace->file);
	size_t more;

	if (got == 0 && feof(trace->file))
		return 0;
	if (got < EVENT_HEAD)
		return damaged(trace, "it is cut at offset %" PRIu64,
		               trace->offset + got);
	if (!event_is_valid(event))
		return damaged(trace, "no record begins at offset %" PRIu64,
		               trace->offset);
	more = event_record_size(event->text) - EVENT_HEAD;
	got = fread(rest, 1, more, trace->file);
	if (got < more)
		return damaged(trace, "it is cut at offset %" PRIu64,
		               trace->offset + EVENT_HEAD + got);
	memcpy(text, rest, event->text);
	text[event->text] = '\0';
	trace->offset += EVENT_HEAD + more;
	return 1;
}

int
trace_close(struct trace *trace)
{
	int error = 0;

	if (!trace->file)
		return 0;
	if (ferror(trace->file))
		error = -EIO;
	if (fclose(trace->file) != 0 && !error)
		error = -errno;
	trace->file = NULL;
	return error;
}
