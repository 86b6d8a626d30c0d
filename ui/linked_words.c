/* What belongs to a thing beyond its ends: stretches of time, and all of it in
 * a sentence, the weightiest clause first: the end may be cut off. */
#include "linked.h"

#include "pane.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void say(struct linked *linked, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
say(struct linked *linked, const char *format, ...)
{
	size_t used = strlen(linked->words);
	va_list list;

	va_start(list, format);
	vsnprintf(linked->words + used, sizeof(linked->words) - used, format,
	          list);
	va_end(list);
}

static bool
is_numbered(const char *name)
{
	size_t length = strlen(name);

	return length && name[length - 1] >= '0' && name[length - 1] <= '9';
}

/* "stage 4101"; but of "worker 2" and "thread 1" the name alone says which it
 * is. */
static const char *
name_end(const struct model *model, uint32_t pid, uint32_t tid, char into[64])
{
	const struct thread *thread = actor_thread(&model->actors, tid);
	const struct process *process = actor_process(&model->actors, pid);
	char name[48];

	if (thread && thread->pid == pid && tid != pid) {
		model_thread_label(model, thread, into, 64);
		return into;
	}
	if (!process || (!process->title[0] && !process->command[0])) {
		snprintf(into, 64, "pid %u", pid);
		return into;
	}
	model_process_label(process, name, sizeof(name));
	if (is_numbered(name))
		snprintf(into, 64, "%s", name);
	else
		snprintf(into, 64, "%s %u", name, pid);
	return into;
}

/* ---- a message ---- */

static void
add_span(struct linked *linked, uint32_t tid, uint64_t begin, uint64_t end,
         enum linked_meaning meaning, const char *name)
{
	struct linked_span *span;

	if (linked->span_count == LINKED_SPANS)
		return;
	span = &linked->spans[linked->span_count++];
	*span = (struct linked_span){
	    .tid = tid,
	    .begin = begin,
	    .end = end,
	    .meaning = meaning,
	};
	snprintf(span->name, sizeof(span->name), "%s", name);
}

/* What the receiver did between `begin` and `end`, the newest first. */
static void
add_meanwhile(struct linked *linked, const struct model *model, uint32_t tid,
              uint64_t begin, uint64_t end)
{
	const struct thread *thread = actor_thread(&model->actors, tid);
	uint64_t oldest =
	    model->span_count > SPANS ? model->span_count - SPANS : 0;

	if (thread && thread->loop.blocked_since &&
	    thread->loop.blocked_since < end)
		add_span(linked, tid, thread->loop.blocked_since, model->now,
		         LINKED_BLOCK, thread->loop.cause);
	else if (thread && thread->span_since && thread->span_since < end)
		add_span(linked, tid, thread->span_since, model->now,
		         LINKED_WORK, thread->span);
	for (uint64_t i = model->span_count; i > oldest; i--) {
		const struct span *span = &model->spans[(i - 1) % SPANS];

		if (span->tid == tid && span->begin < end && span->end > begin)
			add_span(linked, tid, span->begin, span->end,
			         span->blocked ? LINKED_BLOCK : LINKED_WORK,
			         span->name);
	}
}

/* What it waited for: of what the receiver did meanwhile, the longest. */
static const struct linked_span *
longest(const struct linked *linked)
{
	const struct linked_span *found = NULL;

	for (int i = 0; i < linked->span_count; i++) {
		const struct linked_span *span = &linked->spans[i];

		if (span->meaning != LINKED_WAIT &&
		    (!found ||
		     span->end - span->begin > found->end - found->begin))
			found = span;
	}
	return found;
}

