/*
 * fifo: the reader's end of the stream: a FIFO in a private directory.
 *
 * Beside it lies a file, its name with FIFO_REST behind. A writer that ends
 * while the FIFO is full appends there what it could not write: nobody will
 * write it later.
 */
#ifndef CORE_FIFO_H
#define CORE_FIFO_H

#include <limits.h>

#define FIFO_REST ".rest"

struct fifo {
	int fd;
	int rest; /* the file, read only */
	char directory[PATH_MAX]; /* mode 0700 */
	char path[PATH_MAX];
};

/* Makes the directory and the FIFO (mkdtemp(3), mkfifo(3)) below `parent`,
 * opens it without blocking and asks for the largest pipe an ordinary user may
 * have. Its end stays open for writing as well, so that it never reads as
 * ended between two writers. 0 or -errno, and then nothing is left behind. */
int fifo_open(struct fifo *fifo, const char *parent);

/* Closes the FIFO and removes it and its directory. */
void fifo_close(struct fifo *fifo);

/* Removes the FIFO at `path` and the file beside it, for whoever outlives the
 * reader. */
void fifo_remove(const char *path);

#endif
