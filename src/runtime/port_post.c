/* The sending side of a port: what may go, and how it goes. */
#include "port_parts.h"

#include "core/emit.h"
#include "core/text.h"

#include <errno.h>
#include <stdlib.h>

enum { PREVIEW_BYTES = 60 };

/* So many read letters go back to who writes them, in one step. */
enum { SPARE_LETTERS = 256 };

void
port_tell(struct port *port, enum event_kind kind,
          const struct message *message)
{
	bool is_send = kind == EVENT_MESSAGE_SEND;
	int direction = is_send ? port->side : !port->side;
	struct event event = {
	    .kind = (uint8_t)kind,
	    .channel = port->pair->id | (uint64_t)direction,
	    .number = is_send ? ++port->sent : ++port->received,
	    .size = message->size,
	};
	char text[PREVIEW_BYTES];

	if (!emit_is_open())
		return;
	for (size_t i = 0; i < message->part_count; i++)
		if (message->parts[i].kind == PART_BUFFER)
			event.size += message->parts[i].buffer->size;
	emit_bytes(
	    &event, text,
	    text_preview(text, sizeof(text), message->bytes, message->size));
}

/* ---- letters that go round ---- */

void
port_give_back(struct port *port, struct letters *read)
{
	struct port *writer = port_other(port);
	struct letter *cut = read->first, *nothing = NULL, *more;

	for (int i = 1; cut && i < SPARE_LETTERS; i++)
		cut = cut->next;
	if (cut) {
		more = cut->next;
		cut->next = NULL;
		while (more) {
			cut = more;
			more = more->next;
			free(cut);
		}
	}
	if (!read->first || __atomic_compare_exchange_n(
				&writer->given, &nothing, read->first, false,
				__ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return;
	while ((cut = letters_pop(read)) != NULL)
		free(cut);
}

static struct letter *
spare_letter(struct port *port, const struct message *message)
{
	if (message->part_count || message->size > LETTER_SPARE_BYTES)
		return NULL;
	if (!port->spare.first &&
	    __atomic_load_n(&port->given, __ATOMIC_RELAXED))
		port->spare.first =
		    __atomic_exchange_n(&port->given, NULL, __ATOMIC_ACQ_REL);
	return letters_pop(&port->spare);
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
	port_tell(port, EVENT_MESSAGE_SEND, &letter->message);
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
