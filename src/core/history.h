/*
 * history: the last minutes of a model, to go back to.
 *
 * A keyframe is a copy of the model, taken about once a second; between two of
 * them lie the events as they came. A moment is the last keyframe before it
 * and the events up to it, so what is shown of the past is what was shown
 * then. Pages of the model that did not change since the keyframe before are
 * kept once.
 *
 * All of it is bounded: when the pages, the events or the keyframes are used
 * up, the oldest keyframe goes. Plain data, large: have it static.
 */
#ifndef CORE_HISTORY_H
#define CORE_HISTORY_H

#include "model.h"

enum { HISTORY_PAGE = 1024 };
enum {
	HISTORY_MODEL_PAGES =
	    (sizeof(struct model) + HISTORY_PAGE - 1) / HISTORY_PAGE
};

#ifdef TINY
enum {
	HISTORY_PAGES = 2 * HISTORY_MODEL_PAGES + 16,
	HISTORY_KEYFRAMES = 4,
	HISTORY_BYTES = 8192,
};
#else
enum {
	HISTORY_PAGES = 32768,
	HISTORY_KEYFRAMES = 900,
	HISTORY_BYTES = 32 << 20,
};
#endif

#define HISTORY_STEP_NS 1000000000ull

struct keyframe {
	uint64_t time;     /* model->now */
	uint64_t position; /* of the first event behind it */
	uint16_t pages[HISTORY_MODEL_PAGES];
};

struct history {
	const struct model *model; /* whose history it is */
	uint64_t end;              /* bytes of events ever kept */
	uint32_t oldest, count;    /* of the keyframes, a ring */
	struct keyframe keyframes[HISTORY_KEYFRAMES];
	uint32_t free_count;
	uint16_t free[HISTORY_PAGES];
	char pages[HISTORY_PAGES][HISTORY_PAGE];
	char events[HISTORY_BYTES];
};

/* An empty history of `model`, which stays the caller's. */
void history_init(struct history *history, const struct model *model);

/* A sink for stream_add(), before the model's: data is the struct history. */
bool history_put(void *data, const struct event *event, const char *text);

/* The first moment that can be gone back to. */
uint64_t history_oldest(const struct history *history);

/* Makes `model` what it was at `time`, or at the oldest moment there is, or
 * the newest. */
void history_seek(const struct history *history, struct model *model,
                  uint64_t time);

#endif
