/*
 * Failures: out of memory in the middle of cloning: what was cloned so far is
 * freed, and only when nothing can fail any more is the first part transferred,
 * so a message that was not sent has lost nothing.
 */
#include "letter.h"
#include "port_parts.h"
#include "shared.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool
is_moved(const struct part *part)
{
	return part->kind == PART_BUFFER && part->transfer &&
	       !part->buffer->stays;
}

/* The buffers of a letter lie behind its parts. */
static struct buffer *
buffers_of(struct letter *letter)
{
	return (struct buffer *)(void *)(letter->message.parts +
	                                 letter->message.part_count);
}

static int
clone_buffers(struct letter *letter, const struct message *message)
{
	struct buffer *buffers = buffers_of(letter);

	for (size_t i = 0; i < message->part_count; i++) {
		const struct part *part = &message->parts[i];

		memset(&buffers[i], 0, sizeof(buffers[i]));
		if (part->kind != PART_BUFFER || is_moved(part))
			continue;
		if (buffer_copy(&buffers[i], part->buffer)) {
			while (i-- > 0)
				buffer_free(&buffers[i]);
			return -ENOMEM;
		}
	}
	return 0;
}

static void
move_parts(struct letter *letter, const struct message *message)
{
	struct buffer *buffers = buffers_of(letter);

	for (size_t i = 0; i < message->part_count; i++) {
		struct part *from = &message->parts[i];
		struct part *to = &letter->message.parts[i];

		*to = *from;
		if (from->kind == PART_BUFFER)
			to->buffer = &buffers[i];
		if (is_moved(from)) {
			buffers[i] = *from->buffer;
			memset(from->buffer, 0, sizeof(*from->buffer));
		}
		if (from->kind == PART_SHARED)
			shared_ref(from->shared);
		if (from->kind == PART_PORT) {
			port_detach(from->port);
			from->kind = PART_NONE;
		}
	}
}

static struct letter *
letter_new(size_t extra, size_t size)
{
	size_t room = size < LETTER_SMALL && !extra ? LETTER_SMALL : size;
	struct letter *letter = malloc(sizeof(*letter) + extra + room);

	if (letter)
		letter->room = extra ? 0 : room;
	return letter;
}

int
letter_write(struct letter **into, struct letter *spare,
             const struct message *message)
{
	size_t count = message->part_count;
	size_t extra = count * (sizeof(struct part) + sizeof(struct buffer));
	struct letter *letter =
	    spare ? spare : letter_new(extra, message->size);
	char *bytes;

	if (!letter)
		return -ENOMEM;
	bytes = (char *)(letter + 1) + extra;
	letter->next = NULL;
	letter->value = 0;
	letter->tag = LETTER_MESSAGE;
	letter->told = false;
	letter->message = (struct message){
	    .bytes = bytes,
	    .size = message->size,
	    .parts = (struct part *)(void *)(letter + 1),
	    .part_count = count,
	};
	if (message->size)
		memcpy(bytes, message->bytes, message->size);
	if (count) {
		if (clone_buffers(letter, message)) {
			free(letter);
			return -ENOMEM;
		}
		move_parts(letter, message);
	}
	*into = letter;
	return 0;
}

static void
drop_part(struct part *part)
{
	switch (part->kind) {
	case PART_BUFFER:
		buffer_free(part->buffer);
		break;
	case PART_PORT:
		port_drop(part->port);
		break;
	case PART_SHARED:
		shared_unref(part->shared);
		break;
	case PART_NONE:
		break;
	}
	part->kind = PART_NONE;
}

bool
letter_clear(struct letter *letter)
{
	for (size_t i = 0; i < letter->message.part_count; i++)
		drop_part(&letter->message.parts[i]);
	return letter->room > 0;
}

void
letter_free(struct letter *letter)
{
	if (letter->tag == LETTER_CLOSE)
		return;
	letter_clear(letter);
	free(letter);
}

void
letters_free(struct letters *letters)
{
	struct letter *letter;

	while ((letter = letters_pop(letters)) != NULL)
		letter_free(letter);
}

void
message_free(struct message *message)
{
	if (message)
		letter_free((
		    struct letter *)(void *)((char *)message -
		                             offsetof(struct letter, message)));
}

/* ---- what a receiver takes ---- */

static struct part *
part_at(struct message *message, size_t index, enum part_kind kind)
{
	if (index >= message->part_count || message->parts[index].kind != kind)
		return NULL;
	return &message->parts[index];
}

struct buffer
message_take_buffer(struct message *message, size_t index)
{
	struct part *part = part_at(message, index, PART_BUFFER);
	struct buffer buffer = {0};

	if (part) {
		buffer = *part->buffer;
		part->kind = PART_NONE;
	}
	return buffer;
}

struct port *
message_take_port(struct message *message, size_t index)
{
	struct part *part = part_at(message, index, PART_PORT);

	if (!part)
		return NULL;
	part->kind = PART_NONE;
	return part->port;
}

struct shared *
message_take_shared(struct message *message, size_t index)
{
	struct part *part = part_at(message, index, PART_SHARED);

	if (!part)
		return NULL;
	part->kind = PART_NONE;
	return part->shared;
}
