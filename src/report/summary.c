#include "summary.h"

#include "core/text.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

static double
ms(uint64_t ns)
{
	return (double)(ns / 1000) / 1000;
}

/* Time may go by before the first event. */
static uint64_t
duration(const struct model *model)
{
	return model->start ? model->now - model->start : 0;
}

static json_t *
string_of(const char *text)
{
	char clean[256];

	text_utf8(clean, sizeof(clean), text, strlen(text));
	return json_string(clean);
}

static json_t *
loop_row(const struct model *model, const struct thread *thread)
{
	const struct loop_state *loop = &thread->loop;
	double busy =
	    loop->window ? (double)loop->busy / (double)loop->window : 0;
	char name[64];

	model_thread_label(model, thread, name, sizeof(name));
	return json_pack(
	    "{s:i,s:i,s:o,s:s,s:f,s:o,s:{s:i,s:f,s:f}}", "pid", thread->pid,
	    "tid", thread->tid, "name", string_of(name), "role",
	    event_role_name(thread->role), "utilisation", busy < 1 ? busy : 1,
	    "lag_max_ms",
	    loop->has_lag ? json_real(ms(loop->lag_max)) : json_null(),
	    "blocks", "count", (int)loop->blocks, "max_ms", ms(loop->block_max),
	    "total_ms", ms(loop->block_total));
}

static json_t *
thread_row(const struct model *model, const struct thread *thread)
{
	char name[64];

	model_thread_label(model, thread, name, sizeof(name));
	return json_pack("{s:i,s:i,s:o,s:s,s:f,s:f}", "pid", thread->pid, "tid",
	                 thread->tid, "name", string_of(name), "role",
	                 event_role_name(thread->role), "cpu_ms",
	                 ms(thread->cpu_ns), "wait_ms", ms(thread->wait_ns));
}

/* What its longest block came from, " (so)"; nothing when that is no longer
 * known. */
static void
name_longest(const struct model *model, const struct thread *thread, char *into,
             size_t room)
{
	uint64_t count = model->span_count < SPANS ? model->span_count : SPANS;

	*into = '\0';
	for (uint64_t i = 0; i < count; i++) {
		const struct span *span = &model->spans[i];

		if (span->blocked && span->tid == thread->tid && *span->name &&
		    span->end - span->begin == thread->loop.block_max)
			snprintf(into, room, " (%s)", span->name);
	}
}

/* A finding as it is told. */
struct found {
	const char *rule;
	enum grade grade;
	uint32_t pid, tid;
	uint64_t total; /* ns that it held */
	const char *text, *cure;
};

/* ---- findings: what is wrong, the number, the cure ---- */

typedef void put_finding(void *data, const struct model *model,
                         const struct found *found);

/* Every loop that was blocked at all: over the whole watch that counts, also
 * where it happened too seldom for the rule about it. */
static void
tell_blocks(const struct model *model, put_finding *put, void *data)
{
	const struct actors *actors = &model->actors;

	for (uint32_t i = 0; i < actors->thread_table.count; i++) {
		const struct thread *thread = &actors->threads[i];
		const struct loop_state *loop = &thread->loop;
		char name[64], cause[CAUSE_BYTES + 4], text[256];
		struct found found = {
		    .rule = "loop-blocked",
		    .grade = GRADE_WARNING,
		    .pid = thread->pid,
		    .tid = thread->tid,
		    .total = loop->block_total,
		    .text = text,
		    .cure = "do such work in a worker thread or a child "
			    "process",
		};

		if (!loop->blocks)
			continue;
		model_thread_label(model, thread, name, sizeof(name));
		name_longest(model, thread, cause, sizeof(cause));
		snprintf(text, sizeof(text),
		         "The loop of %s was blocked %u time%s, longest "
		         "%.0f ms%s: do such work in a worker thread or a "
		         "child process.",
		         name, loop->blocks, loop->blocks == 1 ? "" : "s",
		         ms(loop->block_max), cause);
		put(data, model, &found);
	}
}

