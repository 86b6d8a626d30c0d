/*
 * What the conditions of the lessons share; not for other modules.
 */
#ifndef UI_LESSON_PARTS_H
#define UI_LESSON_PARTS_H

#include "lesson.h"
#include "pane.h"

/* Writes the sentence, or the number, and returns true: it has happened. */
bool lesson_say(struct lesson_look *look, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool lesson_brief(struct lesson_look *look, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* It has not happened, and this is why. */
bool lesson_not_yet(struct lesson_look *look, const char *why);

/* The newest piece of work, or block, that began in this step and lasted
 * `least` ns or more; in threads of that role. NULL: there is none. */
const struct span *lesson_span(const struct lesson_look *look, enum role role,
                               bool blocked, uint64_t least);

/* The newest process of this step that is so, NULL: there is none. A process
 * whose parent is not known is none of the stage's. */
typedef bool lesson_is(const struct lesson_look *look,
                       const struct process *process);
const struct process *lesson_process(const struct lesson_look *look,
                                     enum birth how, lesson_is *is);

/* The newest note of this step with those words; NULL: none. */
const char *lesson_note(const struct lesson_look *look, const char *words);

/* Messages of this step that were received. */
struct lesson_talk {
	unsigned count;
	uint64_t total, worst; /* ns from sending to receiving */
};

/* On channels of a type of which looptop is no end. */
struct lesson_talk lesson_heard(const struct lesson_look *look,
                                enum channel_type type);

/* By the main loop of a process, between two moments. */
struct lesson_talk lesson_answered(const struct lesson_look *look, uint32_t pid,
                                   uint64_t from, uint64_t to);

/* What a thread is called. */
const char *lesson_thread(const struct lesson_look *look, uint32_t tid,
                          char *into, size_t room);

/* "1 event", "16 events". */
const char *lesson_count(uint64_t count, const char *what, char into[32]);

#endif
