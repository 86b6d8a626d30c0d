/*
 * What can go wrong here: the events come faster than they can be kept (then
 * the past is shorter, never the present slower); an event older than the
 * keyframe before it (it belongs behind it all the same: a moment is a place
 * in the stream, the last before an event that is later); a time before
 * anything that is kept.
 */
#include "history.h"

#include <string.h>

_Static_assert(HISTORY_PAGES >= 2 * HISTORY_MODEL_PAGES,
               "a keyframe must fit beside the one before it");
_Static_assert(HISTORY_PAGES <= UINT16_MAX, "pages are numbered in 16 bits");

void
history_init(struct history *history, const struct model *model)
{
	history->model = model;
	history->end = 0;
	history->oldest = history->count = 0;
	history->free_count = HISTORY_PAGES;
	for (int i = 0; i < HISTORY_PAGES; i++)
		history->free[i] = (uint16_t)(HISTORY_PAGES - 1 - i);
}

static struct keyframe *
keyframe_at(struct history *history, uint32_t n)
{
	return &history->keyframes[(history->oldest + n) % HISTORY_KEYFRAMES];
}

static const struct keyframe *
keyframe_of(const struct history *history, uint32_t n)
{
	return &history->keyframes[(history->oldest + n) % HISTORY_KEYFRAMES];
}

/* ---- pages ---- */

/* Bytes of page n of a model: the last one is shorter. */
static size_t
page_size(int n)
{
	size_t left = sizeof(struct model) - (size_t)n * HISTORY_PAGE;

	return left < HISTORY_PAGE ? left : HISTORY_PAGE;
}

/* A page is shared by neighbours only. */
static void
drop_oldest(struct history *history)
{
	const struct keyframe *old = keyframe_at(history, 0);
	const struct keyframe *next =
	    history->count > 1 ? keyframe_at(history, 1) : NULL;

	for (int i = 0; i < HISTORY_MODEL_PAGES; i++)
		if (!next || old->pages[i] != next->pages[i])
			history->free[history->free_count++] = old->pages[i];
	history->oldest = (history->oldest + 1) % HISTORY_KEYFRAMES;
	history->count--;
}

static void
keep_page(struct history *history, const struct keyframe *before,
          struct keyframe *keyframe, int n)
{
	const char *bytes =
	    (const char *)history->model + (size_t)n * HISTORY_PAGE;
	size_t size = page_size(n);

	if (before &&
	    memcmp(bytes, history->pages[before->pages[n]], size) == 0) {
		keyframe->pages[n] = before->pages[n];
		return;
	}
	keyframe->pages[n] = history->free[--history->free_count];
	memcpy(history->pages[keyframe->pages[n]], bytes, size);
}

static void
keep_keyframe(struct history *history)
{
	const struct keyframe *before;
	struct keyframe *keyframe;

	/* At most all of its pages are new. */
	while (
	    history->count == HISTORY_KEYFRAMES ||
	    (history->count > 1 && history->free_count < HISTORY_MODEL_PAGES))
		drop_oldest(history);
	before =
	    history->count ? keyframe_at(history, history->count - 1) : NULL;
	keyframe = keyframe_at(history, history->count);
	keyframe->time = history->model->now;
	keyframe->position = history->end;
	for (int i = 0; i < HISTORY_MODEL_PAGES; i++)
		keep_page(history, before, keyframe, i);
	history->count++;
}

/* ---- events ---- */

static void
write_bytes(struct history *history, const void *bytes, size_t size)
{
	size_t at = history->end % HISTORY_BYTES;
	size_t first = HISTORY_BYTES - at < size ? HISTORY_BYTES - at : size;

	memcpy(history->events + at, bytes, first);
	memcpy(history->events, (const char *)bytes + first, size - first);
	history->end += size;
}

static void
read_bytes(const struct history *history, uint64_t position, void *bytes,
           size_t size)
{
	size_t at = position % HISTORY_BYTES;
	size_t first = HISTORY_BYTES - at < size ? HISTORY_BYTES - at : size;

	memcpy(bytes, history->events + at, first);
	memcpy((char *)bytes + first, history->events, size - first);
}

/* Whether `size` bytes more would write over events of the oldest keyframe. */
static bool
is_full(const struct history *history, size_t size)
{
	return history->end + size >
	       keyframe_of(history, 0)->position + HISTORY_BYTES;
}

bool
history_put(void *data, const struct event *event, const char *text)
{
	struct history *history = data;
	const struct keyframe *last =
	    history->count ? keyframe_at(history, history->count - 1) : NULL;
	size_t size = EVENT_HEAD + event->text;

	if (!last || event->time >= last->time + HISTORY_STEP_NS)
		keep_keyframe(history);
	while (history->count > 1 && is_full(history, size))
		drop_oldest(history);
	if (is_full(history, size)) {
		/* One second's events are more than all we keep. */
		drop_oldest(history);
		keep_keyframe(history);
	}
	write_bytes(history, event, EVENT_HEAD);
	write_bytes(history, text, event->text);
	return true;
}

/* ---- going back ---- */

uint64_t
history_oldest(const struct history *history)
{
	uint64_t time = history->count ? keyframe_of(history, 0)->time : 0;

	return time > history->model->start ? time : history->model->start;
}

static void
restore(const struct history *history, const struct keyframe *keyframe,
        struct model *model)
{
	for (int i = 0; i < HISTORY_MODEL_PAGES; i++)
		memcpy((char *)model + (size_t)i * HISTORY_PAGE,
		       history->pages[keyframe->pages[i]], page_size(i));
}

/* Applies what came behind the keyframe, up to the first that is later. */
static void
go_on(const struct history *history, uint64_t position, struct model *model,
      uint64_t time)
{
	while (position < history->end) {
		char text[EVENT_TEXT_MAX + 1];
		struct event event;

		read_bytes(history, position, &event, EVENT_HEAD);
		if (event.time > time)
			return;
		read_bytes(history, position + EVENT_HEAD, text, event.text);
		text[event.text] = '\0';
		model_apply(model, &event, text);
		position += EVENT_HEAD + event.text;
	}
}

/* The last keyframe that is not later than `time`, else the oldest. */
static const struct keyframe *
keyframe_before(const struct history *history, uint64_t time)
{
	uint32_t low = 0, high = history->count;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (keyframe_of(history, middle)->time <= time)
			low = middle;
		else
			high = middle;
	}
	return keyframe_of(history, low);
}

void
history_seek(const struct history *history, struct model *model, uint64_t time)
{
	const struct keyframe *keyframe;

	if (!history->count) {
		*model = *history->model;
		return;
	}
	if (time < history_oldest(history))
		time = history_oldest(history);
	if (time > history->model->now)
		time = history->model->now;
	keyframe = keyframe_before(history, time);
	restore(history, keyframe, model);
	go_on(history, keyframe->position, model, time);
	model_tick(model, time);
}
