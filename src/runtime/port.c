/*
 * Both ends share one `struct pair`; an end that has been closed stays as
 * memory until the other is closed too. No lock: an inbox has many writers and
 * one reader, and each other field one thread that writes it.
 *
 * Failures: out of memory (-ENOMEM, the message is not sent); the other end
 * closes while we post (-EPIPE, or the message is freed unread with the pair).
 * A callback closes the port or sends it away: the seat, which is the loop's,
 * is what tells; the port itself may be another thread's by then.
 */
#include "port_parts.h"

#include "core/emit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* At most so many messages in a turn, or what was there when it began: others
 * on the loop want their turn too. Node's number. */
enum { TURN_MESSAGES = 1000 };

/* After so many in one turn more can be expected in a moment. */
enum { FLOOD_MESSAGES = 16 };

static void
set(bool *flag)
{
	__atomic_store_n(flag, true, __ATOMIC_RELEASE);
}

/* ---- life ---- */

int
port_pair(struct port *ends[2])
{
	static uint32_t serial;
	struct pair *pair = calloc(1, sizeof(*pair));

	if (!pair)
		return -ENOMEM;
	pair->id = channel_id(CHANNEL_PORT, (uint32_t)getpid(),
	                      __atomic_add_fetch(&serial, 1, __ATOMIC_RELAXED));
	pair->alive = 2;
	for (int i = 0; i < 2; i++) {
		struct port *port = &pair->ends[i];
		int error = inbox_init(&port->inbox);

		if (error) {
			if (i == 1)
				inbox_close(&pair->ends[0].inbox);
			free(pair);
			return error;
		}
		port->pair = pair;
		port->side = i;
		port->goodbye.tag = LETTER_CLOSE;
		letters_init(&port->queue);
		letters_init(&port->read);
		letters_init(&port->small);
		letters_init(&port->big);
		ends[i] = port;
	}
	return 0;
}

static void
free_pair(struct pair *pair)
{
	struct event died = {
	    .kind = EVENT_CHANNEL_DIED,
	    .channel = pair->id,
	};

	if (port_flag(&pair->announced))
		emit(&died, NULL);
	for (int i = 0; i < 2; i++) {
		struct port *port = &pair->ends[i];

		letters_free(&port->queue);
		inbox_close(&port->inbox);
		port_free_spare(port);
	}
	free(pair);
}

/* Nobody will read here any more. The last one out frees the pair, and what
 * the other end sent meanwhile. */
static void
release(struct port *port)
{
	struct pair *pair = port->pair;

	inbox_take(&port->inbox, &port->queue);
	letters_free(&port->queue);
	if (__atomic_sub_fetch(&pair->alive, 1, __ATOMIC_ACQ_REL) == 0)
		free_pair(pair);
}

static void
say_goodbye(struct port *port)
{
	set(&port->closed);
	inbox_put(&port_other(port)->inbox, &port->goodbye);
}

static void
on_closed(void *owner)
{
	struct port *port = owner;

	if (port->events->close)
		port->events->close(port);
	release(port);
}

void
port_close(struct port *port)
{
	if (port->closed)
		return;
	if (!port->inbox.seat) {
		port_drop(port);
		return;
	}
	say_goodbye(port);
	inbox_leave(&port->inbox, on_closed);
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
	say_goodbye(port);
	release(port);
}

void
port_end(struct port *port)
{
	set(&port->ending);
	inbox_wake(&port_other(port)->inbox);
}

void
port_detach(struct port *port)
{
	if (port->inbox.seat)
		inbox_leave(&port->inbox, NULL);
	port->loop = NULL;
	port->started = false;
	__atomic_store_n(&port->tid, 0, __ATOMIC_RELAXED);
}

/* ---- reading ---- */

static void
obey_end(struct port *port)
{
	if (port->control && port->control->end)
		port->control->end(port);
	else
		port_close(port);
}

static void
hand_over(struct port *port, struct letter *letter)
{
	struct message *message = &letter->message;
	const struct port_events *events = port->events;
	int error;

	port_tell_received(port, letter);
	error = events->decode ? events->decode(port, message) : 0;
	if (!error)
		events->message(port, message);
	else if (events->messageerror)
		events->messageerror(port, error);
}

/* One letter; false: the port is not ours any more. */
static bool
deliver(struct seat *seat, struct port *port, struct letter *letter)
{
	if (letter->tag == LETTER_CLOSE) {
		port_close(port);
		return false;
	}
	if (letter->tag == LETTER_MESSAGE)
		hand_over(port, letter);
	else
		port->control->letter(port, letter);
	if (letter_clear(letter) && seat->owner)
		port_keep_letter(port, letter);
	else
		free(letter);
	return seat->owner != NULL;
}

