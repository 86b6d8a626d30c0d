#include "fifo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIFO_SIZE = 1 << 20 };

static int
open_rest(const char *path)
{
	char rest[PATH_MAX + sizeof(FIFO_REST)];

	snprintf(rest, sizeof(rest), "%s%s", path, FIFO_REST);
	return open(rest, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

int
fifo_open(struct fifo *fifo, const char *parent)
{
	int error;

	fifo->fd = fifo->rest = -1;
	if (snprintf(fifo->directory, sizeof(fifo->directory),
	             "%s/looptop-XXXXXX", parent) >= PATH_MAX - 16)
		return -ENAMETOOLONG;
	if (!mkdtemp(fifo->directory))
		return -errno;
	snprintf(fifo->path, sizeof(fifo->path), "%.*s/events", PATH_MAX - 16,
	         fifo->directory);
	if (mkfifo(fifo->path, 0600) == 0)
		fifo->fd = open(fifo->path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fifo->fd >= 0)
		fifo->rest = open_rest(fifo->path);
	if (fifo->rest < 0) {
		error = errno;
		if (fifo->fd >= 0)
			close(fifo->fd);
		fifo->fd = -1;
		fifo_remove(fifo->path);
		rmdir(fifo->directory);
		return -error;
	}
	/* A smaller pipe works too, it is only full earlier. */
	(void)fcntl(fifo->fd, F_SETPIPE_SZ, FIFO_SIZE);
	return 0;
}

void
fifo_close(struct fifo *fifo)
{
	if (fifo->fd < 0)
		return;
	close(fifo->fd);
	close(fifo->rest);
	fifo->fd = fifo->rest = -1;
	fifo_remove(fifo->path);
	rmdir(fifo->directory);
}

void
fifo_remove(const char *path)
{
	char rest[PATH_MAX + sizeof(FIFO_REST)];

	unlink(path);
	snprintf(rest, sizeof(rest), "%s%s", path, FIFO_REST);
	unlink(rest);
}