/* What the rules found in the course of the watch. */
static void
tell_findings(const struct model *model, put_finding *put, void *data)
{
	const struct findings *findings = &model->findings;

	tell_blocks(model, put, data);
	for (uint32_t i = 0; i < findings->count; i++) {
		const struct finding *row = &findings->rows[i];
		char text[256];
		struct found found = {
		    .rule = findings_name(row),
		    .grade = findings_grade(row),
		    .pid = row->pid,
		    .tid = row->tid,
		    .total = row->total,
		    .text = text,
		    .cure = findings_cure(row),
		};

		/* A block by itself: tell_blocks() has told it. */
		if (!row->said || row->rule == FINDING_BLOCK)
			continue;
		findings_text(model, row, text, sizeof(text));
		put(data, model, &found);
	}
}

static void
append_finding(void *data, const struct model *model, const struct found *found)
{
	(void)model;
	json_array_append_new(
	    data,
	    json_pack("{s:s,s:s,s:i,s:i,s:f,s:o,s:s}", "rule", found->rule,
	              "grade", found->grade == GRADE_NOTE ? "note" : "warning",
	              "pid", found->pid, "tid", found->tid, "total_ms",
	              ms(found->total), "text", string_of(found->text), "cure",
	              found->cure));
}

void
summary_json(FILE *file, const struct model *model, const struct own_cost *cost)
{
	const struct totals *totals = &model->totals;
	const struct actors *actors = &model->actors;
	json_t *loops = json_array(), *threads = json_array();
	json_t *findings = json_array(), *summary;

	for (uint32_t i = 0; i < actors->thread_table.count; i++) {
		const struct thread *thread = &actors->threads[i];

		if (thread->loop.exists)
			json_array_append_new(loops, loop_row(model, thread));
		json_array_append_new(threads, thread_row(model, thread));
	}
	tell_findings(model, append_finding, findings);
	summary = json_pack(
	    "{s:I,s:s,s:f,s:I,s:I,s:I,s:I,s:{s:I,s:f,s:f},s:o,s:o,s:I,s:I,"
	    "s:f,s:I,s:{s:s,s:I},s:o}",
	    "t", (json_int_t)duration(model), "kind", "summary", "duration_ms",
	    ms(duration(model)), "processes", (json_int_t)totals->processes,
	    "crashed", (json_int_t)totals->crashed, "threads",
	    (json_int_t)totals->threads, "messages",
	    (json_int_t)(totals->sent + totals->untold), "blocks", "count",
	    (json_int_t)totals->blocks, "max_ms", ms(totals->block_max),
	    "total_ms", ms(totals->block_total), "loops", loops,
	    "thread_totals", threads, "lost", (json_int_t)totals->lost,
	    "damaged", (json_int_t)cost->damaged, "own_cpu_ms", cost->cpu_ms,
	    "own_rss_kb", (json_int_t)cost->rss_kb, "births", "source",
	    model->births_source, "missed", (json_int_t)model->births_missed,
	    "findings", findings);
	json_dumpf(summary, file, JSON_COMPACT | JSON_REAL_PRECISION(9));
	fputc('\n', file);
	json_decref(summary);
}

/* ---- the table ---- */

static void
print_ends(FILE *file, const struct model *model)
{
	const struct actors *actors = &model->actors;

	fprintf(file, "%8s %8s %10s  %-12s %s\n", "pid", "parent", "lived ms",
	        "end", "command");
	for (uint32_t i = 0; i < actors->process_table.count; i++) {
		const struct process *process = &actors->processes[i];
		uint64_t died =
		    process->row.died ? process->row.died : model->now;
		char end[24] = "?";

		if (!process->row.died)
			snprintf(end, sizeof(end), "(lives)");
		else if (process->death == DEATH_CODE)
			snprintf(end, sizeof(end), "exit %d", process->status);
		else if (process->death == DEATH_SIGNAL)
			snprintf(end, sizeof(end), "signal %d",
			         process->status);
		fprintf(file, "%8u %8u %10.1f  %-12s %s\n", process->pid,
		        process->ppid, ms(died - process->row.born), end,
		        process->command);
	}
}

