/* What the files of a channel share: channel.c (life, reading), channel_open.c,
 * channel_tell.c (events), outbox.c (writing), handle.c (handles). */
#ifndef RUNTIME_CHANNEL_PARTS_H
#define RUNTIME_CHANNEL_PARTS_H

#include "channel.h"

static inline bool
channel_is_closing(const struct channel *channel)
{
	return uv_is_closing((const uv_handle_t *)&channel->pipe);
}

/* ---- channel_tell.c ---- */

/* Emits one of the four SEND and RECV kinds; `place` is the message as it lies
 * on the wire. */
void channel_tell(struct channel *channel, enum event_kind kind,
                  const json_t *message, struct outbox_place place);

/* What was sent and received so far, if single messages were not told. */
void channel_tell_totals(struct channel *channel);

void channel_tell_died(const struct channel *channel);

/* Tells the user of a problem with the peer. */
void channel_note(const struct channel *channel, enum note level,
                  const char *what);

/* ---- channel.c ---- */

/* Sends a message, perhaps with a handle and then with its envelope; one of the
 * channel's own, also where the user has no say any more. As channel_send(). */
int channel_send_with(struct channel *channel, const json_t *message,
                      uv_handle_t *handle);

/* Ends the channel with a note: the peer broke the rules. */
void channel_break(struct channel *channel, const char *why);

/* Something was written, or could not be: tells `drain`, goes on with a
 * disconnect that waited for it. `status`: 0 or -errno. */
void channel_after_write(struct channel *channel, int status);

/* A message for the user, or the inside of one that brought a handle. */
void channel_deliver(struct channel *channel, json_t *message, bool has_handle);

/* ---- handle.c ---- */

/* What the peer says of handles; false: it says nothing of them. */
bool handle_take_message(struct channel *channel, enum ipc_message_kind kind,
                         json_t *message, struct outbox_place place);

/* A message with a handle that could not be read: it is taken and closed. */
void handle_take_unread(struct channel *channel);

/* Closes descriptors that came without a message that says so. One may belong
 * to a message that is not yet whole. */
void handle_drop_strays(struct channel *channel);

/* The kind of channel, for events: enum channel_type. */
uint64_t handle_channel_type(const json_t *envelope);

#endif
