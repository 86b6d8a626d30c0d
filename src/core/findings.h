/*
 * findings: what is wrong with what is watched, in plain words, with the
 * number and the cure.
 *
 * A rule is a row of findings.def and a pure function of the model. The rules
 * are looked at four times a second of the events' time, never of a clock: so
 * a replay, a step back and a live watch find the same. What was found stays
 * for some seconds after it was last true, so that it can be read; all that
 * was ever found is kept for the summary.
 */
#ifndef CORE_FINDINGS_H
#define CORE_FINDINGS_H

#include "actor.h"

#ifdef TINY
enum { FINDINGS = 3 };
#else
enum { FINDINGS = 48 };
#endif

/* So long a finding is told after it was last true. */
#define FINDINGS_HOLD_NS 4000000000ull

enum grade { GRADE_NOTE, GRADE_WARNING };

enum finding_rule {
#define FINDING(id, name, grade, after, check, text, cure) id,
#include "findings.def"
#undef FINDING
	FINDING_RULES,
};

struct finding {
	uint8_t rule;          /* enum finding_rule */
	bool said;             /* it held long enough */
	uint32_t pid, tid;     /* whose; tid 0: the process'; both 0: all */
	uint64_t first, last;  /* time of this stretch */
	uint64_t total;        /* ns it was true, in all */
	uint64_t value, other; /* the evidence, see findings_text.c */
	uint64_t worst;        /* the largest value there was */
	char name[CAUSE_BYTES];
};

struct findings {
	uint64_t checked;
	uint32_t count;
	struct finding rows[FINDINGS];
};

struct model;

/* Looks at all rules at `time`, if they are due. For model.c. */
void findings_tick(struct model *model, uint64_t time);

/* Whether a finding is told at model->now. */
bool findings_is_active(const struct model *model,
                        const struct finding *finding);

/* The findings that are told, the weightiest first, and how many of `room`
 * there are. */
int findings_list(const struct model *model, const struct finding **list,
                  int room);

/* A sentence with the number; and what helps. */
const char *findings_text(const struct model *model,
                          const struct finding *finding, char *into,
                          size_t room);
const char *findings_cure(const struct finding *finding);

/* Its name in JSON. */
const char *findings_name(const struct finding *finding);
enum grade findings_grade(const struct finding *finding);

/* ---- for the rules: findings_processes.c, _loops.c, _queue.c ---- */

/* What the rules find in one look. */
struct finder {
	const struct model *model;
	uint64_t time;
	enum finding_rule rule; /* that is being looked at */
	struct finding found[FINDINGS];
	uint32_t count;
};

typedef void findings_rule(struct finder *finder);

#define FINDING(id, name, grade, after, check, text, cure) findings_rule check;
#include "findings.def"
#undef FINDING

/* The rule is broken by that process or thread. */
void findings_raise(struct finder *finder, uint32_t pid, uint32_t tid,
                    uint64_t value, uint64_t other, const char *name);

#endif
