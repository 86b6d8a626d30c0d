/* What has changed between two looks, as events. */
#include "channels_parts.h"

static void
tell(struct observe *observe, enum event_kind kind,
     const struct found_channel *channel, uint64_t now)
{
	struct event event = {
	    .kind = (uint8_t)kind,
	    .time = now,
	    .pid = (uint32_t)channel->a,
	    .tid = (uint32_t)channel->a,
	    .other_pid = (uint32_t)channel->b,
	    .other_tid = (uint32_t)channel->b,
	    .channel = channel->id,
	};

	if (kind == EVENT_CHANNEL_BORN) {
		event.number = channel->type;
		event.value = channel->port;
	} else if (kind == EVENT_CHANNEL_QUEUE) {
		event.number = channel->to_a;
		event.size = channel->to_b;
		event.value = channel->count;
	}
	observe_tell(observe, &event,
	             kind == EVENT_CHANNEL_BORN ? channel->name : NULL);
}

static void
tell_queue(struct observe *observe, const struct found_channel *channel,
           const struct found_channel *before, uint64_t now)
{
	static const struct found_channel nothing;

	if (!before)
		before = &nothing;
	if (channel->to_a != before->to_a || channel->to_b != before->to_b ||
	    channel->count != before->count)
		tell(observe, EVENT_CHANNEL_QUEUE, channel, now);
}

/* Both lists are sorted: walks them side by side. */
void
channels_tell(struct observe *observe, uint64_t now)
{
	const struct found_channels *found = &observe->channels->found;
	const struct found_channels *known = &observe->channels->known;
	int i = 0, k = 0;

	while (i < found->count || k < known->count) {
		const struct found_channel *one = &found->rows[i];
		const struct found_channel *other = &known->rows[k];

		if (k == known->count ||
		    (i < found->count && one->id < other->id)) {
			tell(observe, EVENT_CHANNEL_BORN, one, now);
			tell_queue(observe, one, NULL, now);
			i++;
		} else if (i == found->count || other->id < one->id) {
			tell(observe, EVENT_CHANNEL_DIED, other, now);
			k++;
		} else {
			tell_queue(observe, one, other, now);
			i++;
			k++;
		}
	}
}
