/* The sending side of a port: what may go, and how it goes. */
#include "port_parts.h"

#include "core/emit.h"
#include "core/text.h"

#include <errno.h>
#include <stdlib.h>

enum { PREVIEW_BYTES = 60 };

/* Faster than two million a second the stream hears of totals only; so often
 * the pace is looked at, and so often the totals are told. */
enum { PACE_MESSAGES = 64, PACE_NS = 32000, TOTALS_MESSAGES = 1024 };

/* ---- telling ---- */

static size_t
size_of(const struct message *message)
{
	size_t size = message->size;

	for (size_t i = 0; i < message->part_count; i++)
		if (message->parts[i].kind == PART_BUFFER)
			size += message->parts[i].buffer->size;
	return size;
}

static void
tell(const struct port *port, enum event_kind kind, uint64_t number,
     const struct message *message, size_t size)
{
	bool is_send = kind == EVENT_MESSAGE_SEND;
	struct event event = {
	    .kind = (uint8_t)kind,
	    .channel =
		port->pair->id | (uint64_t)(is_send ? port->side : !port->side),
	    .number = number,
	    .size = size,
	};
	char text[PREVIEW_BYTES];

	emit_bytes(
	    &event, text,
	    text_preview(text, sizeof(text), message->bytes, message->size));
}

static void
tell_total(const struct port *sender, uint64_t messages, uint64_t bytes)
{
	struct event event = {
	    .kind = EVENT_CHANNEL_GAUGE,
	    .channel = sender->pair->id | (uint64_t)sender->side,
	    .number = messages,
	    .size = bytes,
	};

	emit(&event, NULL);
}

/* Being fast lasts until the loop turns: a message of the next turn may be the
 * only one in an hour. */
static bool
is_fast(struct port *port)
{
	struct pace *pace = &port->pace;
	uint64_t now;

	if (pace->fast && port->loop && port->loop->prepared != pace->turn)
		pace->fast = false;
	if (port->sent % PACE_MESSAGES)
		return pace->fast;
	now = uv_hrtime();
	pace->fast = port->loop && now - pace->since < PACE_NS;
	pace->since = now;
	if (pace->fast)
		pace->turn = port->loop->prepared;
	if (pace->fast && port->sent % TOTALS_MESSAGES == 0)
		tell_total(port, port->sent, port->bytes_sent);
	return pace->fast;
}

static void
tell_sent(struct port *port, struct letter *letter)
{
	size_t size = size_of(&letter->message);

	port->sent++;
	port->bytes_sent += size;
	letter->told = emit_is_open() && !is_fast(port);
	if (letter->told)
		tell(port, EVENT_MESSAGE_SEND, port->sent, &letter->message,
		     size);
}

void
port_tell_received(struct port *port, const struct letter *letter)
{
	size_t size = size_of(&letter->message);

	port->received++;
	port->bytes_received += size;
	if (letter->told)
		tell(port, EVENT_MESSAGE_RECV, port->received, &letter->message,
		     size);
	else
		port->untold = true;
}

void
port_tell_totals(struct port *port)
{
	struct event event = {
	    .kind = EVENT_CHANNEL_GAUGE,
	    .channel = port->pair->id | (uint64_t)port->side,
	    .number = port->sent,
	    .size = port->bytes_sent,
	    .value = port->received,
	};

	if (!port->untold)
		return;
	port->untold = false;
	emit(&event, NULL);
	tell_total(port_other(port), port->received, port->bytes_received);
}

/* ---- letters that go round ---- */

/* So much memory is kept for the next: touching new pages costs more than all
 * else here. Four letters of a MiB, or thirty thousand small ones. */
enum { KEPT_BYTES = (4 << 20) + 4096 };

void
port_keep_letter(struct port *port, struct letter *letter)
{
	size_t size = sizeof(*letter) + letter->room;

	if (port->read_bytes + size > KEPT_BYTES) {
		free(letter);
		return;
	}
	port->read_bytes += size;
	letters_add(&port->read, letter);
}

