/*
 * shared: the same bytes in several threads, or in several processes (Node:
 * SharedArrayBuffer).
 *
 * A reference is counted for each that holds one; sending one in a message
 * makes one more. What lies in the bytes is nobody's in particular: use
 * atomics.h on it.
 *
 * Made with SHARED_MEMFD it is a file without a name (memfd_create(2)), sealed
 * against any change of its size: another process maps it from a descriptor
 * that it inherited or was sent, or from /proc/PID/fd/N.
 */
#ifndef RUNTIME_SHARED_H
#define RUNTIME_SHARED_H

#include <stddef.h>

struct shared;

enum shared_kind { SHARED_THREADS, SHARED_MEMFD };

/* Makes one of `size` zeros with one reference. 0 or -errno. */
int shared_new(struct shared **shared, size_t size, enum shared_kind kind);

/* Maps one that another process made. The descriptor stays the caller's. 0 or
 * -errno; -EPERM: it is not sealed, so its maker could cut it short and end us
 * with SIGBUS. */
int shared_open(struct shared **shared, int fd);

/* The same from a path, /proc/PID/fd/N. */
int shared_open_path(struct shared **shared, const char *path);

/* One reference more, one less; the last frees. Any thread. Returns `shared`.
 */
struct shared *shared_ref(struct shared *shared);
void shared_unref(struct shared *shared);

/* Aligned to a page. */
void *shared_bytes(const struct shared *shared);
size_t shared_size(const struct shared *shared);

/* The descriptor to give to another process; it is close-on-exec and stays
 * ours. -1: made for threads. */
int shared_fd(const struct shared *shared);

#endif
