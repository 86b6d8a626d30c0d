/* What the stream hears of a channel. */
#include "channel_parts.h"

#include "core/emit.h"

#include <stdio.h>

/* So many messages a millisecond and direction are told one by one: 2 million a
 * second. Of what is faster only the totals are told, which is what is seen of
 * it: each record takes longer than such a message itself. */
enum {
	PREVIEW_BYTES = 60,
	GAUGE_MESSAGES = 1024,
	PACE_NS = 1000000,
	PACE_MESSAGES = 2000,
	PACE_LOOKS = 64, /* at the clock: one in so many messages */
};

/* Totals, which are exact also where single records are lost. */
static void
tell_gauge(const struct channel *channel)
{
	struct event event = {
	    .kind = EVENT_CHANNEL_GAUGE,
	    .channel = channel->id | (uint64_t)channel->direction,
	    .number = channel->sent,
	    .size = channel->bytes,
	    .value = channel->received,
	};

	emit(&event, NULL);
}

void
channel_tell_totals(struct channel *channel)
{
	if (!channel->is_owed)
		return;
	channel->is_owed = false;
	tell_gauge(channel);
}

/* The clock costs as much as a message: one look in so many, and when the loop
 * has polled since. */
static bool
may_tell(struct channel *channel, struct channel_pace *pace)
{
	uint64_t now, turn = uv_now(&channel->loop->uv);

	if (pace->told < PACE_MESSAGES) {
		pace->told++;
		return true;
	}
	channel->is_owed = true;
	if (pace->untold++ % PACE_LOOKS != 0 && turn == pace->turn)
		return false;
	pace->turn = turn;
	now = uv_hrtime();
	if (now - pace->since < PACE_NS)
		return false;
	*pace = (struct channel_pace){.since = now, .turn = turn, .told = 1};
	return true;
}

void
channel_tell(struct channel *channel, enum event_kind kind,
             const json_t *message, struct outbox_place place)
{
	bool is_send = kind == EVENT_MESSAGE_SEND || kind == EVENT_HANDLE_SEND;
	bool is_handle = kind == EVENT_HANDLE_SEND || kind == EVENT_HANDLE_RECV;
	int direction = is_send ? channel->direction : !channel->direction;
	struct event event = {
	    .kind = (uint8_t)kind,
	    .other_pid = channel->peer_pid,
	    .other_tid = channel->peer_pid,
	    .channel = channel->id | (uint64_t)direction,
	    .number = is_send ? ++channel->sent : ++channel->received,
	    .size = place.size,
	    .value = is_handle ? handle_channel_type(message) : 0,
	};
	char text[PREVIEW_BYTES];

	if (is_send)
		channel->bytes += place.size;
	if (channel->quiet || !emit_is_open())
		return;
	if (!is_handle && !may_tell(channel, &channel->paces[!is_send]))
		return;
	emit_bytes(&event, text,
	           ipc_message_preview(message, channel->in.mode, place.at,
	                               place.size, text, sizeof(text)));
	if ((channel->sent + channel->received) % GAUGE_MESSAGES == 0)
		tell_gauge(channel);
}

void
channel_note(const struct channel *channel, enum note level, const char *what)
{
	struct event note = {.kind = EVENT_NOTE, .number = level};
	char text[160];

	snprintf(text, sizeof(text), "IPC channel of pid %u: %s.",
	         channel->peer_pid, what);
	emit(&note, text);
}

void
channel_name(struct channel *channel, uint32_t parent, uint32_t child,
             bool is_parent)
{
	struct event born = {
	    .kind = EVENT_CHANNEL_BORN,
	    .channel = channel_id(CHANNEL_IPC, parent, child),
	    .number = CHANNEL_IPC,
	    .other_pid = child,
	    .other_tid = child,
	};

	channel->id = born.channel;
	channel->direction = is_parent ? CHANNEL_FORTH : CHANNEL_BACK;
	channel->peer_pid = is_parent ? child : parent;
	if (is_parent && !channel->quiet)
		emit(&born, NULL);
}

void
channel_tell_died(const struct channel *channel)
{
	struct event died = {
	    .kind = EVENT_CHANNEL_DIED,
	    .channel = channel->id,
	};

	if (channel->quiet)
		return;
	if (channel->is_owed ||
	    channel->sent + channel->received >= GAUGE_MESSAGES)
		tell_gauge(channel);
	emit(&died, NULL);
}
