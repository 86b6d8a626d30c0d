/* What the lessons wait for: children that are started, talked to, ended. */
#include "lesson_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* How many pings the menu sends if nobody says otherwise. */
enum { PINGS = 20 };

#define WAIT_NS 1000000000ull
#define LATE_NS 200000000ull
/* So long the first gauge of a process is waited for. */
#define GAUGE_NS 2000000000ull

/* ---- programs that run to their end ---- */

static bool
ran_well(const struct lesson_look *look, const struct process *process)
{
	return process->row.born >= look->since && process->row.died &&
	       process->death == DEATH_CODE && process->status == 0;
}

static bool
ran_badly(const struct lesson_look *look, const struct process *process)
{
	return process->row.born >= look->since && process->row.died &&
	       process->death == DEATH_CODE && process->status != 0;
}

static unsigned
lines_of(const struct model *model, uint32_t pid)
{
	uint64_t oldest = model->line_count > OUTPUT_LINES
	                      ? model->line_count - OUTPUT_LINES
	                      : 0;
	unsigned count = 0;

	for (uint64_t i = model->line_count; i > oldest; i--)
		count += model->lines[(i - 1) % OUTPUT_LINES].pid == pid;
	return count;
}

static const char *
lived(const struct process *process, char into[16])
{
	return pane_duration(process->row.died - process->row.born, into);
}

bool
lesson_saw_spawn(struct lesson_look *look)
{
	const struct process *process =
	    lesson_process(look, BIRTH_SPAWN, ran_well);
	char lines[32], length[16];

	if (!process)
		return false;
	lesson_count(lines_of(look->model, process->pid), "line", lines);
	lesson_brief(look, "%s", lines);
	return lesson_say(look,
	                  "%.24s, pid %u: %s as they came; exit 0 after "
	                  "%s",
	                  process->command, process->pid, lines,
	                  lived(process, length));
}

/* The bytes that were kept stand in the stage's note. */
bool
lesson_saw_exec(struct lesson_look *look)
{
	const struct process *process =
	    lesson_process(look, BIRTH_EXEC, ran_well);
	const char *note = lesson_note(look, "; stdout ");
	unsigned long bytes;
	char length[16], kept[32];

	if (!process || !note ||
	    sscanf(strstr(note, "; stdout "), "; stdout %lu", &bytes) != 1)
		return false;
	lesson_count(bytes, "byte", kept);
	lesson_brief(look, "%s", kept);
	return lesson_say(look,
	                  "a shell, pid %u, ran it: %s after %s, all at once",
	                  process->pid, kept, lived(process, length));
}

bool
lesson_saw_exec_file(struct lesson_look *look)
{
	const struct process *process =
	    lesson_process(look, BIRTH_EXEC_FILE, ran_well);
	char length[16];

	if (!process)
		return false;
	lived(process, length);
	lesson_brief(look, "%s", length);
	return lesson_say(look, "%.24s itself was pid %u: exit 0 after %s",
	                  process->command, process->pid, length);
}

bool
lesson_saw_exit_code(struct lesson_look *look)
{
	const struct process *process =
	    lesson_process(look, BIRTH_EXEC, ran_badly);

	if (!process)
		return false;
	lesson_brief(look, "%d", process->status);
	return lesson_say(look, "pid %u ended with exit code %d: an error",
	                  process->pid, process->status);
}

bool
lesson_saw_no_program(struct lesson_look *look)
{
	const char *note = lesson_note(look, "cannot be started");

	return note && lesson_say(look, "no pid: %.60s", note);
}

static bool
is_left(const struct lesson_look *look, const struct process *process)
{
	return process->row.born >= look->since && pane_is_zombie(process);
}

bool
lesson_saw_zombie(struct lesson_look *look)
{
	const struct process *process =
	    lesson_process(look, BIRTH_SPAWN, is_left);

	if (!process)
		return false;
	lesson_brief(look, "%u", process->pid);
	return lesson_say(look, "pid %u has ended and keeps its pid: a zombie",
	                  process->pid);
}

/* ---- fork ---- */

