/*
 * The findings in words: what is blocked now, what else is wrong now, and what
 * was found before, the latest first, each with its age. The cursor is on one;
 * Enter goes to it.
 */
#include "sheets.h"

#include <stdio.h>
#include <stdlib.h>

enum { CONCERNS = 64 };

/* One of the list: a blocked loop, or a finding. */
struct concern {
	const struct thread *blocked;
	const struct finding *finding; /* if it is no blocked loop */
	bool active;
};

static int
add_blocked(const struct view *view, struct concern *concerns)
{
	const struct actors *actors = &view->model->actors;
	int count = 0;

	for (uint32_t i = 0; i < actors->thread_table.count; i++) {
		const struct thread *thread = &actors->threads[i];

		if (thread->loop.blocked_since && !thread->row.died &&
		    count < CONCERNS - FINDINGS)
			concerns[count++] = (struct concern){.blocked = thread};
	}
	return count;
}

static int
compare_ages(const void *left, const void *right)
{
	const struct concern *a = left, *b = right;

	return a->finding->last < b->finding->last
	           ? 1
	           : -(a->finding->last > b->finding->last);
}

/* Red comes first: it is why one looks. */
static int
list_concerns(const struct view *view, struct concern *concerns)
{
	const struct findings *findings = &view->model->findings;
	const struct finding *list[FINDINGS];
	int count = add_blocked(view, concerns), first;
	int active = findings_list(view->model, list, FINDINGS);

	for (int i = 0; i < active; i++)
		concerns[count++] = (struct concern){NULL, list[i], true};
	first = count;
	for (uint32_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->rows[i];

		if (finding->said && !findings_is_active(view->model, finding))
			concerns[count++] =
			    (struct concern){NULL, finding, false};
	}
	qsort(concerns + first, (size_t)(count - first), sizeof(*concerns),
	      compare_ages);
	return count;
}

/* ---- words ---- */

static void
put_blocked(struct sheet *sheet, const struct view *view,
            const struct thread *thread)
{
	char name[64], length[16];

	pane_label(view, thread, name, sizeof(name));
	sheet_add(sheet, STYLE_BLOCKED, "",
	          "BLOCKED NOW: the loop of %s for %s by %s", name,
	          pane_duration(model_blocked(view->model, thread), length),
	          thread->loop.cause);
	sheet_add(sheet, STYLE_PLAIN, "  cure",
	          "do such work in a worker thread or a child process");
}

/* "12 s ago", "3 min ago" */
static const char *
say_age(uint64_t age, char into[24])
{
	unsigned seconds = (unsigned)(age / 1000000000);

	if (seconds < 1)
		snprintf(into, 24, "just now");
	else if (seconds < 120)
		snprintf(into, 24, "%u s ago", seconds);
	else
		snprintf(into, 24, "%u min ago", seconds / 60);
	return into;
}

static void
put_finding(struct sheet *sheet, const struct view *view,
            const struct concern *concern)
{
	const struct finding *finding = concern->finding;
	enum style style = !concern->active                        ? STYLE_LABEL
	                   : findings_grade(finding) == GRADE_NOTE ? STYLE_BOLD
	                                                           : STYLE_LATE;
	char text[SHEET_TEXT], total[16], ago[24];
	uint64_t age =
	    view->now > finding->last ? view->now - finding->last : 0;

	findings_text(view->model, finding, text, sizeof(text));
	sheet_add(sheet, style, "", "%s", text);
	sheet_add(sheet, STYLE_PLAIN, "  cure", "%s", findings_cure(finding));
	pane_duration(finding->total, total);
	if (finding->rule == FINDING_BLOCK)
		sheet_add(sheet, STYLE_LABEL, "  when", "%s",
		          say_age(age, ago));
	else if (concern->active)
		sheet_add(sheet, STYLE_LABEL, "  held", "%s so far", total);
	else
		sheet_add(sheet, STYLE_LABEL, "  when", "%s, it held %s",
		          say_age(age, ago), total);
}

int
findings_sheet(struct sheet *sheet, const struct view *view, int chosen)
{
	struct concern concerns[CONCERNS];
	int count = list_concerns(view, concerns), now = 0;
	char title[80];

	for (int i = 0; i < count; i++)
		now += concerns[i].blocked || concerns[i].active;
	snprintf(title, sizeof(title), "Findings: %d   %sEsc leaves", now,
	         count ? "Enter goes there   " : "");
	sheet_init(sheet, title);
	if (!now) {
		sheet_add(sheet, STYLE_RUNNING, "", "Nothing is wrong now.");
		sheet_add(sheet, STYLE_PLAIN, "", " ");
	}
	for (int i = 0; i < count; i++) {
		if (i == now)
			sheet_add(sheet, STYLE_BOLD, "", "Before");
		if (i == chosen)
			sheet->mark = sheet->count;
		if (concerns[i].blocked)
			put_blocked(sheet, view, concerns[i].blocked);
		else
			put_finding(sheet, view, &concerns[i]);
		sheet_add(sheet, STYLE_PLAIN, "", " ");
	}
	return count;
}

/* ---- evidence ---- */

bool
findings_evidence(const struct view *view, int n, struct selection *thing,
                  uint64_t *time)
{
	struct concern concerns[CONCERNS];
	int count = list_concerns(view, concerns);
	const struct finding *finding;

	*time = 0;
	if (n < 0 || n >= count)
		return false;
	if (concerns[n].blocked) {
		*thing = select_thread(concerns[n].blocked);
		return true;
	}
	finding = concerns[n].finding;
	*thing = (struct selection){
	    .kind = finding->tid ? SELECT_THREAD : SELECT_PROCESS,
	    .pid = finding->pid,
	    .tid = finding->tid,
	};
	if (!concerns[n].active)
		*time = finding->last;
	return finding->pid != 0;
}
