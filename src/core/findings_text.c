/*
 * The sentences. What value, other and name of a finding are is what each
 * sentence says of them; shares are thousandths, times ns.
 */
#include "findings.h"

#include "model.h"

#include <stdio.h>

struct sentence {
	const struct finding *finding;
	const char *who; /* the process or thread it is about */
	char *into;
	size_t room;
};

static double
seconds(uint64_t ns)
{
	return (double)ns / 1e9;
}

static unsigned
percent(uint64_t thousandths)
{
	return (unsigned)((thousandths + 5) / 10);
}

/* crashes in ten seconds; the last one's life; how it ended */
static void
text_crash_loop(const struct sentence *to)
{
	const struct finding *finding = to->finding;

	snprintf(to->into, to->room,
	         "CRASH LOOP: %u children of %s crashed in 10 s, the last "
	         "after %.1f s (%s)",
	         (unsigned)finding->value, to->who, seconds(finding->other),
	         finding->name);
}

/* share of the last ten seconds; the longest; its cause */
static void
text_blocked(const struct sentence *to)
{
	const struct finding *finding = to->finding;

	snprintf(to->into, to->room,
	         "BLOCKED AGAIN AND AGAIN: the loop of %s for %u%% of the "
	         "last 10 s, longest %.0f ms%s%s",
	         to->who, percent(finding->value),
	         seconds(finding->other) * 1e3, *finding->name ? ": " : "",
	         finding->name);
}

/* how long; nothing; its cause */
static void
text_block(const struct sentence *to)
{
	const struct finding *finding = to->finding;

	snprintf(to->into, to->room,
	         "LONG BLOCK: %.0f ms on the loop of %s%s%s",
	         seconds(finding->value) * 1e3, to->who,
	         *finding->name ? ", by " : "", finding->name);
}

/* messages; how long the first has waited */
static void
text_queue(const struct sentence *to)
{
	const struct finding *finding = to->finding;

	snprintf(to->into, to->room,
	         "QUEUE GROWS: %u messages wait for %s, the first for %.1f s",
	         (unsigned)finding->value, to->who, seconds(finding->other));
}

/* requests that wait; pool threads */
static void
text_pool(const struct sentence *to)
{
	const struct finding *finding = to->finding;

	snprintf(to->into, to->room,
	         "POOL FULL: all %u pool threads of %s are taken, %u "
	         "request%s wait%s",
	         (unsigned)finding->other, to->who, (unsigned)finding->value,
	         finding->value == 1 ? "" : "s",
	         finding->value == 1 ? "s" : "");
}

/* share of one core */
static void
text_cpu(const struct sentence *to)
{
	snprintf(to->into, to->room,
	         "CPU ON THE LOOP: %s computes %u%% of the time and can answer "
	         "in the rest",
	         to->who, percent(to->finding->value));
}

/* cores wanted; cores given */
static void
text_cores(const struct sentence *to)
{
	const struct finding *finding = to->finding;

	snprintf(to->into, to->room,
	         "TOO FEW CORES: %.1f threads want to run, %.1f can",
	         (double)finding->value / 1000, (double)finding->other / 1000);
}

/* CPU of the busiest; of the least busy; who the busiest is */
static void
text_uneven(const struct sentence *to)
{
	const struct finding *finding = to->finding;

	snprintf(to->into, to->room,
	         "UNEVEN CLUSTER: %s works %u%% of the time, another worker "
	         "%u%%",
	         finding->name, percent(finding->value),
	         percent(finding->other));
}

/* "child 3", "child 3 and 2 more" */
static const char *
name_all(const struct finding *finding, char *into, size_t room)
{
	if (finding->value > 1)
		snprintf(into, room, "%s and %u more", finding->name,
		         (unsigned)finding->value - 1);
	else
		snprintf(into, room, "%s", finding->name);
	return into;
}

/* how many; since when; the first one's name */
static void
text_zombie(const struct sentence *to)
{
	char names[CAUSE_BYTES + 32];

	snprintf(to->into, to->room,
	         "ZOMBIE: %s ended %.1f s ago, %s has not been told",
	         name_all(to->finding, names, sizeof(names)),
	         seconds(to->finding->other), to->who);
}

/* the same; of who has to wait for them */
static void
text_unreaped(const struct sentence *to)
{
	char names[CAUSE_BYTES + 32];

	snprintf(to->into, to->room,
	         "ZOMBIE: %s ended %.1f s ago, and %s, its parent now, does "
	         "not wait for it",
	         name_all(to->finding, names, sizeof(names)),
	         seconds(to->finding->other), to->who);
}

/* the same */
static void
text_orphan(const struct sentence *to)
{
	char names[CAUSE_BYTES + 32];

	snprintf(to->into, to->room,
	         "ORPHAN: %s still runs, its parent %s ended %.1f s ago",
	         name_all(to->finding, names, sizeof(names)), to->who,
	         seconds(to->finding->other));
}

/* bytes; maxBuffer; whose output */
static void
text_kept(const struct sentence *to)
{
	const struct finding *finding = to->finding;
	bool full = finding->other && finding->value >= finding->other;

	snprintf(to->into, to->room,
	         "OUTPUT KEPT: %s holds %u KB of %s until it ends%s", to->who,
	         (unsigned)(finding->value >> 10), finding->name,
	         full ? ", and maxBuffer ended it" : "");
}

/* idle ones; all */
static void
text_idle(const struct sentence *to)
{
	const struct finding *finding = to->finding;

	snprintf(to->into, to->room,
	         "IDLE: %u of %u worker thread%s of %s had nothing to do for "
	         "%.0f s",
	         (unsigned)finding->value, (unsigned)finding->other,
	         finding->other == 1 ? "" : "s", to->who,
	         seconds(finding->last - finding->first) + 5);
}

static void (*const texts[FINDING_RULES])(const struct sentence *to) = {
#define FINDING(id, name, grade, after, check, text, cure) [id] = text,
#include "findings.def"
#undef FINDING
};

static void
name_subject(const struct model *model, const struct finding *finding,
             char *into, size_t room)
{
	const struct thread *thread =
	    actor_thread(&model->actors, finding->tid);
	const struct process *process =
	    actor_process(&model->actors, finding->pid);

	if (thread && thread->pid == finding->pid)
		model_thread_label(model, thread, into, room);
	else if (process)
		model_process_label(process, into, room);
	else
		snprintf(into, room, "pid %u", finding->pid);
}

const char *
findings_text(const struct model *model, const struct finding *finding,
              char *into, size_t room)
{
	char who[64];
	struct sentence to = {finding, who, into, room};

	name_subject(model, finding, who, sizeof(who));
	texts[finding->rule](&to);
	return into;
}
