/*
 * json_parts: a line of JSON in the making, and its fields. Not for other
 * modules.
 */
#ifndef REPORT_JSON_PARTS_H
#define REPORT_JSON_PARTS_H

#include "json.h"

#include "core/text.h"

#include <jansson.h>

struct line {
	json_t *object;
	const struct event *event;
	const char *text;
	const struct model *model;
};

static inline void
set_integer(struct line *line, const char *name, uint64_t value)
{
	json_object_set_new(line->object, name,
	                    json_integer((json_int_t)value));
}

static inline void
set_string(struct line *line, const char *name, const char *value)
{
	json_object_set_new(line->object, name, json_string(value));
}

/* Words as valid UTF-8 whatever they were; they may hold a NUL. */
static inline void
set_words(struct line *line, const char *name, const char *words, size_t size)
{
	char clean[EVENT_TEXT_MAX * 3 + 1];
	size_t length = text_utf8(clean, sizeof(clean), words, size);

	json_object_set_new(line->object, name, json_stringn(clean, length));
}

static inline void
set_text(struct line *line, const char *name)
{
	set_words(line, name, line->text, line->event->text);
}

/* Milliseconds with three digits behind the point. */
static inline void
set_ms(struct line *line, const char *name, uint64_t ns)
{
	json_object_set_new(line->object, name,
	                    json_real((double)(ns / 1000) / 1000));
}

static inline void
set_end(struct line *line, const char *name, uint32_t pid, uint32_t tid)
{
	char text[32];

	snprintf(text, sizeof(text), tid && tid != pid ? "%u:%u" : "%u", pid,
	         tid);
	set_string(line, name, text);
}

/* json_flow.c: channels, and what goes through them. */
void json_channel_born(struct line *line);
void json_channel_died(struct line *line);
void json_channel_queue(struct line *line);
void json_message(struct line *line);
void json_handle(struct line *line);
void json_request(struct line *line);

#endif