/* The tables keep the living and the newest of the dead. */
static void
print_forgotten(FILE *file, const struct model *model)
{
	uint64_t kept = model->actors.process_table.count;

	if (model->totals.processes > kept)
		fprintf(file, "(%" PRIu64 " more, which ended before these)\n",
		        model->totals.processes - kept);
}

static void
print_threads(FILE *file, const struct model *model)
{
	const struct actors *actors = &model->actors;

	fprintf(file, "\n%8s %8s %-20s %10s %10s %7s %10s %10s\n", "pid", "tid",
	        "thread", "cpu ms", "queue ms", "blocks", "longest ms",
	        "total ms");
	for (uint32_t i = 0; i < actors->thread_table.count; i++) {
		const struct thread *thread = &actors->threads[i];
		const struct loop_state *loop = &thread->loop;
		char name[64], cut[21];

		model_thread_label(model, thread, name, sizeof(name));
		text_clean(cut, sizeof(cut), name, strlen(name));
		fprintf(file, "%8u %8u %-20s %10.1f %10.1f", thread->pid,
		        thread->tid, cut, ms(thread->cpu_ns),
		        ms(thread->wait_ns));
		if (loop->exists)
			fprintf(file, " %7u %10.1f %10.1f\n", loop->blocks,
			        ms(loop->block_max), ms(loop->block_total));
		else
			fprintf(file, " %7s %10s %10s\n", "-", "-", "-");
	}
}

static void
print_births(FILE *file, const struct model *model)
{
	if (!model->births_source[0])
		return;
	fprintf(file, "births seen by %s: ", model->births_source);
	if (model->births_missed)
		fprintf(file,
		        "%" PRIu64 " children or threads, at most, were too "
		        "short to be seen (forks of the whole machine)\n",
		        model->births_missed);
	else
		fputs("none missed\n", file);
}

/* Some sentences end with their cure. */
static void
print_finding(void *data, const struct model *model, const struct found *found)
{
	(void)model;
	fprintf(data, "%s: %s\n", found->grade == GRADE_NOTE ? "note" : "found",
	        found->text);
	if (!strstr(found->text, found->cure))
		fprintf(data, "  cure: %s\n", found->cure);
}

void
summary_table(FILE *file, const struct model *model,
              const struct own_cost *cost)
{
	const struct totals *totals = &model->totals;

	print_ends(file, model);
	print_forgotten(file, model);
	print_threads(file, model);
	fprintf(file,
	        "\nwatched %.3f s: %" PRIu64 " processes, %" PRIu64
	        " threads, %" PRIu64 " messages, %" PRIu64
	        " blocks of a loop (longest %.1f ms, together %.1f ms), "
	        "%" PRIu64 " events lost\n",
	        ms(duration(model)) / 1000, totals->processes, totals->threads,
	        totals->sent + totals->untold, totals->blocks,
	        ms(totals->block_max), ms(totals->block_total), totals->lost);
	if (totals->requests)
		fprintf(file,
		        "requests: %" PRIu64 ", %" PRIu64
		        " failed, p50 %.2f ms, p99 %.2f ms\n",
		        totals->requests, totals->requests_failed,
		        ms(histogram_quantile(&totals->answer, 0.5)),
		        ms(histogram_quantile(&totals->answer, 0.99)));
	print_births(file, model);
	tell_findings(model, print_finding, file);
	fprintf(file, "looptop itself: %.1f ms of CPU, %.1f MB\n", cost->cpu_ms,
	        (double)cost->rss_kb / 1024);
}
