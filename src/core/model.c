/*
 * What can go wrong here: events of several writers come out of order (a
 * receive before its send, a gauge of a thread not yet born, a death before
 * the last messages); a pid comes again; a table is full; a field of a
 * recording is nonsense. None of it may do more than leave a number out.
 */
#include "model_parts.h"

#include "text.h"

#include <string.h>

void
model_init(struct model *model)
{
	memset(model, 0, sizeof(*model));
	actor_init(&model->actors);
	table_init(&model->channel_table, CHANNELS, sizeof(struct channel_row));
}

void
model_keep(char *into, size_t room, const struct event *event, const char *text)
{
	text_clean(into, room, text, event->text);
}

static bool
output_line(struct model *model, const struct event *event, const char *text)
{
	struct output_line *line =
	    &model->lines[model->line_count++ % OUTPUT_LINES];

	line->time = event->time;
	line->pid = event->pid;
	line->is_stderr = event->kind == EVENT_STDERR;
	model_keep(line->text, sizeof(line->text), event, text);
	return true;
}

static bool
note_line(struct model *model, const struct event *event, const char *text)
{
	struct note_row *row = &model->notes[model->note_count++ % NOTES_KEPT];

	row->time = event->time;
	row->level = event->number < NOTES ? (uint8_t)event->number : 0;
	model_keep(row->text, sizeof(row->text), event, text);
	return true;
}

/* For the other readers of the stream: no pane shows it. */
static bool
not_shown(struct model *model, const struct event *event, const char *text)
{
	(void)model;
	(void)event;
	(void)text;
	return false;
}

static bool
lost_count(struct model *model, const struct event *event, const char *text)
{
	(void)text;
	model->totals.lost += event->number;
	return true;
}

static bool
births_count(struct model *model, const struct event *event, const char *text)
{
	model->births_missed = event->number;
	model_keep(model->births_source, sizeof(model->births_source), event,
	           text);
	return true;
}

static model_part *const parts[EVENT_KINDS] = {
    [EVENT_PROCESS_BORN] = model_process_born,
    [EVENT_PROCESS_EXEC] = model_process_exec,
    [EVENT_PROCESS_TITLE] = model_process_title,
    [EVENT_PROCESS_DIED] = model_process_died,
    [EVENT_PROCESS_EXIT] = model_process_told,
    [EVENT_THREAD_BORN] = model_thread_born,
    [EVENT_THREAD_DIED] = model_thread_died,
    [EVENT_THREAD_ROLE] = model_thread_role,
    [EVENT_CHANNEL_BORN] = model_channel_born,
    [EVENT_CHANNEL_DIED] = model_channel_died,
    [EVENT_MESSAGE_SEND] = model_message_send,
    [EVENT_MESSAGE_RECV] = model_message_recv,
    [EVENT_HANDLE_SEND] = model_message_send,
    [EVENT_HANDLE_RECV] = model_message_recv,
    [EVENT_CHANNEL_QUEUE] = model_channel_queue,
    [EVENT_CHANNEL_GAUGE] = model_channel_gauge,
    [EVENT_REQUEST] = model_request,
    [EVENT_SPAN_BEGIN] = model_span_event,
    [EVENT_SPAN_END] = model_span_event,
    [EVENT_ATOMICS_WAIT] = not_shown,
    [EVENT_ATOMICS_NOTIFY] = not_shown,
    [EVENT_LOOP_BLOCKED] = model_loop_blocked,
    [EVENT_LOOP_FREED] = model_loop_freed,
    [EVENT_LOOP_TURNS] = model_loop_turns,
    [EVENT_LOOP_GAUGE] = model_loop_gauge,
    [EVENT_THREAD_GAUGE] = model_thread_gauge,
    [EVENT_PROCESS_GAUGE] = model_process_gauge,
    [EVENT_BIRTHS] = births_count,
    [EVENT_POOL_GAUGE] = model_pool_gauge,
    [EVENT_STDOUT] = output_line,
    [EVENT_STDERR] = output_line,
    [EVENT_NOTE] = note_line,
    [EVENT_LOST] = lost_count,
    [EVENT_AGENT] = model_agent,
    [EVENT_LOOP_CAUSE] = model_loop_cause,
    [EVENT_PROCESS_ZOMBIE] = model_process_zombie,
    [EVENT_OUTPUT_KEPT] = model_output_kept,
};

bool
model_apply(struct model *model, const struct event *event, const char *text)
{
	findings_tick(model, event->time);
	model->version++;
	model->totals.events++;
	if (!model->start)
		model->start = event->time;
	if (event->time > model->now)
		model->now = event->time;
	return parts[event->kind](model, event, text);
}

bool
model_put(void *data, const struct event *event, const char *text)
{
	return model_apply(data, event, text);
}

/* The receiver lives and speaks for itself, and no later message of the channel
 * has been received: then it is the record that was lost, not the message. */
bool
model_is_unread(const struct model *model, const struct flow *flow)
{
	const struct channel_row *channel;
	const struct process *process;
	const struct thread *thread;

	if (!flow->sent || flow->received)
		return false;
	channel = model_channel(model, flow->channel);
	if (channel && channel->received[flow->channel & 1] >= flow->number)
		return false;
	thread = actor_thread(&model->actors, flow->wait_tid);
	if (thread && (thread->pid != flow->wait_pid || thread->row.died))
		return false;
	process = actor_process(&model->actors, flow->wait_pid);
	return process && !process->row.died &&
	       (process->runtime || process->agent);
}

bool
model_is_waiting(const struct model *model, const struct flow *flow)
{
	return flow->sent + MODEL_WAITING_NS <= model->now &&
	       model_is_unread(model, flow);
}

void
model_tick(struct model *model, uint64_t now)
{
	struct actors *actors = &model->actors;
	struct flows *flows = &model->flows;

	if (now > model->now)
		model->now = now;
	for (uint32_t i = 0; i < actors->thread_table.count; i++)
		actors->threads[i].waiting = 0;
	/* What is settled need not be looked at again. */
	while (flows->settled < flows->newest &&
	       (flows->settled + 1 < flow_oldest(flows) ||
	        flow_at(flows, flows->settled + 1)->received))
		flows->settled++;
	for (uint64_t id = flows->settled + 1; id <= flows->newest; id++) {
		const struct flow *flow = flow_at(flows, id);
		struct thread *thread;

		if (flow->received || !model_is_waiting(model, flow))
			continue;
		thread = actor_thread(actors, flow->wait_tid);
		if (thread)
			thread->waiting++;
	}
}
