/*
 * flow: messages on their way. A send and a receive with the same channel,
 * direction and number are one flow, in whichever order they come in.
 *
 * The newest FLOWS are kept; an older one is forgotten with its number.
 */
#ifndef CORE_FLOW_H
#define CORE_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#ifdef TINY
enum { FLOWS = 4, FLOW_BUCKETS = 2 };
#else
enum { FLOWS = 2048, FLOW_BUCKETS = 4096 };
#endif
enum { FLOW_TEXT = 40 };

struct flow {
	uint64_t channel, number;
	uint64_t sent, received; /* event times; 0: not yet */
	uint64_t size;
	uint32_t from_pid, from_tid;
	uint32_t to_pid, to_tid;     /* who received it, or should */
	uint32_t wait_pid, wait_tid; /* in front of whom it waited */
	bool handle;                 /* carries a handle */
	char text[FLOW_TEXT];
	uint64_t next; /* id of the next older one in the bucket; 0: none */
};

struct flows {
	uint64_t
	    newest; /* id of the newest, from 1; flow i is in slot i % FLOWS */
	uint64_t settled; /* flows up to this id have all been received */
	uint64_t buckets[FLOW_BUCKETS];
	struct flow slots[FLOWS];
};

/* The flow with that id, NULL when it is forgotten or never was. */
const struct flow *flow_at(const struct flows *flows, uint64_t id);

/* The newest flow of a channel (with direction) and number; NULL: none. */
struct flow *flow_find(struct flows *flows, uint64_t channel, uint64_t number);

/* The next older one with the same channel and number; NULL: none. */
struct flow *flow_older(struct flows *flows, const struct flow *flow);

/* A new flow, zeroed but for channel and number. */
struct flow *flow_add(struct flows *flows, uint64_t channel, uint64_t number);

/* The id of the oldest flow that is kept; newest + 1 when there is none. */
uint64_t flow_oldest(const struct flows *flows);

#endif