static void
say_wait(struct linked *linked, const struct model *model,
         const struct flow *flow)
{
	uint64_t end = flow->received ? flow->received : model->now;
	const struct linked_span *cause = longest(linked);
	bool waits = !flow->received && model_is_unread(model, flow);
	const struct thread *thread;
	char length[16], name[64];

	if (!flow->sent || (!flow->received && !waits))
		return;
	pane_duration(end > flow->sent ? end - flow->sent : 0, length);
	if (waits)
		say(linked, "; waits %s", length);
	else if (end - flow->sent < MODEL_WAITING_NS)
		say(linked, "; took %s", length);
	else
		say(linked, "; waited %s", length);
	if (!cause || end - flow->sent < MODEL_WAITING_NS)
		return;
	say(linked, " for %s", cause->name);
	thread = actor_thread(&model->actors, linked->of.to_tid);
	if (thread && cause->meaning == LINKED_BLOCK)
		say(linked, " on %s's loop",
		    model_thread_label(model, thread, name, sizeof(name)));
}

static void
link_message(struct linked *linked, const struct model *model)
{
	struct selection *of = &linked->of;
	const struct flow *flow = select_find_flow(model, of);
	char from[64], to[64];

	if (flow) {
		uint64_t end = flow->received ? flow->received : model->now;

		*of = select_flow(flow);
		add_meanwhile(linked, model, of->to_tid, of->time, end);
		if (flow->sent &&
		    (flow->received || model_is_waiting(model, flow)))
			add_span(linked, of->to_tid, of->time, end, LINKED_WAIT,
			         "");
	}
	say(linked, "%s", flow && *flow->text ? flow->text : "message");
	/* Of sockets each request has its own: all are number 1. */
	if (channel_id_type(of->channel) != CHANNEL_SOCKET)
		say(linked, " #%" PRIu64, of->number);
	say(linked, ": %s \u2192 %s", name_end(model, of->pid, of->tid, from),
	    name_end(model, of->to_pid, of->to_tid, to));
	if (flow)
		say_wait(linked, model, flow);
}

/* ---- actors ---- */

static void
say_many(struct linked *linked, const char *before, unsigned count,
         const char *what)
{
	say(linked, "%s%u %s%s", before, count, what, count == 1 ? "" : "s");
}

static unsigned
count_channels(const struct linked *linked, const struct model *model)
{
	unsigned count = 0;

	for (uint32_t i = 0; i < model->channel_table.count; i++)
		count += !model->channels[i].row.died &&
		         linked_channel(linked, &model->channels[i]);
	return count;
}

static void
link_process(struct linked *linked, const struct model *model)
{
	const struct actors *actors = &model->actors;
	const struct process *process = actor_process(actors, linked->of.pid);
	unsigned threads = 0, loops = 0, waiting = 0;
	char name[64], end[32];

	for (uint32_t i = 0; i < actors->thread_table.count; i++) {
		const struct thread *thread = &actors->threads[i];

		if (thread->pid != linked->of.pid || thread->row.died)
			continue;
		threads++;
		loops += thread->loop.exists;
		waiting += thread->waiting;
	}
	say(linked,
	    "%s: ", name_end(model, linked->of.pid, linked->of.pid, name));
	if (waiting)
		say(linked, "%u event%s waiting; ", waiting,
		    waiting == 1 ? "" : "s");
	if (process && process->row.died) {
		say(linked, "%s%s", pane_end(process, end, sizeof(end)),
		    pane_is_zombie(process) ? ", not reaped by its parent"
		                            : "");
	} else if (threads) {
		say_many(linked, "", threads, "thread");
		say_many(linked, ", ", loops, "loop");
	} else {
		say(linked, "none of its threads is watched");
	}
	say_many(linked, "; ", count_channels(linked, model), "channel");
}

static const char *
role_words(const struct thread *thread)
{
	return thread->role == ROLE_MAIN     ? "main thread"
	       : thread->role == ROLE_WORKER ? "worker thread"
	       : thread->role == ROLE_POOL   ? "pool thread"
	                                     : "a thread";
}