/* What the runtime says does not wait for the port to be started. */
static void
sort_queue(struct port *port)
{
	struct letters own, rest;
	struct letter *letter;

	letters_init(&own);
	letters_init(&rest);
	while ((letter = letters_pop(&port->queue)) != NULL)
		letters_add(letter->tag > LETTER_CLOSE ? &own : &rest, letter);
	letters_init(&port->queue);
	if (rest.first) {
		port->queue.first = rest.first;
		port->queue.last = rest.last;
	}
	while ((letter = letters_pop(&own)) != NULL) {
		port->control->letter(port, letter);
		letter_free(letter);
	}
}

static bool
is_deliverable(const struct port *port)
{
	const struct letter *first = port->queue.first;

	return first && (port->started || first->tag == LETTER_CLOSE);
}

/* Delivers at most so many; false: the port is not ours any more. Whether the
 * other end wants us to end is asked before each: whoever ends a busy thread
 * does not wait for what is queued. */
static bool
deliver_some(struct seat *seat, struct port *port, int *left)
{
	const bool *ending = &port_other(port)->ending;

	while (is_deliverable(port) && *left > 0 && !port_flag(ending)) {
		--*left;
		if (!deliver(seat, port, letters_pop(&port->queue)))
			return false;
	}
	if (!port_flag(ending))
		return true;
	obey_end(port);
	return false;
}

static void
on_woken(struct seat *seat)
{
	struct port *port = seat->owner;
	int left = TURN_MESSAGES;

	inbox_rise(&port->inbox);
	do {
		inbox_take(&port->inbox, &port->queue);
		if (!port->started && port->control)
			sort_queue(port);
		if (!deliver_some(seat, port, &left))
			return;
		port_give_back(port);
		if (left <= 0) {
			inbox_wake(&port->inbox);
			return;
		}
	} while ((left < TURN_MESSAGES - FLOOD_MESSAGES &&
	          inbox_linger(&port->inbox)) ||
	         !inbox_sleep(&port->inbox));
	port_tell_totals(port);
}

/* Whoever comes second knows both. */
static void
announce(struct port *port)
{
	struct pair *pair = port->pair;
	uint32_t pid = (uint32_t)getpid();
	struct event event = {
	    .kind = EVENT_CHANNEL_BORN,
	    .channel = pair->id,
	    .number = CHANNEL_PORT,
	    .pid = pid,
	    .other_pid = pid,
	};

	__atomic_store_n(&port->tid, (uint32_t)syscall(SYS_gettid),
	                 __ATOMIC_SEQ_CST);
	event.tid = __atomic_load_n(&pair->ends[0].tid, __ATOMIC_SEQ_CST);
	event.other_tid = __atomic_load_n(&pair->ends[1].tid, __ATOMIC_SEQ_CST);
	if (!event.tid || !event.other_tid)
		return;
	set(&pair->announced);
	emit(&event, NULL);
}

/* Something waits that nobody was or will be woken for. */
static void
catch_up(struct port *port)
{
	if (port->queue.first || !inbox_sleep(&port->inbox) ||
	    port_flag(&port_other(port)->ending))
		inbox_wake(&port->inbox);
}

int
port_open(struct port *port, struct loop *loop,
          const struct port_events *events, void *data)
{
	int error = inbox_sit(&port->inbox, loop, port, on_woken);

	if (error)
		return error;
	port->loop = loop;
	port->data = data;
	announce(port);
	port_listen(port, events);
	return 0;
}

void
port_listen(struct port *port, const struct port_events *events)
{
	port->events = events;
	port->started = events->message != NULL;
	if (!port->inbox.seat)
		return;
	if (port->started)
		port_ref(port);
	else
		port_unref(port);
	catch_up(port);
}

struct message *
port_receive(struct port *port)
{
	struct letter *first = port->queue.first;

	if (port->closed)
		return NULL;
	if (!first) {
		inbox_take(&port->inbox, &port->queue);
		first = port->queue.first;
		if (port->inbox.seat)
			catch_up(port);
	}
	if (!first || first->tag != LETTER_MESSAGE)
		return NULL;
	first = letters_pop(&port->queue);
	port_tell_received(port, first);
	return &first->message;
}

void
port_ref(struct port *port)
{
	if (port->inbox.seat)
		uv_ref((uv_handle_t *)&port->inbox.seat->poll);
}

void
port_unref(struct port *port)
{
	if (port->inbox.seat)
		uv_unref((uv_handle_t *)&port->inbox.seat->poll);
}

bool
port_has_ref(const struct port *port)
{
	return port->inbox.seat &&
	       uv_has_ref((const uv_handle_t *)&port->inbox.seat->poll);
}

void *
port_data(const struct port *port)
{
	return port->data;
}
