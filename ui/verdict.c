#include "verdict.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A block is read for a while after it ended; so long its line stays. */
#define HOLD_NS 900000000ull
/* And so long it is remembered in the good news. */
#define REMEMBER_NS 20000000000ull

/* Between two parts of the line. */
#define GAP "   "

struct sentence {
	char *text;
	size_t room, used;
	bool brief; /* in fewer words, for a narrow screen */
};

static void say(struct sentence *sentence, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Parts are set apart by three blanks. */
static void
say(struct sentence *sentence, const char *format, ...)
{
	va_list list;
	int length;

	if (sentence->used && sentence->used + 3 < sentence->room) {
		memcpy(sentence->text + sentence->used, GAP, 4);
		sentence->used += 3;
	}
	va_start(list, format);
	length = vsnprintf(sentence->text + sentence->used,
	                   sentence->room - sentence->used, format, list);
	va_end(list);
	if (length > 0)
		sentence->used += (size_t)length;
	if (sentence->used >= sentence->room)
		sentence->used = sentence->room - 1;
}

/* A deed and the key that does it. */
static void
say_key(struct sentence *line, const struct view *view, enum request request,
        const char *deed)
{
	char key[KEYS_BYTES];

	say(line, "[%s] %s", key_first(view->keys, request, key), deed);
}

static void
say_offload(struct sentence *line, const struct view *view)
{
	say_key(line, view, REQUEST_OFFLOAD,
	        line->brief ? "offload it" : "do it in a worker thread");
}

/* The loop that has been blocked longest, and how many are blocked. */
static const struct thread *
longest_blocked(const struct view *view, int *count)
{
	const struct actors *actors = &view->model->actors;
	const struct thread *found = NULL;

	*count = 0;
	for (uint32_t i = 0; i < actors->thread_table.count; i++) {
		const struct thread *thread = &actors->threads[i];

		if (!thread->loop.blocked_since || thread->row.died)
			continue;
		++*count;
		if (!found ||
		    thread->loop.blocked_since < found->loop.blocked_since)
			found = thread;
	}
	return found;
}

/* The newest block that is over. */
static const struct span *
last_block(const struct model *model)
{
	uint64_t oldest =
	    model->span_count > SPANS ? model->span_count - SPANS : 0;

	for (uint64_t i = model->span_count; i > oldest; i--)
		if (model->spans[(i - 1) % SPANS].blocked)
			return &model->spans[(i - 1) % SPANS];
	return NULL;
}

static void
name_loop(const struct view *view, uint32_t tid, char *into, size_t room)
{
	const struct thread *thread = actor_thread(&view->model->actors, tid);

	into[0] = '\0';
	if (thread)
		pane_label(view, thread, into, room);
}

static void
say_blocked(struct sentence *line, const struct view *view,
            const struct thread *thread, int count, bool lab)
{
	char name[64], length[16];

	name_loop(view, thread->tid, name, sizeof(name));
	say(line, "EVENT LOOP BLOCKED %s%s%s",
	    pane_duration(model_blocked(view->model, thread), length),
	    thread->loop.witness == WITNESS_OUTSIDE ? ": " : " by ",
	    thread->loop.cause);
	if (!lab || strcmp(name, "stage") != 0)
		say(line, "in %s", name);
	if (count > 1)
		say(line, "and %d more loops", count - 1);
	if (thread->waiting && line->brief)
		say(line, "%u waiting", thread->waiting);
	else if (thread->waiting)
		say(line, "%u event%s waiting", thread->waiting,
		    thread->waiting == 1 ? "" : "s");
	if (lab)
		say_offload(line, view);
	else
		say(line, line->brief
		              ? "cure: offload it"
		              : "cure: a worker thread or a child process");
}

static void
say_was(struct sentence *line, const struct view *view, const struct span *span,
        bool lab)
{
	char name[64], length[16];

	name_loop(view, span->tid, name, sizeof(name));
	say(line, "%sLOOP WAS BLOCKED %s by %s", line->brief ? "" : "EVENT ",
	    pane_duration(span->end - span->begin, length), span->name);
	if (!lab || strcmp(name, "stage") != 0)
		say(line, "in %s", name);
	if (lab)
		say_offload(line, view);
}

/* The worst lag of the loops that say it themselves. */
static bool
worst_lag(const struct view *view, uint64_t *worst, unsigned *waiting)
{
	const struct actors *actors = &view->model->actors;
	bool any = false;

	*worst = 0;
	*waiting = 0;
	for (uint32_t i = 0; i < actors->thread_table.count; i++) {
		const struct thread *thread = &actors->threads[i];

		if (thread->row.died)
			continue;
		*waiting += thread->waiting;
		if (!thread->loop.answers || !thread->loop.has_lag)
			continue;
		any = true;
		if (thread->loop.lag_max > *worst)
			*worst = thread->loop.lag_max;
	}
	return any;
}

/* What runs where it hurts nobody. */
static void
say_offloaded(struct sentence *line, const struct view *view)
{
	const struct actors *actors = &view->model->actors;
	int said = 0, more = 0;

	for (uint32_t i = 0; i < actors->thread_table.count; i++) {
		const struct thread *thread = &actors->threads[i];
		char name[64];

		if (!thread->span_since || thread->row.died)
			continue;
		if (said++ >= 2) {
			more++;
			continue;
		}
		name_loop(view, thread->tid, name, sizeof(name));
		say(line, "%s runs in %s", thread->span, name);
	}
	if (more)
		say(line, "and %d more", more);
}

static void
say_counts(struct sentence *line, const struct view *view)
{
	const struct actors *actors = &view->model->actors;
	unsigned processes = 0, threads = 0, loops = 0, ended = 0;

	for (uint32_t i = 0; i < actors->process_table.count; i++)
		processes += !actors->processes[i].row.died;
	for (uint32_t i = 0; i < actors->thread_table.count; i++) {
		const struct thread *thread = &actors->threads[i];

		threads += !thread->row.died;
		loops += !thread->row.died && thread->loop.exists;
		ended += thread->row.died && thread->loop.exists;
	}
	if (loops)
		say(line, "no loop is blocked");
	else if (ended)
		say(line, "no event loop is left");
	else
		say(line, "no event loop has been seen yet");
	say(line, "%u process%s, %u threads, %u loops", processes,
	    processes == 1 ? "" : "es", threads, loops);
}

static void
say_good(struct sentence *line, const struct view *view,
         const struct span *last)
{
	char length[16], ago[16];
	unsigned waiting;
	uint64_t worst;

	if (worst_lag(view, &worst, &waiting)) {
		say(line, "EVENT LOOP RESPONSIVE");
		say(line, line->brief ? "lag %s" : "worst lag %s",
		    pane_duration(worst, length));
		say(line, "%u waiting", waiting);
	} else {
		say_counts(line, view);
	}
	say_offloaded(line, view);
	if (!last || view->now >= last->end + REMEMBER_NS)
		return;
	if (line->brief)
		say(line, "last block %s",
		    pane_duration(last->end - last->begin, length));
	else
		say(line, "last block %s by %s, %s ago",
		    pane_duration(last->end - last->begin, length), last->name,
		    pane_duration(view->now - last->end, ago));
}

/* The weightiest warning, and how many there are besides. */
static const struct finding *
weightiest(const struct view *view, int *notes, int *more)
{
	const struct finding *list[FINDINGS], *found = NULL;
	int count = findings_list(view->model, list, FINDINGS);

	*notes = *more = 0;
	for (int i = 0; i < count; i++)
		if (findings_grade(list[i]) == GRADE_NOTE)
			++*notes;
		else if (!found)
			found = list[i];
		else
			++*more;
	return found;
}

static void
say_finding(struct sentence *line, const struct view *view,
            const struct finding *finding, const char *key, int more)
{
	char text[200];

	say(line, "%s",
	    findings_text(view->model, finding, text, sizeof(text)));
	if (more)
		say(line, "%s cure, and %d more finding%s", key, more,
		    more == 1 ? "" : "s");
	else
		say(line, "%s cure: %s", key, findings_cure(finding));
}

static enum verdict_kind
tell(struct sentence *line, const struct view *view, bool lab, const char *over,
     const char *rest)
{
	const struct span *last = last_block(view->model);
	int count, notes, more;
	const struct thread *blocked = longest_blocked(view, &count);
	const struct finding *finding = weightiest(view, &notes, &more);

	if (over) {
		say(line, "%s", over);
		return VERDICT_OVER;
	}
	if (blocked) {
		say_blocked(line, view, blocked, count, lab);
		return VERDICT_BAD;
	}
	if (last && view->now < last->end + HOLD_NS) {
		say_was(line, view, last, lab);
		return VERDICT_WAS;
	}
	if (finding) {
		say_finding(line, view, finding, rest, more);
		return VERDICT_FINDING;
	}
	say_good(line, view, last);
	if (notes)
		say(line, "%s %d note%s", rest, notes, notes == 1 ? "" : "s");
	return VERDICT_GOOD;
}

void
verdict_make(struct verdict *verdict, const struct view *view, bool lab,
             const char *over)
{
	struct sentence full = {verdict->text, sizeof(verdict->text), 0, false};
	struct sentence brief = {verdict->brief, sizeof(verdict->brief), 0,
	                         true};
	char key[KEYS_BYTES];

	verdict->text[0] = verdict->brief[0] = '\0';
	snprintf(verdict->rest, sizeof(verdict->rest), "[%s]",
	         key_first(view->keys, REQUEST_FINDINGS, key));
	verdict->kind = tell(&full, view, lab, over, verdict->rest);
	tell(&brief, view, lab, over, verdict->rest);
}

/* Leaves out whole parts, from the end, until it fits: never the first, and
 * none with a key. */
static void
leave_out(char *text, int cols)
{
	while (canvas_width(text) > cols) {
		char *part = NULL, *end;

		for (char *at = strstr(text, GAP); at; at = strstr(at + 3, GAP))
			if (at[3] != '[')
				part = at;
		if (!part)
			return;
		end = strstr(part + 3, GAP);
		if (end)
			memmove(part, end, strlen(end) + 1);
		else
			*part = '\0';
	}
}

void
verdict_fit(const struct verdict *verdict, int cols, char into[VERDICT_BYTES])
{
	memcpy(into, verdict->text, VERDICT_BYTES);
	if (canvas_width(into) <= cols || verdict->kind == VERDICT_FINDING)
		return;
	memcpy(into, verdict->brief, VERDICT_BYTES);
	leave_out(into, cols);
}

void
verdict_draw(const struct verdict *verdict, const struct area *area)
{
	static const struct {
		uint32_t glyph;
		enum style style;
	} looks[] = {
	    [VERDICT_GOOD] = {0x2713, STYLE_VERDICT_GOOD},
	    [VERDICT_WAS] = {0x25b2, STYLE_VERDICT_WAS},
	    [VERDICT_FINDING] = {'!', STYLE_VERDICT_WAS},
	    [VERDICT_BAD] = {0x25a0, STYLE_VERDICT_BAD},
	    [VERDICT_OVER] = {0x2717, STYLE_VERDICT_WAS},
	};
	enum style style = looks[verdict->kind].style;
	int cols = area->rect.cols - 4;
	char text[VERDICT_BYTES];

	area_fill(area, 0, 0, area->rect.cols, ' ', style);
	area_put(area, 0, 1, looks[verdict->kind].glyph, style);
	/* The key that shows the rest is not cut off. */
	if (verdict->kind == VERDICT_FINDING &&
	    canvas_width(verdict->text) > cols) {
		area_right(area, 0, area->rect.cols - 1, style, verdict->rest);
		cols -= canvas_width(verdict->rest) + 1;
	}
	verdict_fit(verdict, cols, text);
	area_cut(area, 0, 3, cols, style, text);
}
