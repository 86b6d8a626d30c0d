/*
 * Failures, before line one:
 * - the child writes more than max_buffer: it is cut there, the child is
 *   killed, and what others still write into its pipes is not read;
 * - the child does not read: what is written to it queues up, child_write()
 *   says 1;
 * - the child has closed its end: what is queued is dropped, `drain` comes, the
 *   next child_write() says -EPIPE;
 * - nobody reads for a while: the kernel makes the child wait.
 */
#include "child_stdio.h"

#include "child_life.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- closing ---- */

static void
on_closed(uv_handle_t *handle)
{
	struct child_stream *stream = handle->data;

	child_closed_one(stream->life);
}

void
child_stream_close(struct child_stream *stream)
{
	if (stream->piped && !uv_is_closing((uv_handle_t *)&stream->pipe))
		uv_close((uv_handle_t *)&stream->pipe, on_closed);
}

/* What the child wrote has ended. What we still write to it is not lost. */
static void
end_output(struct child_stream *stream)
{
	if (!stream->piped || uv_is_closing((uv_handle_t *)&stream->pipe))
		return;
	if (stream->fd <= 2)
		lines_end(&stream->life->lines[stream->fd - 1]);
	uv_read_stop((uv_stream_t *)&stream->pipe);
	stream->closes = true;
	if (!stream->pipe.write_queue_size)
		child_stream_close(stream);
}

void
child_streams_destroy(struct child_life *life)
{
	end_output(&life->streams[1]);
	end_output(&life->streams[2]);
}

/* ---- reading ---- */

/* Cut exactly at the limit; the child that went beyond it is killed. */
static void
keep_output(struct child *child, int fd, const char *bytes, size_t size)
{
	struct child_buffer *buffer = &child->buffers[fd - 1];
	size_t room = child->max_buffer - buffer->size;
	size_t part = size < room ? size : room;
	char *bigger = realloc(buffer->bytes, buffer->size + part + 1);

	if (bigger) {
		memcpy(bigger + buffer->size, bytes, part);
		buffer->bytes = bigger;
		buffer->size += part;
		buffer->bytes[buffer->size] = '\0';
		child_tell_kept(child, false);
	}
	if ((bigger && part == size) || child->error)
		return;
	child->error = bigger ? -ENOBUFS : -ENOMEM;
	child->full = fd;
	child_note(child, NOTE_WARNING,
	           "more than %zu bytes on %s, it is killed", child->max_buffer,
	           fd == 1 ? "stdout" : "stderr");
	child_give_up(child);
}

static void
take_output(struct child_stream *stream, const char *bytes, size_t size)
{
	struct child_life *life = stream->life;
	struct child *child = life->child;
	int fd = stream->fd;

	child_tell_start(life);
	if (fd <= 2)
		lines_feed(&life->lines[fd - 1], bytes, size);
	if (child->max_buffer && fd <= 2)
		keep_output(child, fd, bytes, size);
	else if (child->events->output)
		child->events->output(child, fd, bytes, size);
}

static void
on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	(void)handle;
	*buffer = uv_buf_init(malloc(suggested), (unsigned)suggested);
}

static void
on_read(uv_stream_t *pipe, ssize_t got, const uv_buf_t *buffer)
{
	struct child_stream *stream = pipe->data;
	struct loop *loop = stream->life->child->loop;

	loop_callback(loop, "output");
	if (got > 0)
		take_output(stream, buffer->base, (size_t)got);
	free(buffer->base);
	if (got < 0)
		end_output(stream);
	loop_callback(loop, NULL);
}

static void
read_on(struct child_stream *stream)
{
	stream->paused = false;
	if (!uv_is_closing((uv_handle_t *)&stream->pipe) && !stream->closes)
		uv_read_start((uv_stream_t *)&stream->pipe, on_alloc, on_read);
}

void
child_streams_read(struct child_life *life)
{
	for (int fd = 1; fd < life->count; fd++)
		if (life->streams[fd].piped)
			read_on(&life->streams[fd]);
}

/* ---- writing ---- */

struct piece {
	uv_write_t request;
	struct child_stream *stream;
	char bytes[];
};

static void
tell_drain(struct child_stream *stream)
{
	struct child *child = stream->life->child;

	stream->waits = false;
	if (child->events->drain)
		child->events->drain(child, stream->fd);
}

