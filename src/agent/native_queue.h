/*
 * native_queue: who spoke, in the order in which one listener is to hear it.
 *
 * It holds runs: messages of one speaker that follow each other are one entry.
 * The caller holds a lock.
 */
#ifndef AGENT_NATIVE_QUEUE_H
#define AGENT_NATIVE_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

struct run {
	uint32_t speaker, first, count;
};

struct queue {
	struct run *runs;
	uint32_t head, end, room;
	bool astray; /* it is not what the listener hears: of no use any more */
};

/* The `number`th message of a speaker is on its way. A queue that nobody reads,
 * or that finds no memory, goes astray. */
void queue_put(struct queue *queue, uint32_t speaker, uint32_t number);

/* It was not posted after all. */
void queue_take_back(struct queue *queue, uint32_t speaker, uint32_t number);

/* The next one: its speaker and, in `first`, its number; false: none. */
bool queue_take(struct queue *queue, struct run *next);

void queue_go_astray(struct queue *queue);
void queue_free(struct queue *queue);

#endif
