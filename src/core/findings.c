/*
 * What can go wrong here: a condition that comes and goes would flicker, so a
 * finding has to hold for a while before it is said, and is said for a while
 * after it was true. The table may be full: then the one that was true longest
 * ago gives way, and one that is being said never does.
 */
#include "findings.h"

#include "model.h"

#include <stdio.h>
#include <string.h>

/* How often the rules are looked at; and a gap that ends a stretch that was
 * not said yet. */
#define STEP_NS 250000000ull
#define GAP_NS 1000000000ull

static const struct {
	const char *name, *cure;
	enum grade grade;
	uint64_t after; /* ns */
	findings_rule *check;
} rules[FINDING_RULES] = {
#define FINDING(id, name, grade, after, check, text, cure) \
	[id] = {name, cure, grade, after * 1000000ull, check},
#include "findings.def"
#undef FINDING
};

const char *
findings_name(const struct finding *finding)
{
	return rules[finding->rule].name;
}

const char *
findings_cure(const struct finding *finding)
{
	return rules[finding->rule].cure;
}

enum grade
findings_grade(const struct finding *finding)
{
	return rules[finding->rule].grade;
}

void
findings_raise(struct finder *finder, uint32_t pid, uint32_t tid,
               uint64_t value, uint64_t other, const char *name)
{
	struct finding *found;

	if (finder->count == FINDINGS)
		return;
	found = &finder->found[finder->count++];
	*found = (struct finding){
	    .rule = (uint8_t)finder->rule,
	    .pid = pid,
	    .tid = tid,
	    .value = value,
	    .other = other,
	};
	snprintf(found->name, sizeof(found->name), "%s", name);
}

static bool
is_held(const struct finding *row, uint64_t time)
{
	return row->last + FINDINGS_HOLD_NS >= time;
}

/* Blocks are told apart by what they were blocked by. */
static bool
is_same(const struct finding *row, const struct finding *found)
{
	return row->rule == found->rule && row->pid == found->pid &&
	       row->tid == found->tid &&
	       (row->rule != FINDING_BLOCK ||
	        strcmp(row->name, found->name) == 0);
}

/* The row of what was found, a new one if need be; NULL: no room. */
static struct finding *
row_of(struct findings *findings, const struct finding *found, uint64_t time)
{
	struct finding *oldest = NULL, *row;

	for (uint32_t i = 0; i < findings->count; i++) {
		row = &findings->rows[i];
		if (is_same(row, found))
			return row;
		if (!is_held(row, time) &&
		    (!oldest || row->last < oldest->last))
			oldest = row;
	}
	row = findings->count < FINDINGS ? &findings->rows[findings->count++]
	                                 : oldest;
	if (row)
		*row = *found;
	return row;
}

/* Whether it has been true ever since. Where nothing happens nobody looks: what
 * was true at the look before this one was so all the time between. */
static bool
has_lasted(const struct finding *row, uint64_t before, uint64_t time)
{
	return row->last && (row->last == before || row->last + GAP_NS >= time);
}

/* `before`: time of the look before this one. */
static void
keep(struct findings *findings, const struct finding *found, uint64_t before,
     uint64_t time)
{
	struct finding *row = row_of(findings, found, time);
	bool lasted = row && has_lasted(row, before, time);

	if (!row)
		return;
	if (!lasted) {
		row->said = row->said && is_held(row, time);
		if (!row->said)
			row->first = time;
	}
	row->total += lasted ? time - row->last : STEP_NS;
	row->last = time;
	row->value = found->value;
	row->other = found->other;
	if (found->value > row->worst)
		row->worst = found->value;
	memcpy(row->name, found->name, sizeof(row->name));
	row->said |= time - row->first >= rules[row->rule].after;
}

void
findings_tick(struct model *model, uint64_t time)
{
	struct finder finder = {.model = model};
	uint64_t before = model->findings.checked;

	/* Clocks that jump and recordings that lie are no reason to stop. */
	if (time / STEP_NS <= model->findings.checked / STEP_NS)
		return;
	finder.time = model->findings.checked = time / STEP_NS * STEP_NS;
	for (int i = 0; i < FINDING_RULES; i++) {
		finder.rule = (enum finding_rule)i;
		rules[i].check(&finder);
	}
	for (uint32_t i = 0; i < finder.count; i++)
		keep(&model->findings, &finder.found[i], before, finder.time);
}

bool
findings_is_active(const struct model *model, const struct finding *finding)
{
	return finding->said && (finding->last == model->findings.checked ||
	                         is_held(finding, model->now));
}

int
findings_list(const struct model *model, const struct finding **list, int room)
{
	int count = 0;

	for (int rule = 0; rule < FINDING_RULES; rule++)
		for (uint32_t i = 0; i < model->findings.count; i++) {
			const struct finding *row = &model->findings.rows[i];

			if (row->rule == rule && count < room &&
			    findings_is_active(model, row))
				list[count++] = row;
		}
	return count;
}
