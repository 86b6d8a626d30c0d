/*
 * One event a CPU and thread; the events of a CPU share a ring. An event costs
 * its thread's forks some microseconds a CPU, so no more is asked for than task
 * and name records: no samples, no mappings.
 */
#include "births_perf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

/* Of perf_event_mlock_kb, which others share: 128 KiB of 516. A ring holds
 * some six hundred births, and wakes us when half of that is there. */
enum { PAGES = 32, WAKEUP_BYTES = PAGES * 2048 };

void
births_perf_init(struct births_perf *perf, int epoll)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);

	memset(perf, 0, sizeof(*perf));
	perf->cpus = cpus < 1             ? 1
	             : cpus > BIRTHS_CPUS ? BIRTHS_CPUS
	                                  : (int)cpus;
	perf->epoll = epoll;
	for (int i = 0; i < BIRTHS_CPUS; i++)
		perf->rings[i].fd = -1;
}

void
births_perf_close(struct births_perf *perf)
{
	for (int i = 0; i < perf->event_count; i++)
		close(perf->events[i]);
	free(perf->events);
	for (int i = 0; i < perf->cpus; i++)
		ring_close(&perf->rings[i]);
	perf->events = NULL;
	perf->event_count = 0;
}

/* exclude_kernel: all that perf_event_paranoid 2 asks of the unprivileged. */
static struct perf_event_attr
attr_of(bool all)
{
	return (struct perf_event_attr){
	    .size = sizeof(struct perf_event_attr),
	    .type = PERF_TYPE_SOFTWARE,
	    .config = PERF_COUNT_SW_DUMMY,
	    .sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME,
	    .sample_id_all = 1,
	    .task = 1,
	    .comm = 1,
	    .comm_exec = 1,
	    .inherit = !all,
	    .exclude_kernel = 1,
	    .exclude_hv = 1,
	    .use_clockid = 1,
	    .clockid = CLOCK_MONOTONIC,
	    .watermark = 1,
	    .wakeup_watermark = WAKEUP_BYTES,
	};
}

static int
keep_event(struct births_perf *perf, int fd)
{
	int *bigger;

	if (perf->event_count == BIRTHS_EVENTS)
		return -EMFILE;
	bigger = realloc(perf->events,
	                 ((size_t)perf->event_count + 1) * sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	perf->events = bigger;
	perf->events[perf->event_count++] = fd;
	return 0;
}

/* The first event of a CPU brings the ring. */
static int
add_on_cpu(struct births_perf *perf, pid_t tid, int cpu)
{
	struct perf_event_attr attr = attr_of(tid < 0);
	struct epoll_event ready = {.events = EPOLLIN};
	struct ring *ring = &perf->rings[cpu];
	int fd = ring_event(&attr, tid, cpu), error;

	if (fd < 0)
		return fd;
	if (!ring->page) {
		error = ring_open(ring, fd, PAGES);
		if (!error)
			epoll_ctl(perf->epoll, EPOLL_CTL_ADD, fd, &ready);
	} else {
		error = ring_join(ring, fd);
		if (!error)
			error = keep_event(perf, fd);
	}
	if (error)
		close(fd);
	return error;
}

int
births_perf_add(struct births_perf *perf, pid_t tid)
{
	int added = 0, before = perf->event_count, error = 0;

	for (int cpu = 0; cpu < perf->cpus && !error; cpu++) {
		error = add_on_cpu(perf, tid, cpu);
		/* One that is switched off. */
		if (error == -ENODEV)
			error = 0;
		else if (!error)
			added++;
	}
	if (!error && added)
		return 0;
	while (perf->event_count > before)
		close(perf->events[--perf->event_count]);
	return error ? error : -ENODEV;
}

/* ---- records ---- */

/* As perf_event_open(2) lays them out; behind each stands sample_id: pid, tid,
 * time. */
struct task_record {
	struct perf_event_header header;
	uint32_t pid, ppid, tid, ptid;
	uint64_t time;
};

struct comm_record {
	struct perf_event_header header;
	uint32_t pid, tid;
	char comm[16];
};

struct lost_record {
	struct perf_event_header header;
	uint64_t id, lost;
};

static uint64_t
time_behind(const char *record, const struct perf_event_header *header)
{
	uint64_t time;

	memcpy(&time, record + header->size - sizeof(time), sizeof(time));
	return time;
}

static void
take_task(struct birth_queue *queue, const char *record, bool is_fork)
{
	struct birth_record made = {.kind = is_fork ? BIRTH_OF : BIRTH_EXIT};
	struct task_record task;

	memcpy(&task, record, sizeof(task));
	/* A thread's: of its own process, or not of the main one. */
	if (is_fork ? task.pid == task.ppid : task.pid != task.tid)
		return;
	made.time = task.time;
	made.pid = (pid_t)task.pid;
	made.parent = (pid_t)task.ppid;
	birth_queue_add(queue, &made);
}

static void
take_comm(struct birth_queue *queue, const char *record)
{
	struct birth_record made = {.kind = BIRTH_COMM};
	struct comm_record comm;

	memcpy(&comm, record, sizeof(comm.header) + 8);
	if (!(comm.header.misc & PERF_RECORD_MISC_COMM_EXEC))
		return;
	made.pid = (pid_t)comm.pid;
	made.time = time_behind(record, &comm.header);
	snprintf(made.comm, sizeof(made.comm), "%.15s",
	         record + offsetof(struct comm_record, comm));
	birth_queue_add(queue, &made);
}

static void
take_record(struct birth_queue *queue, const char *record)
{
	struct perf_event_header header;
	struct lost_record lost;

	memcpy(&header, record, sizeof(header));
	switch (header.type) {
	case PERF_RECORD_FORK:
		take_task(queue, record, true);
		break;
	case PERF_RECORD_EXIT:
		take_task(queue, record, false);
		break;
	case PERF_RECORD_COMM:
		take_comm(queue, record);
		break;
	case PERF_RECORD_LOST:
		memcpy(&lost, record, sizeof(lost));
		queue->lost += lost.lost;
		break;
	default:
		break;
	}
}

void
births_perf_collect(struct births_perf *perf, struct birth_queue *queue)
{
	char record[RING_RECORD_MAX];

	for (int i = 0; i < perf->cpus; i++)
		while (perf->rings[i].page &&
		       ring_next(&perf->rings[i], record))
			take_record(queue, record);
}
