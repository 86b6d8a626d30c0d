/*
 * Failures, before line one:
 * - it takes too long, or says too much: it is killed once, and its pipes are
 *   closed, so whoever else holds them does not matter;
 * - it does not read its input: -EPIPE, but it is waited for.
 */
#include "child_sync.h"

#include "child_life.h"
#include "child_stdio.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct run {
	struct child child;
	struct loop loop; /* only its uv: nobody is told of this one */
	struct child_result *result;
	size_t most, kept;
	uv_timer_t timer;
	bool killed;
};

static void
close_streams(struct run *run)
{
	struct child_life *life = run->child.life;

	for (int fd = 0; fd < life->count; fd++)
		child_stream_close(&life->streams[fd]);
}

/* Once; also of a child that has ended and left its pipes to others. */
static void
give_up(struct run *run, int error)
{
	if (run->killed)
		return;
	run->killed = true;
	run->result->error = error;
	child_kill(&run->child, run->child.life->kill_signal);
	close_streams(run);
	uv_timer_stop(&run->timer);
}

static void
on_timeout(uv_timer_t *timer)
{
	give_up(timer->data, -ETIMEDOUT);
}

static void
on_error(struct child *child, int error)
{
	struct run *run = child->data;

	run->result->error = error;
}

/* Whole chunks are kept, as they came. */
static void
on_output(struct child *child, int fd, const char *bytes, size_t size)
{
	struct run *run = child->data;
	struct child_buffer *buffer =
	    fd == 1 ? &run->result->out : &run->result->err;
	char *bigger = NULL;

	if (fd > 2)
		return;
	bigger = realloc(buffer->bytes, buffer->size + size + 1);
	if (!bigger) {
		give_up(run, -ENOMEM);
		return;
	}
	memcpy(bigger + buffer->size, bytes, size);
	buffer->bytes = bigger;
	buffer->size += size;
	buffer->bytes[buffer->size] = '\0';
	run->kept += size;
	if (run->kept > run->most)
		give_up(run, -ENOBUFS);
}

static void
on_exited(struct child *child, int code, int signal)
{
	const struct child_stream *in = &child->life->streams[0];
	struct run *run = child->data;

	run->result->status = code;
	run->result->signal = signal;
	if ((in->broken || in->pipe.write_queue_size) && !run->result->error)
		run->result->error = -EPIPE;
}

static void
on_close(struct child *child)
{
	struct run *run = child->data;

	if (!uv_is_closing((uv_handle_t *)&run->timer))
		uv_close((uv_handle_t *)&run->timer, NULL);
}

static const struct child_events events = {
    .error = on_error,
    .output = on_output,
    .exit = on_exited,
    .close = on_close,
};

static int
check(const struct child_options *options)
{
	int error = child_plan_check(options);

	for (int fd = 0; fd < child_plan_count(options) && !error; fd++)
		if (child_plan_descriptor(options, fd).mode == CHILD_IPC)
			error = -EINVAL;
	return error;
}

static void
feed(struct run *run, const char *input, size_t size)
{
	if (input && size && child_stdin(&run->child) &&
	    child_write(&run->child, 0, input, size) < 0)
		run->result->error = -EPIPE;
	child_end(&run->child, 0);
}

/* Runs the loop until the child is over; nobody else uses that loop. */
static void
run_to_the_end(struct run *run, const struct child_options *options,
               const char *input, size_t size)
{
	struct child_options all = *options;
	int error;

	run->most = all.max_buffer ? all.max_buffer : CHILD_MAX_BUFFER;
	all.max_buffer = 0;
	all.timeout_ms = 0;
	all.aborted = false;
	uv_timer_init(&run->loop.uv, &run->timer);
	run->timer.data = run;
	run->child.data = run;
	error = child_spawn(&run->child, &run->loop, &all, &events);
	if (error) {
		run->result->error = error;
		uv_close((uv_handle_t *)&run->timer, NULL);
	} else {
		run->result->pid = run->child.pid;
		if (options->timeout_ms)
			uv_timer_start(&run->timer, on_timeout,
			               options->timeout_ms, 0);
		feed(run, input, size);
	}
	uv_run(&run->loop.uv, UV_RUN_DEFAULT);
}

int
child_run_sync(struct loop *loop, const struct child_options *options,
               const char *input, size_t size, struct child_result *result)
{
	char span[64];
	struct run *run;
	int error = check(options);

	memset(result, 0, sizeof(*result));
	result->status = -1;
	if (error)
		return error;
	run = calloc(1, sizeof(*run));
	error = run ? uv_loop_init(&run->loop.uv) : -ENOMEM;
	if (error) {
		result->error = error;
		free(run);
		return 0;
	}
	run->result = result;
	snprintf(span, sizeof(span), "spawnSync %.40s", options->file);
	if (loop)
		loop_span_begin(loop, span);
	run_to_the_end(run, options, input, size);
	if (loop)
		loop_span_end(loop, span);
	uv_loop_close(&run->loop.uv);
	free(run);
	return 0;
}

void
child_result_close(struct child_result *result)
{
	free(result->out.bytes);
	free(result->err.bytes);
	memset(result, 0, sizeof(*result));
}

/* ---- what the others of Node's make of it ---- */

static int
describe_error(const struct child_result *result, const char *command,
               struct child_failure *failure)
{
	int first = (int)strcspn(command, " ");

	failure->code_name = uv_err_name(result->error);
	return asprintf(&failure->message, "spawnSync %.*s %s", first, command,
	                failure->code_name);
}

static int
describe_end(const struct child_result *result, const char *command,
             struct child_failure *failure)
{
	char *err = child_text(&result->err);
	int printed =
	    asprintf(&failure->message, "Command failed: %s%s%s", command,
	             result->err.size ? "\n" : "", err ? err : "");

	free(err);
	return printed;
}

int
child_failure_make_sync(const struct child_result *result, const char *command,
                        struct child_failure *failure)
{
	int printed;

	if (!result->error && result->status == 0)
		return 0;
	memset(failure, 0, sizeof(*failure));
	failure->name = "Error";
	failure->code = result->status;
	failure->signal = result->signal;
	failure->command = command;
	printed = result->error ? describe_error(result, command, failure)
	                        : describe_end(result, command, failure);
	if (printed >= 0)
		return 1;
	failure->message = NULL;
	return -ENOMEM;
}
