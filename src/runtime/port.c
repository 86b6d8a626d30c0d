/*
 * Both ends share one `struct pair` under one lock. An end that has been
 * closed stays as memory until the other is closed too.
 *
 * Failures: out of memory (-ENOMEM, the message is not sent); the other end
 * closes while we post (-EPIPE or the message is freed unread).
 */
#include "port.h"

#include "core/emit.h"
#include "core/text.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { PREVIEW_BYTES = 60 };

struct message {
	struct message *next;
	size_t size;
	char bytes[];
};

struct queue {
	struct message *first, **last;
};

struct port {
	struct pair *pair;
	int side; /* 0 or 1 */
	int wake; /* eventfd */
	uv_poll_t poll;
	struct loop *loop;
	const struct port_events *events;
	void *data;
	uint64_t sent, received;
	struct queue inbox; /* under pair->lock */
	bool woken;         /* under pair->lock */
	bool closed;        /* set under pair->lock, see is_set() */
	bool ending;        /* asks the other to close; the same */
};

struct pair {
	pthread_mutex_t lock;
	uint64_t id;
	int alive; /* ends not yet closed, under lock */
	struct port ends[2];
};

static struct port *
other_end(struct port *port)
{
	return &port->pair->ends[!port->side];
}

/* A flag of the other end, without the lock: what it was a moment ago. */
static bool
is_set(const bool *flag)
{
	return __atomic_load_n(flag, __ATOMIC_RELAXED);
}

static void
set(bool *flag)
{
	__atomic_store_n(flag, true, __ATOMIC_RELAXED);
}

/* ---- what the stream hears ---- */

static void
tell(struct port *port, enum event_kind kind, const char *bytes, size_t size)
{
	bool is_send = kind == EVENT_MESSAGE_SEND;
	int direction = is_send ? port->side : !port->side;
	struct event event = {
	    .kind = (uint8_t)kind,
	    .channel = port->pair->id | (uint64_t)direction,
	    .number = is_send ? ++port->sent : ++port->received,
	    .size = size,
	};
	char text[PREVIEW_BYTES];

	if (emit_is_open())
		emit_bytes(&event, text,
		           text_preview(text, sizeof(text), bytes, size));
}

void
port_announce(struct port *port, uint32_t a_tid, uint32_t b_tid)
{
	uint32_t pid = (uint32_t)getpid();
	struct event event = {
	    .kind = EVENT_CHANNEL_BORN,
	    .channel = port->pair->id,
	    .number = CHANNEL_PORT,
	    .pid = pid,
	    .tid = a_tid,
	    .other_pid = pid,
	    .other_tid = b_tid,
	};

	emit(&event, NULL);
}

/* ---- queues ---- */

static void
free_messages(struct message *message)
{
	while (message) {
		struct message *next = message->next;

		free(message);
		message = next;
	}
}

static struct message *
take_all(struct port *port)
{
	struct message *first;

	pthread_mutex_lock(&port->pair->lock);
	first = port->inbox.first;
	port->inbox.first = NULL;
	port->inbox.last = &port->inbox.first;
	port->woken = false;
	pthread_mutex_unlock(&port->pair->lock);
	return first;
}

