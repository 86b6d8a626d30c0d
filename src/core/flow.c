#include "flow.h"

#include <string.h>

static uint64_t *
bucket(struct flows *flows, uint64_t channel, uint64_t number)
{
	uint64_t key = (channel ^ number << 20) * 0x9e3779b97f4a7c15u;

	return &flows->buckets[(key >> 40) % FLOW_BUCKETS];
}

uint64_t
flow_oldest(const struct flows *flows)
{
	return flows->newest > FLOWS ? flows->newest - FLOWS + 1 : 1;
}

const struct flow *
flow_at(const struct flows *flows, uint64_t id)
{
	if (id < flow_oldest(flows) || id > flows->newest)
		return NULL;
	return &flows->slots[id % FLOWS];
}

/* A bucket's chain runs from new to old, so it ends where the first forgotten
 * id is met: nothing needs unlinking when a slot is taken over. */
static struct flow *
find_from(struct flows *flows, uint64_t id, uint64_t channel, uint64_t number)
{
	const struct flow *flow;

	while ((flow = flow_at(flows, id)) != NULL) {
		if (flow->channel == channel && flow->number == number)
			return &flows->slots[id % FLOWS];
		id = flow->next;
	}
	return NULL;
}

struct flow *
flow_find(struct flows *flows, uint64_t channel, uint64_t number)
{
	return find_from(flows, *bucket(flows, channel, number), channel,
	                 number);
}

struct flow *
flow_older(struct flows *flows, const struct flow *flow)
{
	return find_from(flows, flow->next, flow->channel, flow->number);
}

struct flow *
flow_add(struct flows *flows, uint64_t channel, uint64_t number)
{
	uint64_t *head = bucket(flows, channel, number);
	uint64_t id = ++flows->newest;
	struct flow *flow = &flows->slots[id % FLOWS];

	memset(flow, 0, sizeof(*flow));
	flow->channel = channel;
	flow->number = number;
	flow->next = *head;
	*head = id;
	return flow;
}
