/* Details: all that is known of a process, a thread and its loop. */
#include "sheets.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

double
details_seconds(const struct view *view, uint64_t time)
{
	uint64_t start = view->model->start;

	return time > start ? (double)(time - start) / 1e9 : 0;
}

static double
percent(unsigned thousandths)
{
	return (double)thousandths / 10;
}

/* ---- a process ---- */

static void
add_life(struct sheet *sheet, const struct view *view,
         const struct process *process)
{
	const struct process *parent =
	    actor_process(&view->model->actors, process->ppid);
	char name[64], age[16], end[32];
	uint64_t died = process->row.died;

	if (parent)
		sheet_add(sheet, STYLE_PLAIN, "parent", "%s, pid %u",
		          model_process_label(parent, name, sizeof(name)),
		          process->ppid);
	else
		sheet_add(sheet, STYLE_PLAIN, "parent", "pid %u, not watched",
		          process->ppid);
	sheet_add(sheet, STYLE_PLAIN, "came by", "%s, at %.2f s",
	          event_birth_name(process->how),
	          details_seconds(view, process->row.born));
	pane_duration((died ? died : view->now) - process->row.born, age);
	if (pane_is_zombie(process))
		sheet_add(sheet, STYLE_WAITING, "state",
		          "Z: a zombie, not reaped by its parent (wait(2))");
	if (died)
		sheet_add(sheet, STYLE_LATE, "ended", "%s after %s%s",
		          pane_end(process, end, sizeof(end)), age,
		          process->told ? ", its parent was told" : "");
	else
		sheet_add(sheet, STYLE_PLAIN, "lives for", "%s", age);
	sheet_add(sheet, STYLE_PLAIN, "command", "%s", process->command);
}

/* What went through its channels: in and out. */
static void
add_channels(struct sheet *sheet, const struct view *view, uint32_t pid)
{
	const struct model *model = view->model;
	uint64_t in = 0, out = 0;
	unsigned open = 0;

	for (uint32_t i = 0; i < model->channel_table.count; i++) {
		const struct channel_row *row = &model->channels[i];
		bool is_a = row->a_pid == pid, is_b = row->b_pid == pid;

		if (!is_a && !is_b)
			continue;
		open += !row->row.died;
		if (row->type == CHANNEL_LISTEN && is_a && !row->row.died)
			sheet_add(sheet, STYLE_PLAIN, "listens on", "port %u",
			          row->port);
		out +=
		    is_a ? row->sent[CHANNEL_FORTH] : row->sent[CHANNEL_BACK];
		in += is_a ? row->received[CHANNEL_BACK]
		           : row->received[CHANNEL_FORTH];
	}
	sheet_add(sheet, STYLE_PLAIN, "channels",
	          "%u open   %" PRIu64 " messages out, %" PRIu64 " in", open,
	          out, in);
}

static void
add_process(struct sheet *sheet, const struct view *view,
            const struct process *process)
{
	add_life(sheet, view, process);
	if (process->rss_kb)
		sheet_add(sheet, STYLE_PLAIN, "memory", "%.1f MB resident",
		          (double)process->rss_kb / 1024);
	sheet_add(sheet, STYLE_PLAIN, "cpu",
	          "%.1f%% of a core, all threads together",
	          percent(model_process_cpu(view->model, process)));
	if (process->threads)
		sheet_add(sheet, STYLE_PLAIN, "threads",
		          "%u   open descriptors %u", process->threads,
		          process->fds);
	if (process->pool_slots)
		sheet_add(sheet, STYLE_PLAIN, "pool",
		          "%u of %u threads at work, %u requests queue",
		          process->pool_running, process->pool_slots,
		          process->pool_queued);
	add_channels(sheet, view, process->pid);
}

/* ---- a thread and its loop ---- */

static void
add_thread(struct sheet *sheet, const struct view *view,
           const struct thread *thread)
{
	unsigned cpu = model_thread_cpu(view->model, thread);
	unsigned wait = model_thread_wait(view->model, thread);
	unsigned sleep = cpu + wait < 1000 ? 1000 - cpu - wait : 0;
	char on[16], queue[16];

	sheet_add(sheet, STYLE_PLAIN, "role", "%s, tid %u",
	          event_role_name(thread->role), thread->tid);
	if (thread->row.died)
		sheet_add(sheet, STYLE_LATE, "ended", "at %.2f s",
		          details_seconds(view, thread->row.died));
	else
		sheet_add(sheet, STYLE_PLAIN, "its time",
		          "runs %.0f%%   waits for a CPU %.0f%%   sleeps "
		          "%.0f%%",
		          percent(cpu), percent(wait), percent(sleep));
	sheet_add(sheet, STYLE_PLAIN, "in all",
	          "%s on a CPU, %s waiting for one",
	          pane_duration(thread->cpu_ns, on),
	          pane_duration(thread->wait_ns, queue));
	if (thread->span_since)
		sheet_add(sheet, STYLE_RUNNING, "does", "%s, for %s",
		          thread->span,
		          pane_duration(view->now - thread->span_since, on));
}

