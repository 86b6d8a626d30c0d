/*
 * Failures, before line one: the kernel forbids it (then the sampler does what
 * it can); too many rings (the memory of all of them is counted against the
 * user's limit); the ring is full because nobody took records out for long
 * (one record then says so, and what the thread did is unknown until the
 * next).
 */
#include "perf.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* A record takes 16 bytes: these last 20 ms of 50000 switches a second. */
enum { RING_PAGES = 4, RECORD_MAX = 64 };

static int
open_event(struct perf_event_attr *attr, pid_t tid)
{
	int fd;

	attr->size = sizeof(*attr);
	/* All that an ordinary user may ask for. */
	attr->exclude_kernel = 1;
	attr->exclude_hv = 1;
	fd = (int)syscall(SYS_perf_event_open, attr, tid, -1, -1,
	                  PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int
perf_open_clock(pid_t tid)
{
	struct perf_event_attr attr = {
	    .type = PERF_TYPE_SOFTWARE,
	    .config = PERF_COUNT_SW_TASK_CLOCK,
	};

	return open_event(&attr, tid);
}

int
perf_read_clock(int fd, uint64_t *ns)
{
	ssize_t got = read(fd, ns, sizeof(*ns));

	if (got < 0)
		return -errno;
	return got == sizeof(*ns) ? 0 : -EINVAL;
}

static int
open_switches(pid_t tid)
{
	struct perf_event_attr attr = {
	    .type = PERF_TYPE_SOFTWARE,
	    .config = PERF_COUNT_SW_DUMMY,
	    .sample_type = PERF_SAMPLE_TIME,
	    .sample_id_all = 1,
	    .context_switch = 1,
	    .use_clockid = 1,
	    .clockid = CLOCK_MONOTONIC,
	};

	return open_event(&attr, tid);
}

int
perf_probe(void)
{
	struct perf_ring ring;
	int error = perf_open_switches(&ring, 0);

	if (!error)
		perf_close_switches(&ring);
	return error;
}

int
perf_open_switches(struct perf_ring *ring, pid_t tid)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int error;

	memset(ring, 0, sizeof(*ring));
	ring->fd = open_switches(tid);
	if (ring->fd < 0) {
		error = ring->fd;
		ring->fd = -1;
		return error;
	}
	ring->size = page * (1 + RING_PAGES);
	ring->memory = mmap(NULL, ring->size, PROT_READ | PROT_WRITE,
	                    MAP_SHARED, ring->fd, 0);
	if (ring->memory == MAP_FAILED) {
		error = -errno;
		close(ring->fd);
		ring->fd = -1;
		return error;
	}
	return 0;
}

void
perf_close_switches(struct perf_ring *ring)
{
	if (ring->fd < 0)
		return;
	munmap(ring->memory, ring->size);
	close(ring->fd);
	ring->fd = -1;
}

/* ---- records ---- */

/* A record may go round the end of the memory. */
static void
copy_out(const uint8_t *memory, size_t size, uint64_t at, void *into,
         size_t bytes)
{
	size_t from = (size_t)(at & (size - 1));
	size_t first = size - from < bytes ? size - from : bytes;

	memcpy(into, memory + from, first);
	memcpy((uint8_t *)into + first, memory, bytes - first);
}

/* The time is the last field of each record, whatever it tells. */
static bool
take_record(const struct perf_event_header *header, const uint8_t *record,
            struct perf_switch *into)
{
	memcpy(&into->time, record + header->size - sizeof(into->time),
	       sizeof(into->time));
	if (header->type == PERF_RECORD_LOST)
		into->turn = PERF_TURN_UNKNOWN;
	else if (header->type != PERF_RECORD_SWITCH)
		return false;
	else if (!(header->misc & PERF_RECORD_MISC_SWITCH_OUT))
		into->turn = PERF_TURN_IN;
	else
		into->turn = header->misc & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT
		                 ? PERF_TURN_QUEUED
		                 : PERF_TURN_ASLEEP;
	return true;
}

int
perf_parse_switches(const void *memory, size_t size, uint64_t *tail,
                    uint64_t head, struct perf_switch *into, int room)
{
	uint8_t record[RECORD_MAX];
	struct perf_event_header header;
	int count = 0;

	while (count < room && head - *tail >= sizeof(header)) {
		copy_out(memory, size, *tail, &header, sizeof(header));
		if (header.size < sizeof(header) + sizeof(uint64_t) ||
		    header.size > head - *tail || head - *tail > size) {
			into[count++] =
			    (struct perf_switch){0, PERF_TURN_UNKNOWN};
			*tail = head;
			break;
		}
		if (header.size <= RECORD_MAX) {
			copy_out(memory, size, *tail, record, header.size);
			count += take_record(&header, record, &into[count]);
		}
		*tail += header.size;
	}
	return count;
}

bool
perf_has_switches(const struct perf_ring *ring)
{
	const struct perf_event_mmap_page *page = ring->memory;

	return __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE) !=
	       page->data_tail;
}

int
perf_read_switches(struct perf_ring *ring, struct perf_switch *into, int room)
{
	struct perf_event_mmap_page *page = ring->memory;
	size_t first = ring->size / (1 + RING_PAGES);
	uint64_t head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = page->data_tail;
	int count =
	    perf_parse_switches((const uint8_t *)ring->memory + first,
	                        ring->size - first, &tail, head, into, room);

	__atomic_store_n(&page->data_tail, tail, __ATOMIC_RELEASE);
	return count;
}
