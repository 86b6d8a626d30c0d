/*
 * stream: the way of the records from a source of bytes to the sinks.
 *
 * A source hands over bytes as they come, cut anywhere; the stream finds the
 * records, gives each its position, and passes it to every sink in turn. Bytes
 * that are no record (somebody else wrote into the FIFO) are skipped up to the
 * next head and counted, never passed on.
 */
#ifndef CORE_STREAM_H
#define CORE_STREAM_H

#include "event.h"

#include <sys/types.h>

/* A sink takes one event; `text` holds event->text bytes and a NUL, and is
 * valid during the call only. Returning false ends the round: the event was
 * nothing new, the sinks behind need not see it. */
typedef bool (*stream_put)(void *data, const struct event *event,
                           const char *text);

enum { STREAM_SINKS = 8, STREAM_BUFFER = 64 * 4096 };

struct stream {
	struct {
		stream_put put;
		void *data;
	} sinks[STREAM_SINKS];
	int sink_count;
	uint64_t position; /* events passed on so far */
	uint64_t lost;     /* events that writers had to drop */
	uint64_t damaged;  /* bytes that were no record */
	uint64_t latest;   /* events from bytes later than that are put there:
	                      no writer sees the future. 0: no limit */
	size_t held;       /* bytes of buffer[] in use */
	char buffer[STREAM_BUFFER];
};

/* The caller owns the stream; nothing in it needs freeing. */
void stream_init(struct stream *stream);

/* Adds a sink behind the others. -ENOSPC when there are STREAM_SINKS. */
int stream_add(struct stream *stream, stream_put put, void *data);

/* One read(2) of `fd` and all records it completes. Returns the bytes read,
 * 0 at end of file, -errno (-EAGAIN: nothing there now). */
ssize_t stream_read(struct stream *stream, int fd);

/* One pread(2) of a file that others append records to (FIFO_REST), from `*at`
 * on, which moves behind the last complete record. Returns by how many bytes,
 * or -errno. */
ssize_t stream_read_file(struct stream *stream, int fd, off_t *at);

/* The same for bytes in memory. */
void stream_feed(struct stream *stream, const char *bytes, size_t size);

/* Passes one event to the sinks, from a source in this process. `text` needs
 * no NUL. */
void stream_event(struct stream *stream, const struct event *event,
                  const char *text);

#endif
