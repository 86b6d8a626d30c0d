/*
 * The rule about messages: a queue is what of one direction of a channel has
 * been on its way for long. Sockets are left out: what waits in front of a
 * port is the hill's to show.
 */
#include "findings_parts.h"

#define STUCK_NS 500000000ull

enum { QUEUED = 32, QUEUES = 32 };

static bool
is_queue(uint64_t channel)
{
	enum channel_type type = channel_id_type(channel);

	return type == CHANNEL_IPC || type == CHANNEL_PORT ||
	       type == CHANNEL_PIPE;
}

/* One direction of a channel. */
struct queue {
	uint64_t channel, oldest;
	uint32_t pid, tid;
	unsigned unread, stuck; /* all; those that have waited for long */
};

static void
count_flow(struct queue queues[QUEUES], const struct flow *flow, bool is_stuck)
{
	for (int i = 0; i < QUEUES; i++) {
		struct queue *queue = &queues[i];

		if (queue->unread && queue->channel != flow->channel)
			continue;
		if (!queue->unread || flow->sent < queue->oldest)
			queue->oldest = flow->sent;
		queue->channel = flow->channel;
		queue->pid = flow->wait_pid;
		queue->tid = flow->wait_tid;
		queue->unread++;
		queue->stuck += is_stuck;
		return;
	}
}

/* The channel's totals know also what is no longer kept as a flow. */
static uint64_t
length_of(const struct finder *finder, const struct queue *queue)
{
	const struct channel_row *row =
	    model_channel(finder->model, queue->channel);
	int back = queue->channel & 1;
	uint64_t length = row && row->sent[back] > row->received[back]
	                      ? row->sent[back] - row->received[back]
	                      : 0;

	return length > queue->unread ? length : queue->unread;
}

void
findings_queue(struct finder *finder)
{
	const struct flows *flows = &finder->model->flows;
	uint64_t id = flows->settled + 1;
	uint64_t late = findings_ago(finder->time, STUCK_NS);
	struct queue queues[QUEUES] = {0};

	if (id < flow_oldest(flows))
		id = flow_oldest(flows);
	for (; id <= flows->newest; id++) {
		const struct flow *flow = flow_at(flows, id);

		if (!flow->received && is_queue(flow->channel) &&
		    model_is_unread(finder->model, flow))
			count_flow(queues, flow, flow->sent <= late);
	}
	for (int i = 0; i < QUEUES && queues[i].unread; i++)
		if (queues[i].stuck >= QUEUED)
			findings_raise(finder, queues[i].pid, queues[i].tid,
			               length_of(finder, &queues[i]),
			               finder->time - queues[i].oldest, "");
}
