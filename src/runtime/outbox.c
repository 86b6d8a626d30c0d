/*
 * Failures, before line one:
 * - the peer does not read: batches wait, each message is still whole;
 * - a write fails because the peer is gone, or for another reason: the channel
 *   is told (channel_cannot_write()), what waits is freed with it;
 * - an acknowledgement overtakes the callback of the write it is for: the batch
 *   is freed when both have come;
 * - a refusal does the same: then the batch is written again in that callback.
 */
#include "outbox.h"

#include "channel_parts.h"

#include <errno.h>
#include <stdlib.h>

enum { BATCH_BYTES = 1 << 16, SPARE_BYTES = 1 << 17 };

struct batch {
	uv_write_t request;
	struct channel *channel;
	struct batch *next;
	uv_handle_t *handle; /* goes with the first byte, or NULL */
	struct bytes bytes;
	size_t written;
	int messages;
	bool in_flight, refused;
};

/* ---- batches ---- */

static struct batch *
new_batch(struct channel *channel, uv_handle_t *handle)
{
	struct batch *batch = channel->out.spare;

	channel->out.spare = NULL;
	if (!batch)
		batch = calloc(1, sizeof(*batch));
	if (!batch)
		return NULL;
	batch->channel = channel;
	batch->handle = handle;
	return batch;
}

static void
free_batch(struct batch *batch)
{
	bytes_free(&batch->bytes);
	free(batch);
}

/* Keeps one for the next message. */
static void
done_with(struct batch *batch)
{
	struct outbox *out = &batch->channel->out;
	struct bytes bytes = batch->bytes;

	if (out->spare || bytes.room > SPARE_BYTES) {
		free_batch(batch);
		return;
	}
	memset(batch, 0, sizeof(*batch));
	bytes.used = 0;
	batch->bytes = bytes;
	out->spare = batch;
}

static void
put_in_front(struct outbox *out, struct batch *batch)
{
	batch->next = out->first;
	if (!out->first)
		out->last = &batch->next;
	out->first = batch;
	out->bytes += batch->bytes.used;
}

static struct batch *
take_first(struct outbox *out)
{
	struct batch *batch = out->first;

	out->first = batch->next;
	if (!out->first)
		out->last = &out->first;
	batch->next = NULL;
	out->bytes -= batch->bytes.used;
	return batch;
}

void
outbox_init(struct outbox *out)
{
	memset(out, 0, sizeof(*out));
	out->last = &out->first;
}

void
outbox_free(struct outbox *out)
{
	while (out->first)
		free_batch(take_first(out));
	if (out->spare)
		free_batch(out->spare);
	if (out->awaited)
		free_batch(out->awaited);
	outbox_init(out);
}

bool
outbox_is_empty(const struct outbox *out)
{
	return !out->first && !out->awaited && !out->in_flight;
}

/* ---- adding ---- */

/* The last batch, if more may be put into it. */
static struct batch *
open_batch(struct outbox *out)
{
	struct batch *last;

	if (!out->first)
		return NULL;
	last =
	    (struct batch *)((char *)out->last - offsetof(struct batch, next));
	return last->handle || last->bytes.used >= BATCH_BYTES ? NULL : last;
}

int
outbox_add(struct channel *channel, const json_t *message, uv_handle_t *handle,
           struct outbox_place *place)
{
	struct outbox *out = &channel->out;
	struct batch *batch = handle ? NULL : open_batch(out);
	bool is_new = !batch;
	size_t before;
	int error;

	if (is_new)
		batch = new_batch(channel, handle);
	if (!batch)
		return -ENOMEM;
	before = batch->bytes.used;
	error = ipc_message_write(channel->in.mode, &batch->bytes, message);
	if (error && is_new)
		done_with(batch);
	if (error)
		return error;
	if (is_new) {
		*out->last = batch;
		out->last = &batch->next;
	}
	batch->messages++;
	out->behind += out->awaited != NULL;
	place->at = batch->bytes.at + before;
	place->size = batch->bytes.used - before;
	out->bytes += place->size;
	return 0;
}

