#include "lesson.h"

#include <stdio.h>
#include <string.h>

#define SETTLED_NS 2000000000ull

const struct lesson_row lessons[LESSONS] = {
#define LESSON(id, name, title, teaches, seen, node) \
	[id] = {name, title, teaches, seen, node},
#define STEP(lesson, pane, saw, text)
#include "lessons.def"
#undef LESSON
#undef STEP
};

static const struct lesson_step steps[] = {
#define LESSON(id, name, title, teaches, seen, node)
#define STEP(lesson, pane, saw, text) {lesson, pane, saw, text},
#include "lessons.def"
#undef LESSON
#undef STEP
};

const struct lesson_step *
lesson_step(enum lesson lesson, int n)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		if (steps[i].lesson == lesson && n-- == 0)
			return &steps[i];
	return NULL;
}

enum lesson
lesson_named(const char *name, size_t length)
{
	int i = 0;

	while (i < LESSONS && (strlen(lessons[i].name) != length ||
	                       memcmp(lessons[i].name, name, length) != 0))
		i++;
	return (enum lesson)i;
}

/* ---- going on ---- */

void
lesson_begin(struct lesson_run *run, enum lesson lesson, uint32_t own_pid)
{
	memset(run, 0, sizeof(*run));
	run->runs = true;
	run->lesson = lesson;
	run->look.own_pid = own_pid;
	while (lesson_step(lesson, run->steps))
		run->steps++;
}

/* The stage and its client have begun to talk, or will not: what is forked for
 * that is none of the lesson's. */
static bool
is_settled(const struct model *model)
{
	return model->now && (model->totals.requests ||
	                      model->now >= model->start + SETTLED_NS);
}

/* What was before is of no account from now on. */
static void
begin_step(struct lesson_run *run, const struct model *model)
{
	run->begun = true;
	run->shown = false;
	run->look.since = model->now;
	run->look.requests = model->totals.requests;
	run->look.failed = model->totals.requests_failed;
	run->look.text[0] = run->look.brief[0] = '\0';
}

static void
end_step(struct lesson_run *run, const struct model *model)
{
	memcpy(run->done, run->look.text, sizeof(run->done));
	memcpy(run->briefs[run->step], run->look.brief,
	       sizeof(run->briefs[run->step]));
	run->done_at = model->now;
	run->step++;
	begin_step(run, model);
}

bool
lesson_watch(struct lesson_run *run, const struct model *model)
{
	if (!run->runs || run->step == run->steps)
		return false;
	if (!run->begun && !is_settled(model))
		return false;
	if (!run->begun) {
		begin_step(run, model);
		return true;
	}
	run->look.model = model;
	if (!lesson_step(run->lesson, run->step)->saw(&run->look))
		return false;
	end_step(run, model);
	return true;
}

void
lesson_skip(struct lesson_run *run, const struct model *model)
{
	if (!run->runs || run->step == run->steps)
		return;
	run->look.text[0] = run->look.brief[0] = '\0';
	end_step(run, model);
}

/* ---- the end ---- */

const char *
lesson_seen(const struct lesson_run *run, char *into, size_t room)
{
	const char *at = lessons[run->lesson].seen;
	size_t used = 0;

	while (*at && used + LESSON_BRIEF < room) {
		bool is_number = at[0] == '{' && at[1] && at[2] == '}';
		int n = is_number ? at[1] - '1' : -1;
		const char *brief =
		    n >= 0 && n < run->steps ? run->briefs[n] : NULL;

		if (brief) {
			used += (size_t)snprintf(into + used, room - used, "%s",
			                         *brief ? brief : "(skipped)");
			at += 3;
		} else {
			into[used++] = *at++;
		}
	}
	into[used] = '\0';
	return into;
}
