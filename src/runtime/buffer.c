#include "buffer.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* From this size on the pages come from the kernel, which has them zeroed when
 * they are touched and gets them back at once. calloc() would, having seen one
 * such block freed, keep the next ones and clear each by hand. */
enum { PAGES_FROM = 256 << 10 };

static void *
get(size_t size)
{
	void *bytes;

	if (size < PAGES_FROM)
		return calloc(1, size);
	bytes = mmap(NULL, size, PROT_READ | PROT_WRITE,
	             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return bytes == MAP_FAILED ? NULL : bytes;
}

int
buffer_new(struct buffer *buffer, size_t size)
{
	memset(buffer, 0, sizeof(*buffer));
	if (size == 0)
		return 0;
	buffer->bytes = get(size);
	if (!buffer->bytes)
		return -ENOMEM;
	buffer->size = size;
	return 0;
}

int
buffer_copy(struct buffer *buffer, const struct buffer *from)
{
	int error = buffer_new(buffer, from->size);

	if (!error && from->size)
		memcpy(buffer->bytes, from->bytes, from->size);
	return error;
}

void
buffer_free(struct buffer *buffer)
{
	if (buffer->size >= PAGES_FROM)
		munmap(buffer->bytes, buffer->size);
	else
		free(buffer->bytes);
	buffer->bytes = NULL;
	buffer->size = 0;
}
