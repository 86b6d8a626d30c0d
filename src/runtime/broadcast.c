/*
 * All channels of the process are in one list under one lock: a name is rarely
 * shared by many, and a message is cloned under the lock so that nobody closes
 * while it is put into his inbox.
 *
 * In the stream each listener is a channel of its own: all who speak number
 * what they say to it together, under the lock, so that a sending and its
 * receiving find each other.
 *
 * Failures: no memory for a clone (-ENOMEM); a listener closes before it has
 * read (freed with it).
 */
#include "broadcast.h"

#include "inbox.h"

#include "core/emit.h"
#include "core/text.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PREVIEW_BYTES = 60 };

struct broadcast {
	struct broadcast *next; /* under lock */
	struct inbox inbox;
	const struct broadcast_events *events;
	void *data;
	char *name;
	uint64_t id;   /* as a channel of the stream */
	uint64_t said; /* to it so far, under lock */
	uint64_t heard;
	bool closed;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct broadcast *all; /* under lock */

/* ---- what the stream hears ---- */

static void
tell(const struct broadcast *listener, enum event_kind kind, uint64_t number,
     const struct message *message)
{
	struct event event = {
	    .kind = (uint8_t)kind,
	    .channel = listener->id,
	    .number = number,
	    .size = message->size,
	};
	char text[PREVIEW_BYTES];

	if (emit_is_open())
		emit_bytes(&event, text,
		           text_preview(text, sizeof(text), message->bytes,
		                        message->size));
}

static void
tell_life(const struct broadcast *broadcast, enum event_kind kind)
{
	struct event event = {
	    .kind = (uint8_t)kind,
	    .channel = broadcast->id,
	};

	if (kind == EVENT_CHANNEL_BORN)
		event.number = CHANNEL_PORT;
	emit(&event, kind == EVENT_CHANNEL_BORN ? broadcast->name : NULL);
}

/* ---- hearing ---- */

static void
on_woken(struct seat *seat)
{
	struct broadcast *broadcast = seat->owner;
	struct letters letters;
	struct letter *letter;

	letters_init(&letters);
	inbox_rise(&broadcast->inbox);
	do {
		inbox_take(&broadcast->inbox, &letters);
		while (seat->owner &&
		       (letter = letters_pop(&letters)) != NULL) {
			tell(broadcast, EVENT_MESSAGE_RECV, ++broadcast->heard,
			     &letter->message);
			broadcast->events->message(broadcast, &letter->message);
			letter_free(letter);
		}
	} while (seat->owner && !inbox_sleep(&broadcast->inbox));
	letters_free(&letters);
}

/* ---- life ---- */

static void
enlist(struct broadcast *broadcast)
{
	static uint32_t serial; /* under lock */

	pthread_mutex_lock(&lock);
	/* Apart from those of ports. */
	broadcast->id =
	    channel_id(CHANNEL_PORT, (uint32_t)getpid(), ++serial | 1u << 29);
	broadcast->next = all;
	all = broadcast;
	pthread_mutex_unlock(&lock);
}

static void
delist(struct broadcast *broadcast)
{
	struct broadcast **at = &all;

	pthread_mutex_lock(&lock);
	while (*at != broadcast)
		at = &(*at)->next;
	*at = broadcast->next;
	pthread_mutex_unlock(&lock);
}

int
broadcast_open(struct broadcast **into, struct loop *loop, const char *name,
               const struct broadcast_events *events, void *data)
{
	struct broadcast *broadcast = calloc(1, sizeof(*broadcast));
	int error = -ENOMEM;

	if (!broadcast)
		return error;
	broadcast->name = strdup(name);
	if (!broadcast->name)
		goto no_name;
	error = inbox_init(&broadcast->inbox);
	if (error)
		goto no_inbox;
	broadcast->events = events;
	broadcast->data = data;
	error = inbox_sit(&broadcast->inbox, loop, broadcast, on_woken);
	if (error)
		goto no_seat;
	enlist(broadcast);
	tell_life(broadcast, EVENT_CHANNEL_BORN);
	*into = broadcast;
	return 0;
no_seat:
	inbox_close(&broadcast->inbox);
no_inbox:
	free(broadcast->name);
no_name:
	free(broadcast);
	return error;
}

static void
on_closed(void *owner)
{
	struct broadcast *broadcast = owner;

	if (broadcast->events->close)
		broadcast->events->close(broadcast);
	inbox_close(&broadcast->inbox);
	free(broadcast->name);
	free(broadcast);
}

void
broadcast_close(struct broadcast *broadcast)
{
	if (broadcast->closed)
		return;
	broadcast->closed = true;
	delist(broadcast);
	tell_life(broadcast, EVENT_CHANNEL_DIED);
	inbox_leave(&broadcast->inbox, on_closed);
}

/* ---- speaking ---- */

static bool
can_be_cloned(const struct message *message)
{
	for (size_t i = 0; i < message->part_count; i++)
		if (message->parts[i].kind == PART_PORT ||
		    message->parts[i].transfer)
			return false;
	return true;
}

/* Under lock. */
static int
say_to(struct broadcast *listener, const struct message *message)
{
	struct letter *letter;
	int error = letter_write(&letter, NULL, message);

	if (error)
		return error;
	tell(listener, EVENT_MESSAGE_SEND, ++listener->said, message);
	inbox_put(&listener->inbox, letter);
	return 0;
}

int
broadcast_post(struct broadcast *broadcast, const struct message *message)
{
	int error = 0, count = 0;

	if (broadcast->closed)
		return -EBADF;
	if (!can_be_cloned(message))
		return -EINVAL;
	pthread_mutex_lock(&lock);
	for (struct broadcast *to = all; to && !error; to = to->next) {
		if (to == broadcast || strcmp(to->name, broadcast->name) != 0)
			continue;
		error = say_to(to, message);
		count += !error;
	}
	pthread_mutex_unlock(&lock);
	return error ? error : count;
}

void
broadcast_ref(struct broadcast *broadcast)
{
	if (!broadcast->closed)
		uv_ref((uv_handle_t *)&broadcast->inbox.seat->poll);
}

void
broadcast_unref(struct broadcast *broadcast)
{
	if (!broadcast->closed)
		uv_unref((uv_handle_t *)&broadcast->inbox.seat->poll);
}

void *
broadcast_data(const struct broadcast *broadcast)
{
	return broadcast->data;
}
