#include "buffer.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* From this size on the pages come from the kernel, which has them zeroed when
 * they are touched and gets them back at once. calloc() would, having seen one
 * such block freed, keep the next ones and clear each by hand. */
enum { PAGES_FROM = 256 << 10 };

/* Regions that were given back: their pages are gone, and so they cost nothing
 * but addresses; to map one anew costs more than all else of a transfer. One
 * for the process, as malloc() is. */
enum { REGIONS = 256, LOOKED_AT = 8 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct buffer regions[REGIONS]; /* under lock */
static int region_count;               /* under lock */

/* Others look at it without the lock, see has_place(). */
static void
set_count(int count)
{
	__atomic_store_n(&region_count, count, __ATOMIC_RELAXED);
}

/* One of that size among the last that were given back. */
static void *
reuse(size_t size)
{
	void *bytes = NULL;

	pthread_mutex_lock(&lock);
	for (int i = region_count - 1;
	     !bytes && i >= 0 && i >= region_count - LOOKED_AT; i--)
		if (regions[i].size == size) {
			bytes = regions[i].bytes;
			regions[i] = regions[region_count - 1];
			set_count(region_count - 1);
		}
	pthread_mutex_unlock(&lock);
	return bytes;
}

static bool
has_place(void)
{
	return __atomic_load_n(&region_count, __ATOMIC_RELAXED) < REGIONS;
}

static bool
keep(void *bytes, size_t size)
{
	bool kept;

	if (!has_place() || madvise(bytes, size, MADV_DONTNEED))
		return false;
	pthread_mutex_lock(&lock);
	kept = region_count < REGIONS;
	if (kept) {
		regions[region_count] = (struct buffer){bytes, size, false};
		set_count(region_count + 1);
	}
	pthread_mutex_unlock(&lock);
	return kept;
}

static void *
get(size_t size)
{
	void *bytes;

	if (size < PAGES_FROM)
		return calloc(1, size);
	bytes = reuse(size);
	if (bytes)
		return bytes;
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
	if (buffer->size < PAGES_FROM)
		free(buffer->bytes);
	else if (!keep(buffer->bytes, buffer->size))
		munmap(buffer->bytes, buffer->size);
	buffer->bytes = NULL;
	buffer->size = 0;
}