static void
on_written(uv_write_t *request, int status)
{
	struct piece *piece = request->data;
	struct child_stream *stream = piece->stream;

	free(piece);
	if (status < 0) {
		stream->broken = true;
		child_stream_close(stream);
	}
	if (stream->pipe.write_queue_size)
		return;
	if (stream->waits)
		tell_drain(stream);
	if (stream->closes && !stream->pipe.write_queue_size)
		child_stream_close(stream);
}

static int
queue(struct child_stream *stream, const char *bytes, size_t size)
{
	struct piece *piece = malloc(sizeof(*piece) + size);
	uv_buf_t buffer;
	int error;

	if (!piece)
		return -ENOMEM;
	memcpy(piece->bytes, bytes, size);
	piece->stream = stream;
	piece->request.data = piece;
	buffer = uv_buf_init(piece->bytes, (unsigned)size);
	error = uv_write(&piece->request, (uv_stream_t *)&stream->pipe, &buffer,
	                 1, on_written);
	if (error) {
		free(piece);
		return error;
	}
	stream->waits =
	    stream->waits || stream->pipe.write_queue_size >= CHILD_QUEUE_BYTES;
	return stream->waits;
}

/* What fits into the socket at once needs no memory of its own. */
static ssize_t
write_now(struct child_stream *stream, const char *bytes, size_t size)
{
	uv_buf_t buffer = uv_buf_init((char *)bytes, (unsigned)size);
	int written;

	if (stream->pipe.write_queue_size)
		return 0;
	written = uv_try_write((uv_stream_t *)&stream->pipe, &buffer, 1);
	return written == UV_EAGAIN ? 0 : written;
}

static struct child_stream *
find(struct child *child, int fd)
{
	struct child_stream *stream;

	if (!child->life || fd < 0 || fd >= child->life->count)
		return NULL;
	stream = &child->life->streams[fd];
	return stream->piped && !uv_is_closing((uv_handle_t *)&stream->pipe)
	           ? stream
	           : NULL;
}

static bool
is_writable(const struct child_stream *stream)
{
	return stream && stream->fd != 1 && stream->fd != 2 && !stream->ended &&
	       !stream->closes;
}

int
child_write(struct child *child, int fd, const char *bytes, size_t size)
{
	struct child_stream *stream = find(child, fd);
	ssize_t written;

	if (!is_writable(stream))
		return -EPIPE;
	written = write_now(stream, bytes, size);
	if (written < 0) {
		child_stream_close(stream);
		return -EPIPE;
	}
	if ((size_t)written == size)
		return 0;
	return queue(stream, bytes + written, size - (size_t)written);
}

static void
on_shutdown(uv_shutdown_t *request, int status)
{
	(void)status;
	free(request);
}

void
child_end(struct child *child, int fd)
{
	struct child_stream *stream = find(child, fd);
	uv_shutdown_t *request;

	if (!is_writable(stream))
		return;
	stream->ended = true;
	request = malloc(sizeof(*request));
	if (request && uv_shutdown(request, (uv_stream_t *)&stream->pipe,
	                           on_shutdown) == 0)
		return;
	/* Closing says it too. */
	free(request);
	child_stream_close(stream);
}

/* ---- what there is ---- */

void
child_stream_open(struct child_life *life, int fd, int ours)
{
	struct child_stream *stream = &life->streams[fd];

	stream->life = life;
	stream->fd = fd;
	stream->piped = true;
	uv_pipe_init(&life->child->loop->uv, &stream->pipe, 0);
	stream->pipe.data = stream;
	life->open++;
	if (uv_pipe_open(&stream->pipe, ours) == 0)
		return;
	close(ours);
	child_stream_close(stream);
}

uv_stream_t *
child_stream(struct child *child, int fd)
{
	struct child_stream *stream = find(child, fd);

	return stream ? (uv_stream_t *)&stream->pipe : NULL;
}

uv_stream_t *
child_stdin(struct child *child)
{
	return child_stream(child, 0);
}

void
child_pause_output(struct child *child, int fd)
{
	struct child_stream *stream = find(child, fd);

	if (!stream)
		return;
	stream->paused = true;
	uv_read_stop((uv_stream_t *)&stream->pipe);
}

void
child_resume_output(struct child *child, int fd)
{
	struct child_stream *stream = find(child, fd);

	if (stream && stream->paused)
		read_on(stream);
}
