#include "child_exec.h"

#include "core/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Node's error ---- */

/* Replaces *text, NULL when there is no memory. */
static void __attribute__((format(printf, 2, 3)))
print_into(char **text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (vasprintf(text, format, args) < 0)
		*text = NULL;
	va_end(args);
}

static void
describe_error(const struct child *child, struct child_failure *failure)
{
	failure->code_name = uv_err_name(child->error);
	print_into(&failure->message, "spawn %s %s", child->file,
	           failure->code_name);
}

static void
describe_full(const struct child *child, struct child_failure *failure)
{
	failure->name = "RangeError";
	failure->code_name = "ERR_CHILD_PROCESS_STDIO_MAXBUFFER";
	print_into(&failure->message, "%s maxBuffer length exceeded",
	           child->full == 2 ? "stderr" : "stdout");
}

static void
describe_abort(struct child_failure *failure)
{
	failure->name = "AbortError";
	failure->code_name = "ABORT_ERR";
	print_into(&failure->message, "The operation was aborted");
}

static void
describe_end(const struct child *child, struct child_failure *failure)
{
	char *err = child_text(&child->buffers[1]);

	failure->code = child->code;
	failure->signal = child->signal;
	failure->killed = child->killed;
	print_into(&failure->message, "Command failed: %s\n%s", child->command,
	           err ? err : "");
	free(err);
}

int
child_failure_make(const struct child *child, struct child_failure *failure)
{
	if (!child->error && child->code == 0 && !child->signal)
		return 0;
	memset(failure, 0, sizeof(*failure));
	failure->name = "Error";
	failure->code = -1;
	failure->command = child->command;
	if (child->error == -ECANCELED)
		describe_abort(failure);
	else if (child->error == -ENOBUFS)
		describe_full(child, failure);
	else if (child->error)
		describe_error(child, failure);
	else
		describe_end(child, failure);
	return failure->message ? 1 : -ENOMEM;
}

void
child_failure_close(struct child_failure *failure)
{
	free(failure->message);
	failure->message = NULL;
}

/* ---- text ---- */

/* How many bytes of a broken character are one piece of it: those that could
 * have begun a character, at least one. */
static size_t
broken_bytes(const char *bytes, size_t size)
{
	unsigned char first = (unsigned char)bytes[0];
	size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2, used = 1;

	if (first < 0xc2 || first > 0xf4)
		return 1;
	for (; used < length && used < size; used++) {
		char whole[4] = {bytes[0], (char)0x80, (char)0x80, (char)0x80};
		uint32_t point;

		if (first == 0xe0)
			whole[1] = (char)0xa0;
		if (first == 0xf0)
			whole[1] = (char)0x90;
		memcpy(whole + 1, bytes + 1, used);
		if (text_decode(whole, length, &point) != length)
			break;
	}
	return used;
}

char *
child_text(const struct child_buffer *buffer)
{
	char *text = malloc(buffer->size * 3 + 1);
	size_t used = 0, at = 0;

	while (text && at < buffer->size) {
		const char *from = buffer->bytes + at;
		size_t left = buffer->size - at, length;
		uint32_t point;

		length = text_decode(from, left, &point);
		used += text_encode(point, text + used);
		if (length == 1 && point == TEXT_REPLACEMENT)
			length = broken_bytes(from, left);
		at += length;
	}
	if (text)
		text[used] = '\0';
	return text;
}

/* ---- exec, execFile ---- */

static int
spawn_kept(struct child *child, struct loop *loop, struct child_options options,
           const struct child_events *events)
{
	if (!options.max_buffer)
		options.max_buffer = CHILD_MAX_BUFFER;
	return child_spawn(child, loop, &options, events);
}

int
child_exec_file(struct child *child, struct loop *loop,
                const struct child_options *options,
                const struct child_events *events)
{
	struct child_options all = *options;

	all.how = BIRTH_EXEC_FILE;
	return spawn_kept(child, loop, all, events);
}

int
child_exec_command(struct child *child, struct loop *loop, const char *command,
                   const struct child_options *options,
                   const struct child_events *events)
{
	struct child_options all = *options;

	all.how = BIRTH_EXEC;
	all.file = command;
	all.args = NULL;
	if (!all.shell)
		all.shell = "/bin/sh";
	return spawn_kept(child, loop, all, events);
}

int
child_exec(struct child *child, struct loop *loop, const char *command,
           size_t max_buffer, const struct child_events *events)
{
	const struct child_options options = {.max_buffer = max_buffer};

	return child_exec_command(child, loop, command, &options, events);
}
