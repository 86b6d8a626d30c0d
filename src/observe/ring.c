#include "ring.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int
ring_event(struct perf_event_attr *attr, pid_t tid, int cpu)
{
	int fd = (int)syscall(SYS_perf_event_open, attr, tid, cpu, -1,
	                      PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static size_t
page_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

int
ring_open(struct ring *ring, int fd, size_t pages)
{
	void *page = mmap(NULL, (pages + 1) * page_bytes(),
	                  PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	ring->fd = -1;
	ring->page = NULL;
	if (page == MAP_FAILED)
		return -errno;
	ring->fd = fd;
	ring->page = page;
	ring->pages = pages;
	return 0;
}

void
ring_close(struct ring *ring)
{
	if (ring->page)
		munmap(ring->page, (ring->pages + 1) * page_bytes());
	if (ring->fd >= 0)
		close(ring->fd);
	ring->page = NULL;
	ring->fd = -1;
}

int
ring_join(const struct ring *ring, int fd)
{
	return ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, ring->fd) ? -errno : 0;
}

/* The buffer's end may cut what is copied in two. */
static void
copy_out(const struct ring *ring, uint64_t at, void *into, size_t size)
{
	const char *data = (const char *)ring->page + page_bytes();
	size_t room = ring->pages * page_bytes();
	size_t from = at & (room - 1);
	size_t first = size < room - from ? size : room - from;

	memcpy(into, data + from, first);
	memcpy((char *)into + first, data, size - first);
}

bool
ring_next(struct ring *ring, char record[RING_RECORD_MAX])
{
	uint64_t head =
	    __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = ring->page->data_tail;
	struct perf_event_header header;

	if (head - tail < sizeof(header))
		return false;
	copy_out(ring, tail, &header, sizeof(header));
	if (header.size < sizeof(header) || header.size > head - tail ||
	    header.size > RING_RECORD_MAX) {
		/* Not what the manual says: give up what is there. */
		__atomic_store_n(&ring->page->data_tail, head,
		                 __ATOMIC_RELEASE);
		return false;
	}
	copy_out(ring, tail, record, header.size);
	__atomic_store_n(&ring->page->data_tail, tail + header.size,
	                 __ATOMIC_RELEASE);
	return true;
}
