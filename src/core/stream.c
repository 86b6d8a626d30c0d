#include "stream.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void
stream_init(struct stream *stream)
{
	memset(stream, 0, offsetof(struct stream, buffer));
}

int
stream_add(struct stream *stream, stream_put put, void *data)
{
	if (stream->sink_count == STREAM_SINKS)
		return -ENOSPC;
	stream->sinks[stream->sink_count].put = put;
	stream->sinks[stream->sink_count].data = data;
	stream->sink_count++;
	return 0;
}

static void
pass(struct stream *stream, const struct event *given, const char *text)
{
	struct event event = *given;

	/* Said by an event of its own, and not again when it is replayed. */
	event.lost = 0;
	stream->position++;
	for (int i = 0; i < stream->sink_count; i++)
		if (!stream->sinks[i].put(stream->sinks[i].data, &event, text))
			break;
}

/* What writers and pipes lost becomes an event of its own, so that every sink
 * counts the same. */
static void
report_lost(struct stream *stream, const struct event *cause)
{
	struct event lost = {
	    .magic = EVENT_MAGIC,
	    .kind = EVENT_LOST,
	    .time = cause->time,
	    .pid = cause->pid,
	    .tid = cause->tid,
	    .number = cause->lost,
	};

	stream->lost += cause->lost;
	pass(stream, &lost, "");
}

void
stream_event(struct stream *stream, const struct event *event, const char *text)
{
	char ended[EVENT_TEXT_MAX + 1];

	if (event->lost)
		report_lost(stream, event);
	if (!event->text) {
		pass(stream, event, "");
		return;
	}
	memcpy(ended, text, event->text);
	ended[event->text] = '\0';
	pass(stream, event, ended);
}

/* Passes on the complete records at the start of `bytes`; returns how many
 * bytes are done with. */
static size_t
parse(struct stream *stream, const char *bytes, size_t size)
{
	size_t at = 0;

	while (size - at >= EVENT_HEAD) {
		struct event event;
		size_t record;

		memcpy(&event, bytes + at, sizeof(event));
		if (!event_is_valid(&event)) {
			at++;
			stream->damaged++;
			continue;
		}
		record = event_record_size(event.text);
		if (size - at < record)
			break;
		if (stream->latest && event.time > stream->latest)
			event.time = stream->latest;
		stream_event(stream, &event, bytes + at + EVENT_HEAD);
		at += record;
	}
	return at;
}

static void
parse_held(struct stream *stream)
{
	size_t done = parse(stream, stream->buffer, stream->held);

	stream->held -= done;
	memmove(stream->buffer, stream->buffer + done, stream->held);
}

ssize_t
stream_read(struct stream *stream, int fd)
{
	ssize_t got;

	do {
		got = read(fd, stream->buffer + stream->held,
		           STREAM_BUFFER - stream->held);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	stream->held += (size_t)got;
	parse_held(stream);
	return got;
}

/* Half a record stays in the file: what is held[] is the FIFO's. */
ssize_t
stream_read_file(struct stream *stream, int fd, off_t *at)
{
	char bytes[EVENT_RECORD_MAX * 16];
	size_t done;
	ssize_t got;

	do {
		got = pread(fd, bytes, sizeof(bytes), *at);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	done = parse(stream, bytes, (size_t)got);
	*at += (off_t)done;
	return (ssize_t)done;
}

void
stream_feed(struct stream *stream, const char *bytes, size_t size)
{
	while (size) {
		size_t room = STREAM_BUFFER - stream->held;
		size_t part = size < room ? size : room;

		memcpy(stream->buffer + stream->held, bytes, part);
		stream->held += part;
		bytes += part;
		size -= part;
		parse_held(stream);
	}
}