static void
link_thread(struct linked *linked, const struct model *model)
{
	const struct thread *thread =
	    actor_thread(&model->actors, linked->of.tid);
	uint64_t blocked;
	char name[64], length[16];

	if (!thread)
		return;
	if (thread->tid != thread->pid)
		say(linked, "%s: ",
		    model_thread_label(model, thread, name, sizeof(name)));
	say(linked, "%s of %s", role_words(thread),
	    name_end(model, thread->pid, thread->pid, name));
	blocked = model_blocked(model, thread);
	if (blocked)
		say(linked, "; blocked %s by %s",
		    pane_duration(blocked, length), thread->loop.cause);
	else if (thread->span_since)
		say(linked, "; runs %s for %s", thread->span,
		    pane_duration(model->now - thread->span_since, length));
	if (thread->waiting)
		say(linked, "; %u event%s waiting", thread->waiting,
		    thread->waiting == 1 ? "" : "s");
	say_many(linked, "; ", count_channels(linked, model), "channel");
}

/* ---- the rest ---- */

static void
link_channel(struct linked *linked, const struct model *model)
{
	const struct channel_row *row =
	    model_channel(model, linked->of.channel);
	char from[64], to[64];
	uint64_t sent, received;

	if (!row)
		return;
	linked->of = select_channel(row);
	name_end(model, linked->of.pid, linked->of.tid, from);
	if (row->type == CHANNEL_LISTEN) {
		say(linked, "%s listens on port %u", from, row->port);
		return;
	}
	say(linked, "%s: %s %s %s", event_channel_name(row->type), from,
	    row->type == CHANNEL_PIPE ? "\u2192" : "\u2194",
	    row->b_pid
	        ? name_end(model, linked->of.to_pid, linked->of.to_tid, to)
	        : "(not watched)");
	sent = row->sent[0] + row->sent[1];
	received = row->received[0] + row->received[1];
	if (sent)
		say(linked, "; %" PRIu64 " messages, %" PRIu64 " on their way",
		    sent, sent > received ? sent - received : 0);
}

const char *
linked_words(const struct linked *linked, int cols, char into[LINKED_WORDS])
{
	snprintf(into, LINKED_WORDS, "%s", linked->words);
	while (canvas_width(into) > cols) {
		char *end = strrchr(into, ';'), *on = strstr(into, " on ");

		if (on && (!end || on > end))
			end = on;
		if (!end)
			break;
		*end = '\0';
	}
	return into;
}

static void
link_life(struct linked *linked, const struct model *model)
{
	const struct selection *of = &linked->of;
	const struct process *born = actor_process(&model->actors, of->to_pid);
	const struct process *died = actor_process(&model->actors, of->pid);
	char from[64], to[64], how[32];

	name_end(model, of->pid, of->tid, from);
	name_end(model, of->to_pid, of->to_tid, to);
	if (born && born->row.born == of->time && born->ppid == of->pid)
		say(linked, "%s was started by %s: %s", to, from,
		    event_birth_name(born->how));
	else if (died && died->row.died == of->time)
		say(linked, "%s ended: %s; its parent is %s", from,
		    pane_end(died, how, sizeof(how)), to);
	else
		say(linked, "%s wrote a line; read by %s", from, to);
}

void
linked_make(struct linked *linked, const struct model *model,
            const struct selection *selection)
{
	static void (*const makers[])(struct linked * linked,
	                              const struct model *model) = {
	    [SELECT_PROCESS] = link_process, [SELECT_THREAD] = link_thread,
	    [SELECT_MESSAGE] = link_message, [SELECT_LIFE] = link_life,
	    [SELECT_CHANNEL] = link_channel,
	};
	char name[64];

	linked->of = *selection;
	linked->span_count = 0;
	linked->words[0] = '\0';
	if (selection->kind == SELECT_LINE)
		say(linked, "written by %s",
		    name_end(model, selection->pid, selection->pid, name));
	else if (selection->kind != SELECT_NONE)
		makers[selection->kind](linked, model);
}