static void
add_blocks(struct sheet *sheet, const struct view *view,
           const struct thread *thread)
{
	const struct loop_state *loop = &thread->loop;
	char longest[16], together[16];

	if (loop->blocked_since)
		sheet_add(
		    sheet, STYLE_BLOCKED, "BLOCKED",
		    "for %s by %s   %u waiting",
		    pane_duration(model_blocked(view->model, thread), longest),
		    loop->cause, thread->waiting);
	if (loop->blocks)
		sheet_add(sheet, STYLE_PLAIN, "blocks",
		          "%u, longest %s, together %s", loop->blocks,
		          pane_duration(loop->block_max, longest),
		          pane_duration(loop->block_total, together));
	else
		sheet_add(sheet, STYLE_PLAIN, "blocks", "none");
	if (loop->blocks && *loop->cause)
		sheet_add(sheet, STYLE_PLAIN, "the last by", "%s, seen by %s",
		          loop->cause, event_witness_name(loop->witness));
}

/* How its blocks are seen: from inside, or from outside and how well. */
static const char *
seen_by(const struct view *view, const struct thread *thread)
{
	const struct process *process =
	    actor_process(&view->model->actors, thread->pid);

	if (process && process->runtime)
		return "looptop's runtime, from inside: each callback";
	if (thread->loop.method == METHOD_SWITCHES)
		return "perf switch records: each sleep and wake";
	if (thread->loop.method == METHOD_SAMPLES)
		return "a sampler at 50 to 100 Hz: may miss < 20 ms";
	return "not known yet";
}

/* The agent in a Node program is asked for the function that blocks. */
static bool
is_asked(const struct view *view, const struct thread *thread)
{
	const struct process *process =
	    actor_process(&view->model->actors, thread->pid);

	return process && process->agent;
}

static void
add_loop(struct sheet *sheet, const struct view *view,
         const struct thread *thread)
{
	const struct loop_state *loop = &thread->loop;
	char p50[16], p99[16], most[16];

	if (!loop->exists)
		return;
	sheet_add(sheet, STYLE_BOLD, "", "Its event loop");
	sheet_add(sheet, STYLE_PLAIN, "others wait", "%s",
	          loop->answers ? "for it to answer"
	                        : "not for it, as far as is known");
	if (loop->window)
		sheet_add(sheet, STYLE_PLAIN, "busy",
		          "%.0f%% of the last second",
		          100.0 * (double)loop->busy / (double)loop->window);
	if (loop->has_lag)
		sheet_add(sheet, STYLE_PLAIN, "timer lag",
		          "p50 %s   p99 %s   worst %s",
		          pane_duration(loop->lag_p50, p50),
		          pane_duration(loop->lag_p99, p99),
		          pane_duration(loop->lag_max, most));
	if (loop->has_turns && loop->turns)
		sheet_add(sheet, STYLE_PLAIN, "turns", "%" PRIu64, loop->turns);
	sheet_add(sheet, STYLE_PLAIN, "seen by", "%s%s", seen_by(view, thread),
	          is_asked(view, thread) ? "; the agent says by what" : "");
	add_blocks(sheet, view, thread);
}

static void
thread_details(struct sheet *sheet, const struct view *view,
               const struct thread *thread)
{
	const struct process *process =
	    actor_process(&view->model->actors, thread->pid);
	char name[64], title[80];

	pane_label(view, thread, name, sizeof(name));
	snprintf(title, sizeof(title), "%s   Esc leaves", name);
	sheet_init(sheet, title);
	sheet_add(
	    sheet, STYLE_PLAIN, "process", "%s, pid %u",
	    process ? model_process_label(process, name, sizeof(name)) : "?",
	    thread->pid);
	add_thread(sheet, view, thread);
	add_loop(sheet, view, thread);
}

static void
process_details(struct sheet *sheet, const struct view *view,
                const struct process *process)
{
	const struct thread *thread =
	    actor_thread(&view->model->actors, process->pid);
	char name[64], title[96];

	model_process_label(process, name, sizeof(name));
	snprintf(title, sizeof(title), "%s, pid %u   Esc leaves", name,
	         process->pid);
	sheet_init(sheet, title);
	add_process(sheet, view, process);
	if (!thread || thread->pid != process->pid)
		return;
	sheet_add(sheet, STYLE_BOLD, "", "Its main thread");
	add_thread(sheet, view, thread);
	add_loop(sheet, view, thread);
}

/* ---- the sheet ---- */

static void
actor_details(struct sheet *sheet, const struct view *view,
              const struct selection *thing)
{
	const struct actors *actors = &view->model->actors;
	const struct process *process = actor_process(actors, thing->pid);
	const struct thread *thread = actor_thread(actors, thing->tid);

	if (thing->kind == SELECT_THREAD && thread)
		thread_details(sheet, view, thread);
	else if (thing->kind == SELECT_PROCESS && process)
		process_details(sheet, view, process);
	else if (thing->pid == view->own_pid)
		sheet_add(sheet, STYLE_PLAIN, "",
		          "looptop itself: it draws, and never runs what is "
		          "studied.");
	else
		sheet_add(sheet, STYLE_PLAIN, "",
		          "It is not there at this moment.");
}

void
details_sheet(struct sheet *sheet, const struct view *view,
              const struct selection *thing)
{
	sheet_init(sheet, "Details   Esc leaves");
	switch (thing->kind) {
	case SELECT_NONE:
		sheet_add(sheet, STYLE_PLAIN, "", "Choose a row first.");
		break;
	case SELECT_PROCESS:
	case SELECT_THREAD:
		actor_details(sheet, view, thing);
		break;
	default:
		details_talk(sheet, view, thing);
		break;
	}
}
