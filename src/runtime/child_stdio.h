/*
 * child_stdio: the descriptors of a child that are piped to us, with
 * back-pressure both ways (Node: subprocess.stdio; stream.Writable "write()",
 * "drain"; stream.Readable "pause()").
 */
#ifndef RUNTIME_CHILD_STDIO_H
#define RUNTIME_CHILD_STDIO_H

#include "child.h"

/* As much may wait before child_write() says so: Node's highWaterMark. */
enum { CHILD_QUEUE_BYTES = 16384 };

/* Our end of descriptor `fd` of the child, borrowed; NULL: it is not piped, or
 * closed. Do not read it and do not close it. */
uv_stream_t *child_stream(struct child *child, int fd);

/* The same of its stdin. */
uv_stream_t *child_stdin(struct child *child);

/* Writes to stdin, or to a pipe from 3 on; the bytes are copied. 0; 1: queued,
 * the writer should wait for `drain`; -EPIPE: not piped, ended, or closed by
 * the child; -ENOMEM. */
int child_write(struct child *child, int fd, const char *bytes, size_t size);

/* No more will be written: the child reads the end, after what is queued. */
void child_end(struct child *child, int fd);

/* Stops and goes on reading what the child writes to `fd`; a child that writes
 * on is made to wait by the kernel. When it has exited the rest is read in any
 * case, as in Node, so that `close` can come. */
void child_pause_output(struct child *child, int fd);
void child_resume_output(struct child *child, int fd);

#endif