static bool
is_forked(const struct lesson_look *look, const struct process *process)
{
	return process->row.born >= look->since && !process->row.died &&
	       process->runtime;
}

bool
lesson_saw_fork(struct lesson_look *look)
{
	const struct process *process =
	    lesson_process(look, BIRTH_FORK, is_forked);
	char name[NAME_BYTES];

	if (!process || (!process->rss_kb &&
	                 look->model->now < process->row.born + GAUGE_NS))
		return false;
	model_process_label(process, name, sizeof(name));
	lesson_brief(look, "%.1f MB", process->rss_kb / 1024.0);
	return lesson_say(look,
	                  "%s is pid %u: a process of %.1f MB, and a "
	                  "channel to it",
	                  name, process->pid, process->rss_kb / 1024.0);
}

/* To and fro. */
static bool
say_talk(struct lesson_look *look, const struct lesson_talk *talk)
{
	char mean[24];

	if (talk->count < 2 * PINGS)
		return false;
	snprintf(mean, sizeof(mean), "%.2f ms",
	         (double)talk->total / talk->count / 1e6);
	lesson_brief(look, "%s", mean);
	return lesson_say(look, "%u messages took %s each; the slowest %.2f ms",
	                  talk->count, mean, (double)talk->worst / 1e6);
}

bool
lesson_saw_ipc(struct lesson_look *look)
{
	const struct lesson_talk talk = lesson_heard(look, CHANNEL_IPC);

	return say_talk(look, &talk);
}

bool
lesson_saw_port(struct lesson_look *look)
{
	const struct lesson_talk talk = lesson_heard(look, CHANNEL_PORT);

	return say_talk(look, &talk);
}

/* Between the stage and a child, sent in this step or before. */
static bool
is_between(const struct lesson_look *look, const struct flow *flow)
{
	return flow->sent && channel_id_type(flow->channel) == CHANNEL_IPC &&
	       flow->from_pid != look->own_pid && flow->to_pid != look->own_pid;
}

bool
lesson_saw_unread(struct lesson_look *look)
{
	const struct model *model = look->model;
	const struct flows *flows = &model->flows;

	for (uint64_t id = flows->newest; id >= flow_oldest(flows) && id;
	     id--) {
		const struct flow *flow = flow_at(flows, id);
		char waits[16];

		if (!is_between(look, flow) || flow->sent < look->since ||
		    model->now < flow->sent + WAIT_NS ||
		    !model_is_unread(model, flow))
			continue;
		pane_duration(model->now - flow->sent, waits);
		lesson_brief(look, "%s", waits);
		return lesson_say(look,
		                  "unread for %s: it lies in the channel, and "
		                  "nobody is told",
		                  waits);
	}
	return false;
}

bool
lesson_saw_late(struct lesson_look *look)
{
	const struct flows *flows = &look->model->flows;

	for (uint64_t id = flows->newest; id >= flow_oldest(flows) && id;
	     id--) {
		const struct flow *flow = flow_at(flows, id);
		char late[16];

		if (!is_between(look, flow) || flow->received < look->since ||
		    flow->received < flow->sent + LATE_NS)
			continue;
		pane_duration(flow->received - flow->sent, late);
		lesson_brief(look, "%s", late);
		return lesson_say(look,
		                  "it was read %s after it was sent: "
		                  "late, but not lost",
		                  late);
	}
	return false;
}

static bool
has_left(const struct lesson_look *look, const struct process *process)
{
	return process->row.died >= look->since && process->told &&
	       process->death == DEATH_CODE && process->status == 0;
}

bool
lesson_saw_disconnect(struct lesson_look *look)
{
	const struct process *process =
	    lesson_process(look, BIRTH_FORK, has_left);
	char name[NAME_BYTES], end[16];

	if (!process)
		return false;
	model_process_label(process, name, sizeof(name));
	pane_end(process, end, sizeof(end));
	lesson_brief(look, "%s", end);
	return lesson_say(look, "%s, pid %u, has ended by itself: %s", name,
	                  process->pid, end);
}
