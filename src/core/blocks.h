/*
 * blocks: turns what looptop's own runtime tells (a span begins, a span ends)
 * into loop-blocked and loop-freed, so that a blocked loop is in the stream
 * while it is blocked. A loop on the stage cannot say so itself: it is blocked.
 *
 * It keeps nothing: what it must know is in the model. Only loops that have to
 * answer can be blocked; long work on a worker's loop is what it is there for.
 */
#ifndef CORE_BLOCKS_H
#define CORE_BLOCKS_H

#include "model.h"
#include "stream.h"

/* Once a frame, after model_tick(): puts a loop-blocked into `stream` for each
 * span that has lasted over MODEL_BLOCKED_NS at `now`. */
void blocks_tick(const struct model *model, struct stream *stream,
                 uint64_t now);

/* A sink for stream_add(), behind the model: data is a struct blocks. At the
 * end of a span puts the loop-freed (and the loop-blocked, if no frame came in
 * between). */
struct blocks {
	const struct model *model;
	struct stream *stream;
};
bool blocks_put(void *data, const struct event *event, const char *text);

#endif
