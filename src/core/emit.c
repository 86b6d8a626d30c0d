#include "emit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FLUSH_NS = 1000000 };

/* The one descriptor of the process, shared by its threads without a lock:
 * a write of at most PIPE_BUF bytes is atomic. */
static struct {
	int fd; /* 0: closed, for 0 is never ours */
	emit_clock clock;
	emit_take take;
	void *data;
	uint32_t pid;
} emitter;

static _Thread_local struct collected {
	size_t used;
	uint32_t records;  /* in bytes[] */
	uint32_t reported; /* losses that records in bytes[] report */
	uint32_t lost;     /* losses not yet in any record */
	uint32_t tid;
	uint64_t flushed; /* time of the last write */
	_Alignas(8) char bytes[PIPE_BUF];
} collected;

/* A new stream, perhaps in a process that was forked: what this thread has
 * collected and lost so far belongs to another, and so does its tid. */
static void
begin(emit_clock clock)
{
	memset(&collected, 0, offsetof(struct collected, bytes));
	emitter.clock = clock;
	emitter.pid = (uint32_t)getpid();
}

int
emit_open(const char *path, emit_clock clock)
{
	int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	begin(clock);
	__atomic_store_n(&emitter.fd, fd, __ATOMIC_RELEASE);
	return 0;
}

void
emit_open_direct(emit_take take, void *data, emit_clock clock)
{
	begin(clock);
	emitter.data = data;
	__atomic_store_n(&emitter.take, take, __ATOMIC_RELEASE);
}

/* Other threads may be about to write: the descriptor itself stays open, so
 * that its number cannot come to mean another file under their hands. */
void
emit_close(void)
{
	emit_flush();
	__atomic_store_n(&emitter.take, NULL, __ATOMIC_RELEASE);
	__atomic_store_n(&emitter.fd, 0, __ATOMIC_RELEASE);
}

bool
emit_is_open(void)
{
	return __atomic_load_n(&emitter.take, __ATOMIC_ACQUIRE) ||
	       __atomic_load_n(&emitter.fd, __ATOMIC_ACQUIRE);
}

bool
emit_is_due(void)
{
	return collected.used > 0;
}

void
emit_flush(void)
{
	int fd = __atomic_load_n(&emitter.fd, __ATOMIC_ACQUIRE);
	ssize_t written;

	if (!collected.used)
		return;
	do {
		written = fd ? write(fd, collected.bytes, collected.used) : 0;
	} while (written < 0 && errno == EINTR);
	if (written < 0 && errno == EPIPE)
		__atomic_store_n(&emitter.fd, 0, __ATOMIC_RELEASE);
	if (written < 0)
		collected.lost += collected.records + collected.reported;
	collected.used = 0;
	collected.records = 0;
	collected.reported = 0;
	collected.flushed = emitter.clock();
}

static void
collect(const struct event *event, const char *text)
{
	size_t size = event_record_size(event->text);
	struct event head = *event;
	char *place;

	if (collected.used + size > sizeof(collected.bytes))
		emit_flush();
	head.lost = collected.lost;
	collected.reported += collected.lost;
	collected.lost = 0;
	place = collected.bytes + collected.used;
	memcpy(place, &head, sizeof(head));
	memset(place + size - 8, 0, size > EVENT_HEAD ? 8 : 0);
	memcpy(place + EVENT_HEAD, text, event->text);
	collected.used += size;
	collected.records++;
}

void
emit_bytes(const struct event *event, const char *text, size_t size)
{
	struct event head = *event;
	emit_take take = __atomic_load_n(&emitter.take, __ATOMIC_ACQUIRE);
	uint64_t now;

	if (!emit_is_open())
		return;
	now = emitter.clock();
	head.magic = EVENT_MAGIC;
	head.lost = 0;
	head.text = (uint16_t)(size < EVENT_TEXT_MAX ? size : EVENT_TEXT_MAX);
	if (!head.time)
		head.time = now;
	if (!head.pid)
		head.pid = emitter.pid;
	if (!head.tid) {
		if (!collected.tid)
			collected.tid = (uint32_t)syscall(SYS_gettid);
		head.tid = collected.tid;
	}
	if (take) {
		take(emitter.data, &head, text);
		return;
	}
	collect(&head, text);
	/* The buffer may just have been written, later than `now`. */
	if (event_is_urgent(head.kind) || now > collected.flushed + FLUSH_NS)
		emit_flush();
}

void
emit(const struct event *event, const char *text)
{
	emit_bytes(event, text ? text : "", text ? strlen(text) : 0);
}
