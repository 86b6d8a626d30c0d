/*
 * Failures: no memory (-ENOMEM), no descriptor (-EMFILE). A file that could
 * shrink under our feet is refused (-EPERM).
 */
#include "shared.h"

#include "core/emit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct shared {
	unsigned references; /* atomic */
	int fd;
	size_t size;
	void *bytes;
	uint64_t id; /* as a channel; 0: only for threads */
};

/* ---- what the stream hears ---- */

/* Every process that maps the file makes the same name of it. */
static void
announce(struct shared *shared)
{
	struct event event = {
	    .kind = EVENT_CHANNEL_BORN,
	    .number = CHANNEL_SHM,
	};
	struct stat about;
	char name[32];

	if (shared->fd < 0 || fstat(shared->fd, &about))
		return;
	shared->id = channel_id(CHANNEL_SHM, 0, (uint32_t)about.st_ino);
	event.channel = shared->id;
	snprintf(name, sizeof(name), "shared %zu", shared->size);
	emit(&event, name);
}

static void
tell_end(const struct shared *shared)
{
	struct event event = {
	    .kind = EVENT_CHANNEL_DIED,
	    .channel = shared->id,
	};

	if (shared->id)
		emit(&event, NULL);
}

/* ---- life ---- */

/* Takes `fd` over, -1: memory of this process alone. */
static int
map(struct shared **into, int fd, size_t size)
{
	struct shared *shared = calloc(1, sizeof(*shared));
	int flags = fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED;
	int error = ENOMEM;

	if (!shared)
		goto failed;
	shared->bytes =
	    mmap(NULL, size ? size : 1, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (shared->bytes == MAP_FAILED) {
		error = errno;
		goto failed;
	}
	shared->references = 1;
	shared->fd = fd;
	shared->size = size;
	announce(shared);
	*into = shared;
	return 0;
failed:
	free(shared);
	if (fd >= 0)
		close(fd);
	return -error;
}

static int
new_file(size_t size)
{
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
	int fd = memfd_create("shared", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int error;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)size) == 0 &&
	    fcntl(fd, F_ADD_SEALS, seals) == 0)
		return fd;
	error = -errno;
	close(fd);
	return error;
}

int
shared_new(struct shared **shared, size_t size, enum shared_kind kind)
{
	int fd;

	if (kind == SHARED_THREADS)
		return map(shared, -1, size);
	fd = new_file(size);
	return fd < 0 ? fd : map(shared, fd, size);
}

/* Takes `fd` over. */
static int
open_file(struct shared **shared, int fd)
{
	struct stat about;
	int seals = fcntl(fd, F_GET_SEALS);
	int error = 0;

	if (seals < 0 || !(seals & F_SEAL_SHRINK))
		error = -EPERM;
	else if (fstat(fd, &about))
		error = -errno;
	if (!error)
		return map(shared, fd, (size_t)about.st_size);
	close(fd);
	return error;
}

int
shared_open(struct shared **shared, int fd)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	return own < 0 ? -errno : open_file(shared, own);
}

int
shared_open_path(struct shared **shared, const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : open_file(shared, fd);
}

struct shared *
shared_ref(struct shared *shared)
{
	__atomic_add_fetch(&shared->references, 1, __ATOMIC_RELAXED);
	return shared;
}

void
shared_unref(struct shared *shared)
{
	if (__atomic_sub_fetch(&shared->references, 1, __ATOMIC_ACQ_REL))
		return;
	tell_end(shared);
	munmap(shared->bytes, shared->size ? shared->size : 1);
	if (shared->fd >= 0)
		close(shared->fd);
	free(shared);
}

void *
shared_bytes(const struct shared *shared)
{
	return shared->bytes;
}

size_t
shared_size(const struct shared *shared)
{
	return shared->size;
}

int
shared_fd(const struct shared *shared)
{
	return shared->fd;
}
