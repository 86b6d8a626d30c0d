/* The findings in words: what is told now, and what was found before. */
#include "sheets.h"

#include <stdio.h>

static void
add_finding(struct sheet *sheet, const struct view *view,
            const struct finding *finding, bool active)
{
	const struct model *model = view->model;
	enum style style = !active                                 ? STYLE_LABEL
	                   : findings_grade(finding) == GRADE_NOTE ? STYLE_BOLD
	                                                           : STYLE_LATE;
	char text[SHEET_TEXT], total[16], ago[16];

	findings_text(model, finding, text, sizeof(text));
	sheet_add(sheet, style, "", "%s", text);
	sheet_add(sheet, STYLE_PLAIN, "  cure", "%s", findings_cure(finding));
	pane_duration(finding->total, total);
	pane_duration(view->now > finding->last ? view->now - finding->last : 0,
	              ago);
	if (active)
		sheet_add(sheet, STYLE_LABEL, "  held", "%s so far", total);
	else
		sheet_add(sheet, STYLE_LABEL, "  held", "%s, until %s ago",
		          total, ago);
	sheet_add(sheet, STYLE_PLAIN, "", " ");
}

static void
add_past(struct sheet *sheet, const struct view *view)
{
	const struct findings *findings = &view->model->findings;
	bool any = false;

	for (uint32_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->rows[i];

		if (!finding->said || findings_is_active(view->model, finding))
			continue;
		if (!any)
			sheet_add(sheet, STYLE_BOLD, "", "Before");
		any = true;
		add_finding(sheet, view, finding, false);
	}
}

/* Red comes first: it is why one looks. */
static bool
add_blocked(struct sheet *sheet, const struct view *view)
{
	const struct actors *actors = &view->model->actors;
	bool any = false;

	for (uint32_t i = 0; i < actors->thread_table.count; i++) {
		const struct thread *thread = &actors->threads[i];
		char name[64], length[16];

		if (!thread->loop.blocked_since || thread->row.died)
			continue;
		any = true;
		pane_label(view, thread, name, sizeof(name));
		sheet_add(
		    sheet, STYLE_BLOCKED, "",
		    "BLOCKED NOW: the loop of %s for %s by %s", name,
		    pane_duration(model_blocked(view->model, thread), length),
		    thread->loop.cause);
		sheet_add(sheet, STYLE_PLAIN, "  cure",
		          "do such work in a worker thread or a child process");
		sheet_add(sheet, STYLE_PLAIN, "", " ");
	}
	return any;
}

void
findings_sheet(struct sheet *sheet, const struct view *view)
{
	const struct finding *list[FINDINGS];
	int count = findings_list(view->model, list, FINDINGS);
	char title[64];

	snprintf(title, sizeof(title), "Findings: %d   Esc leaves", count);
	sheet_init(sheet, title);
	if (!add_blocked(sheet, view) && !count) {
		sheet_add(sheet, STYLE_RUNNING, "", "Nothing is wrong now.");
		sheet_add(sheet, STYLE_PLAIN, "", " ");
	}
	for (int i = 0; i < count; i++)
		add_finding(sheet, view, list[i], true);
	add_past(sheet, view);
}
