/*
 * message: what goes through a port: bytes, and parts that are not bytes.
 *
 * To send one, fill in a struct message of your own, or pass one on: nothing in
 * it is kept. A port that was sent is PART_NONE in it afterwards.
 * The bytes are cloned; so is a buffer, unless it is transferred; a port can
 * only be transferred; shared memory is shared. Node: postMessage(value,
 * transferList), where `transfer` says that the part stands in that list.
 *
 * One that was received belongs to the runtime: it lasts until the callback
 * returns or, from port_receive(), until message_free(). Take out of it what
 * you want to keep; what is left in it is freed, closed or released with it.
 */
#ifndef RUNTIME_MESSAGE_H
#define RUNTIME_MESSAGE_H

#include "buffer.h"

struct port;
struct shared;

enum part_kind { PART_NONE, PART_BUFFER, PART_PORT, PART_SHARED };

struct part {
	enum part_kind kind; /* PART_NONE: it was taken */
	bool transfer;
	union {
		struct buffer *buffer;
		struct port *port;
		struct shared *shared;
	};
};

struct message {
	const char *bytes;
	size_t size;
	struct part *parts;
	size_t part_count;
};

/* Takes part `index` out of a message that was received; whoever takes it owns
 * it. Not there, taken already or of another kind: the buffer is empty, the
 * pointer NULL. The port is not open yet; the shared memory is one reference.
 */
struct buffer message_take_buffer(struct message *message, size_t index);
struct port *message_take_port(struct message *message, size_t index);
struct shared *message_take_shared(struct message *message, size_t index);

/* Frees one from port_receive(), with what was not taken. NULL is allowed. */
void message_free(struct message *message);

#endif
