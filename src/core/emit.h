/*
 * emit: the producer's end of the stream.
 *
 * Records are collected per thread and written together: before the loop goes
 * to poll (emit_flush), when PIPE_BUF bytes are full, when the last write is
 * more than a millisecond ago, and at once when the kind is urgent.
 *
 * The writer never blocks and never fails: when the FIFO is full the records
 * are dropped and counted, and the next record that gets through says how many
 * (`lost`). When nobody reads any more, emit falls silent.
 *
 * Any thread may emit. The process must ignore SIGPIPE.
 */
#ifndef CORE_EMIT_H
#define CORE_EMIT_H

#include "event.h"

/* Names the FIFO in the environment of every process on the stage. */
#define EMIT_ENVIRONMENT "LOOPTOP_EVENTS"

typedef uint64_t (*emit_clock)(void); /* CLOCK_MONOTONIC in ns */
typedef void (*emit_take)(void *data, const struct event *event,
                          const char *text);

/* Opens the FIFO at `path` for this process. Call it before other threads
 * emit. 0; -ENOENT, -EACCES as open(2); -ENXIO when nobody reads it. */
int emit_open(const char *path, emit_clock clock);

/* Instead of a FIFO: every record goes straight to `take`, on the thread that
 * emits it. For the process that reads the stream itself. */
void emit_open_direct(emit_take take, void *data, emit_clock clock);

/* Writes what this thread has collected and closes. Later emits are no-ops. */
void emit_close(void);

/* Adds a record to this thread's collection. magic, lost, text are filled in;
 * so are time, pid, tid where they are 0. `text` may be NULL, is cut after
 * EVENT_TEXT_MAX bytes, and is not kept. */
void emit(const struct event *event, const char *text);

/* The same for a text of `size` bytes that need not end in NUL. */
void emit_bytes(const struct event *event, const char *text, size_t size);

/* Writes what this thread has collected; a thread calls it before it waits
 * and before it ends. */
void emit_flush(void);

/* Whether this thread has collected something that is not written yet. */
bool emit_is_due(void);

/* Whether anybody is listening. */
bool emit_is_open(void);

#endif
