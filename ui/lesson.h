/*
 * lesson: guided lessons, as data (lessons.def). A lesson goes on by what
 * happens in the model: its conditions are pure functions of it, and so are the
 * numbers in what it says.
 */
#ifndef UI_LESSON_H
#define UI_LESSON_H

#include "layout.h"

#include "core/model.h"

enum { LESSON_STEPS = 8, LESSON_TEXT = 160, LESSON_BRIEF = 24 };

enum lesson {
#define LESSON(id, name, title, teaches, seen, node) id,
#define STEP(lesson, pane, saw, text)
#include "lessons.def"
#undef LESSON
#undef STEP
	LESSONS,
};

struct lesson_row {
	const char *name, *title, *teaches;
	const char *seen, *node; /* for its end */
};

extern const struct lesson_row lessons[LESSONS];

/* What a condition looks at, and what it says of what it found. */
struct lesson_look {
	const struct model *model;
	uint64_t since;            /* the step began; what was before is not */
	uint64_t requests, failed; /* of the totals, then */
	uint32_t own_pid;          /* looptop's */
	char text[LESSON_TEXT];    /* a sentence; when it was not found: why */
	char brief[LESSON_BRIEF];  /* its number, for the end */
};

/* Whether it has happened. */
typedef bool lesson_saw(struct lesson_look *look);

struct lesson_step {
	enum lesson lesson;
	enum pane_id pane; /* where it is to be seen */
	lesson_saw *saw;
	const char *text;
};

#define LESSON(id, name, title, teaches, seen, node)
#define STEP(lesson, pane, saw, text) lesson_saw saw;
#include "lessons.def"
#undef LESSON
#undef STEP

/* The n-th step of a lesson, from 0; NULL: it has fewer. */
const struct lesson_step *lesson_step(enum lesson lesson, int n);

/* The lesson of that name; LESSONS: there is none. */
enum lesson lesson_named(const char *name, size_t length);

/* A lesson that is being done. */
struct lesson_run {
	bool runs, begun;
	bool shown; /* the pane of the step has had the focus */
	enum lesson lesson;
	int step, steps; /* step == steps: it has come to its end */
	struct lesson_look look;
	char done[LESSON_TEXT]; /* what was seen in the step before */
	uint64_t done_at;
	char briefs[LESSON_STEPS][LESSON_BRIEF]; /* "" that step was skipped */
};

/* Begins a lesson with the next look at the model, once the stage serves. */
void lesson_begin(struct lesson_run *run, enum lesson lesson, uint32_t own_pid);

/* Looks at the model; true: another step begins, or the end. */
bool lesson_watch(struct lesson_run *run, const struct model *model);

/* Leaves the step out. */
void lesson_skip(struct lesson_run *run, const struct model *model);

/* What was seen in all, with the numbers of the steps. */
const char *lesson_seen(const struct lesson_run *run, char *into, size_t room);

#endif