static void
wake(struct port *port)
{
	uint64_t one = 1;

	while (write(port->wake, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/* ---- life ---- */

int
port_pair(struct port *ends[2])
{
	static uint32_t serial;
	struct pair *pair = calloc(1, sizeof(*pair));

	if (!pair)
		return -ENOMEM;
	pthread_mutex_init(&pair->lock, NULL);
	pair->id = channel_id(CHANNEL_PORT, (uint32_t)getpid(),
	                      __atomic_add_fetch(&serial, 1, __ATOMIC_RELAXED));
	pair->alive = 2;
	for (int i = 0; i < 2; i++) {
		struct port *port = &pair->ends[i];

		port->pair = pair;
		port->side = i;
		port->inbox.last = &port->inbox.first;
		port->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		if (port->wake < 0) {
			int error = -errno;

			if (i == 1)
				close(pair->ends[0].wake);
			free(pair);
			return error;
		}
		ends[i] = port;
	}
	return 0;
}

/* The end is done with its loop; the last one out frees the pair. */
static void
release(struct port *port)
{
	struct pair *pair = port->pair;
	bool last;

	pthread_mutex_lock(&pair->lock);
	last = --pair->alive == 0;
	pthread_mutex_unlock(&pair->lock);
	if (!last)
		return;
	for (int i = 0; i < 2; i++) {
		close(pair->ends[i].wake);
		free_messages(pair->ends[i].inbox.first);
	}
	pthread_mutex_destroy(&pair->lock);
	free(pair);
}

static void
on_closed(uv_handle_t *handle)
{
	struct port *port = handle->data;

	if (port->events->close)
		port->events->close(port);
	release(port);
}

void
port_close(struct port *port)
{
	struct port *other = other_end(port);

	if (uv_is_closing((uv_handle_t *)&port->poll))
		return;
	pthread_mutex_lock(&port->pair->lock);
	set(&port->closed);
	if (!other->closed)
		wake(other);
	pthread_mutex_unlock(&port->pair->lock);
	uv_close((uv_handle_t *)&port->poll, on_closed);
}

void
port_abandon(struct port *port)
{
	static const struct port_events nobody;

	port->events = &nobody;
	port_close(port);
}

void
port_drop(struct port *port)
{
	pthread_mutex_lock(&port->pair->lock);
	set(&port->closed);
	wake(other_end(port));
	pthread_mutex_unlock(&port->pair->lock);
	release(port);
}

void
port_end(struct port *port)
{
	pthread_mutex_lock(&port->pair->lock);
	set(&port->ending);
	wake(other_end(port));
	pthread_mutex_unlock(&port->pair->lock);
}

static void
ask_other(struct port *port, bool *closed, bool *ending)
{
	pthread_mutex_lock(&port->pair->lock);
	*closed = other_end(port)->closed;
	*ending = other_end(port)->ending;
	pthread_mutex_unlock(&port->pair->lock);
}

/* Whether the other end is closed is asked before the queue is emptied: what
 * it sent before it closed is then in the queue. Whether we are to end is asked
 * before each message. */
static void
on_woken(uv_poll_t *poll, int status, int events)
{
	struct port *port = poll->data;
	struct message *message;
	bool closed, ending;
	uint64_t count;

	(void)status;
	(void)events;
	while (read(port->wake, &count, sizeof(count)) < 0 && errno == EINTR)
		;
	ask_other(port, &closed, &ending);
	message = take_all(port);
	while (message && !is_set(&other_end(port)->ending) &&
	       !uv_is_closing((uv_handle_t *)poll)) {
		struct message *next = message->next;

		tell(port, EVENT_MESSAGE_RECV, message->bytes, message->size);
		port->events->message(port, message->bytes, message->size);
		free(message);
		message = next;
	}
	free_messages(message);
	if (closed || ending)
		port_close(port);
}

int
port_open(struct port *port, struct loop *loop,
          const struct port_events *events, void *data)
{
	int error = uv_poll_init(&loop->uv, &port->poll, port->wake);

	if (error)
		return error;
	port->loop = loop;
	port->events = events;
	port->data = data;
	port->poll.data = port;
	return uv_poll_start(&port->poll, UV_READABLE, on_woken);
}

void *
port_data(const struct port *port)
{
	return port->data;
}

int
port_post(struct port *port, const char *bytes, size_t size)
{
	struct port *other = other_end(port);
	struct message *message;
	bool closed;

	if (port->closed || is_set(&other->closed))
		return -EPIPE;
	message = malloc(sizeof(*message) + size);
	if (!message)
		return -ENOMEM;
	message->next = NULL;
	message->size = size;
	memcpy(message->bytes, bytes, size);
	tell(port, EVENT_MESSAGE_SEND, bytes, size);
	pthread_mutex_lock(&port->pair->lock);
	closed = other->closed;
	if (!closed) {
		*other->inbox.last = message;
		other->inbox.last = &message->next;
		if (!other->woken)
			wake(other);
		other->woken = true;
	}
	pthread_mutex_unlock(&port->pair->lock);
	if (closed)
		free(message);
	return closed ? -EPIPE : 0;
}