void
port_give_back(struct port *port)
{
	struct letter *nothing = NULL;

	if (!port->read.first ||
	    !__atomic_compare_exchange_n(&port_other(port)->given, &nothing,
	                                 port->read.first, false,
	                                 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return;
	letters_init(&port->read);
	port->read_bytes = 0;
}

/* Takes what has come back: small ones and big ones apart. */
static void
take_back(struct port *port)
{
	struct letter *letter = __atomic_load_n(&port->given, __ATOMIC_RELAXED);

	if (!letter)
		return;
	letter = __atomic_exchange_n(&port->given, NULL, __ATOMIC_ACQ_REL);
	while (letter) {
		struct letter *next = letter->next;

		letters_add(
		    letter->room > LETTER_SMALL ? &port->big : &port->small,
		    letter);
		letter = next;
	}
}

static struct letter *
spare_letter(struct port *port, const struct message *message)
{
	bool is_small = message->size <= LETTER_SMALL;
	struct letters *letters = is_small ? &port->small : &port->big;
	struct letter *letter;

	if (message->part_count)
		return NULL;
	if (!letters->first)
		take_back(port);
	letter = letters_pop(letters);
	if (!letter || letter->room >= message->size)
		return letter;
	free(letter);
	return NULL;
}

static void
free_all(struct letters *letters)
{
	struct letter *letter;

	while ((letter = letters_pop(letters)) != NULL)
		free(letter);
}

void
port_free_spare(struct port *port)
{
	take_back(port);
	free_all(&port->read);
	free_all(&port->small);
	free_all(&port->big);
}

/* ---- what may go ---- */

/* Buffers and ports are handed over once. */
static bool
is_repeated(const struct message *message, size_t index)
{
	const struct part *part = &message->parts[index];

	for (size_t i = 0; i < index; i++)
		if (message->parts[i].kind == part->kind &&
		    message->parts[i].transfer &&
		    message->parts[i].buffer == part->buffer)
			return true;
	return false;
}

int
port_check(const struct port *port, const struct message *message)
{
	for (size_t i = 0; i < message->part_count; i++) {
		const struct part *part = &message->parts[i];

		if (part->kind == PART_PORT && !part->transfer)
			return -EPERM;
		if (part->kind == PART_PORT && part->port == port)
			return -EINVAL;
		if (part->kind == PART_PORT &&
		    (part->port->control || part->port->closed))
			return -EINVAL;
		if (part->transfer && part->kind != PART_SHARED &&
		    is_repeated(message, i))
			return -EINVAL;
	}
	return 0;
}

/* The other end is on its way to itself: nobody could ever read there. */
static bool
is_lost(const struct port *port, const struct message *message)
{
	for (size_t i = 0; i < message->part_count; i++)
		if (message->parts[i].kind == PART_PORT &&
		    message->parts[i].port == port_other(port))
			return true;
	return false;
}

static bool
is_deaf(struct port *port)
{
	return port->closed || port_flag(&port_other(port)->closed);
}

int
port_post_message(struct port *port, const struct message *message)
{
	int error = message->part_count ? port_check(port, message) : 0;
	struct letter *letter;
	bool lost;

	if (error)
		return error;
	if (is_deaf(port))
		return -EPIPE;
	lost = message->part_count && is_lost(port, message);
	error = letter_write(&letter, spare_letter(port, message), message);
	if (error)
		return error;
	if (lost) {
		letter_free(letter);
		return 0;
	}
	tell_sent(port, letter);
	inbox_put(&port_other(port)->inbox, letter);
	return 0;
}

int
port_post(struct port *port, const char *bytes, size_t size)
{
	struct message message = {.bytes = bytes, .size = size};

	return port_post_message(port, &message);
}

int
port_post_letter(struct port *port, enum letter_tag tag, uint32_t value,
                 const char *bytes, size_t size)
{
	struct message message = {.bytes = bytes, .size = size};
	struct letter *letter;
	int error;

	if (is_deaf(port))
		return -EPIPE;
	error = letter_write(&letter, spare_letter(port, &message), &message);
	if (error)
		return error;
	letter->tag = (uint8_t)tag;
	letter->value = value;
	inbox_put(&port_other(port)->inbox, letter);
	return 0;
}
