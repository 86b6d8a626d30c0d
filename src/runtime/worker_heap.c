/* Memory that a worker thread may have only so much of. */
#include "worker_parts.h"

#include <stdlib.h>

/* In front of each piece. */
struct piece {
	struct piece *next, *before;
	size_t size;
	_Alignas(16) char bytes[];
};

struct worker_heap {
	struct piece *first;
	size_t used, limit; /* limit 0: none */
};

struct worker_heap *
worker_heap_new(size_t limit)
{
	struct worker_heap *heap = calloc(1, sizeof(*heap));

	if (heap)
		heap->limit = limit;
	return heap;
}

void
worker_heap_free(struct worker_heap *heap)
{
	struct piece *piece = heap ? heap->first : NULL;

	while (piece) {
		struct piece *next = piece->next;

		free(piece);
		piece = next;
	}
	free(heap);
}

void *
worker_scope_alloc(struct worker_scope *scope, size_t size)
{
	struct worker_heap *heap = scope->heap;
	bool fits = !heap->limit ||
	            (size <= heap->limit && heap->used <= heap->limit - size);
	struct piece *piece = NULL;

	if (fits && size <= SIZE_MAX - sizeof(*piece))
		piece = calloc(1, sizeof(*piece) + size);
	if (!piece) {
		worker_scope_throw(scope,
		                   "ERR_WORKER_OUT_OF_MEMORY: Worker terminated"
		                   " due to reaching memory limit");
		return NULL;
	}
	piece->size = size;
	piece->next = heap->first;
	if (piece->next)
		piece->next->before = piece;
	heap->first = piece;
	heap->used += size;
	return piece->bytes;
}

void
worker_scope_free(struct worker_scope *scope, void *bytes)
{
	struct piece *piece;

	if (!bytes)
		return;
	piece = (struct piece *)(void *)((char *)bytes -
	                                 offsetof(struct piece, bytes));
	if (piece->before)
		piece->before->next = piece->next;
	else
		scope->heap->first = piece->next;
	if (piece->next)
		piece->next->before = piece->before;
	scope->heap->used -= piece->size;
	free(piece);
}
