#include "native_queue.h"

#include <stdlib.h>
#include <string.h>

enum { RUNS_MAX = 65536 };

void
queue_free(struct queue *queue)
{
	free(queue->runs);
	*queue = (struct queue){.astray = queue->astray};
}

void
queue_go_astray(struct queue *queue)
{
	queue_free(queue);
	queue->astray = true;
}

/* Room for one more run; false: there is none. */
static bool
make_room(struct queue *queue)
{
	uint32_t count = queue->end - queue->head;
	struct run *more;

	if (queue->end < queue->room)
		return true;
	if (queue->head > queue->room / 2) {
		memmove(queue->runs, queue->runs + queue->head,
		        count * sizeof(*queue->runs));
		queue->head = 0;
		queue->end = count;
		return true;
	}
	if (queue->room >= RUNS_MAX)
		return false;
	more = realloc(queue->runs, (queue->room * 2 + 8) * sizeof(*more));
	if (!more)
		return false;
	queue->runs = more;
	queue->room = queue->room * 2 + 8;
	return true;
}

void
queue_put(struct queue *queue, uint32_t speaker, uint32_t number)
{
	struct run *last =
	    queue->end > queue->head ? &queue->runs[queue->end - 1] : NULL;

	if (queue->astray)
		return;
	if (last && last->speaker == speaker &&
	    last->first + last->count == number) {
		last->count++;
		return;
	}
	if (make_room(queue))
		queue->runs[queue->end++] = (struct run){speaker, number, 1};
	else
		queue_go_astray(queue);
}

void
queue_take_back(struct queue *queue, uint32_t speaker, uint32_t number)
{
	for (uint32_t i = queue->end; i > queue->head; i--) {
		struct run *run = &queue->runs[i - 1];

		if (run->speaker != speaker ||
		    run->first + run->count != number + 1)
			continue;
		run->count--;
		return;
	}
}

bool
queue_take(struct queue *queue, struct run *next)
{
	while (queue->head < queue->end && !queue->runs[queue->head].count)
		queue->head++;
	if (queue->head == queue->end)
		return false;
	*next = queue->runs[queue->head];
	queue->runs[queue->head].first++;
	queue->runs[queue->head].count--;
	return true;
}