/* ---- writing ---- */

static void on_written(uv_write_t *request, int status);

/* Gives libuv the rest of a batch. */
static int
submit(struct batch *batch)
{
	struct channel *channel = batch->channel;
	uv_stream_t *stream = (uv_stream_t *)&channel->pipe;
	uv_buf_t buffer =
	    uv_buf_init(batch->bytes.at + batch->written,
	                (unsigned)(batch->bytes.used - batch->written));
	int error;

	batch->request.data = batch;
	error = batch->handle
	            ? uv_write2(&batch->request, stream, &buffer, 1,
	                        (uv_stream_t *)batch->handle, on_written)
	            : uv_write(&batch->request, stream, &buffer, 1, on_written);
	if (error)
		return error;
	batch->in_flight = true;
	channel->out.in_flight++;
	return 0;
}

/* Most batches fit into the socket and need no callback. A part of a message
 * cannot be taken back: the rest of it is submitted. */
static int
write_batch(struct batch *batch)
{
	struct channel *channel = batch->channel;
	uv_buf_t buffer =
	    uv_buf_init(batch->bytes.at, (unsigned)batch->bytes.used);
	int written = 0;

	if (!channel->out.in_flight)
		written =
		    uv_try_write((uv_stream_t *)&channel->pipe, &buffer, 1);
	if (written < 0 && written != UV_EAGAIN) {
		done_with(batch);
		return written;
	}
	batch->written = written < 0 ? 0 : (size_t)written;
	if (batch->written < batch->bytes.used) {
		written = submit(batch);
		if (written == 0)
			return 0;
		done_with(batch);
		return written;
	}
	done_with(batch);
	return 0;
}

static int
write_handle(struct batch *batch)
{
	struct outbox *out = &batch->channel->out;
	int error = submit(batch);

	if (error) {
		done_with(batch);
		return error;
	}
	out->awaited = batch;
	out->behind = 0;
	for (struct batch *next = out->first; next; next = next->next)
		out->behind += next->messages;
	return 0;
}

/* One batch at a time is libuv's, so that the others can still grow. */
int
outbox_write(struct channel *channel)
{
	struct outbox *out = &channel->out;
	int error = 0;

	while (!error && out->first && !out->awaited && !out->in_flight &&
	       !channel->gone && !channel_is_closing(channel)) {
		struct batch *batch = take_first(out);

		error =
		    batch->handle ? write_handle(batch) : write_batch(batch);
	}
	return error;
}

int
outbox_write_aside(struct channel *channel, const json_t *message)
{
	struct batch *batch = new_batch(channel, NULL);
	int error;

	if (!batch)
		return -ENOMEM;
	error = ipc_message_write(channel->in.mode, &batch->bytes, message);
	if (!error && !channel->gone)
		return write_batch(batch);
	done_with(batch);
	return error;
}

static void
on_written(uv_write_t *request, int status)
{
	struct batch *batch = request->data;
	struct channel *channel = batch->channel;
	struct outbox *out = &channel->out;

	batch->in_flight = false;
	out->in_flight--;
	if (batch != out->awaited) {
		done_with(batch);
	} else if (batch->refused && status == 0) {
		out->awaited = NULL;
		batch->refused = false;
		put_in_front(out, batch);
	}
	if (status == UV_ECANCELED)
		return;
	if (status == 0)
		status = outbox_write(channel);
	channel_after_write(channel, status);
}

/* ---- handles ---- */

uv_handle_t *
outbox_acknowledged(struct channel *channel)
{
	struct outbox *out = &channel->out;
	struct batch *batch = out->awaited;
	uv_handle_t *handle = batch->handle;

	out->awaited = NULL;
	out->refusals = 0;
	out->behind = 0;
	if (!batch->in_flight)
		done_with(batch);
	return handle;
}

void
outbox_refused(struct channel *channel)
{
	struct batch *batch = channel->out.awaited;

	batch->written = 0;
	if (batch->in_flight) {
		batch->refused = true;
		return;
	}
	channel->out.awaited = NULL;
	put_in_front(&channel->out, batch);
}
