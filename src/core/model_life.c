/* The model's processes and threads: born, named, measured, dead. */
#include "model_parts.h"

#include <string.h>

/* Whether what was said at `time` can be of the one this row stands for. Its
 * death may be known sooner than what others said before it. */
static bool
lived_at(const struct row *row, uint64_t time)
{
	return !row->died || time < row->died;
}

static void
end_process(struct model *model, struct process *process,
            const struct event *event)
{
	process->death = event->number < DEATHS ? (uint8_t)event->number : 0;
	process->status = (int32_t)event->value;
	actor_end_process(&model->actors, process, event->time);
	if ((process->death == DEATH_CODE && process->status != 0) ||
	    process->death == DEATH_SIGNAL)
		model->totals.crashed++;
}

static bool
is_same_process(const struct process *process, const struct event *event)
{
	return lived_at(&process->row, event->time) &&
	       (!process->start || !event->value ||
	        process->start == event->value);
}

static void
describe(struct process *process, const struct event *event, const char *text)
{
	process->unborn = false;
	process->ppid = event->other_pid;
	process->start = event->value;
	process->how = event->number < BIRTHS ? (uint8_t)event->number : 0;
	model_keep(process->command, sizeof(process->command), event, text);
}

bool
model_process_born(struct model *model, const struct event *event,
                   const char *text)
{
	struct process *process = actor_process(&model->actors, event->pid);
	const struct event unknown = {.time = event->time};

	if (process && is_same_process(process, event)) {
		if (process->unborn) {
			describe(process, event, text);
			return true;
		}
		if (!process->start)
			process->start = event->value;
		if (process->how == BIRTH_SEEN && event->number < BIRTHS)
			process->how = (uint8_t)event->number;
		return false;
	}
	if (process && !process->row.died)
		end_process(model, process, &unknown);
	model->totals.processes++;
	process = actor_add_process(&model->actors, event->pid, event->time);
	if (process)
		describe(process, event, text);
	return true;
}

bool
model_process_died(struct model *model, const struct event *event,
                   const char *text)
{
	struct process *process = actor_process(&model->actors, event->pid);

	(void)text;
	if (!process || process->row.died)
		return false;
	end_process(model, process, event);
	return true;
}

bool
model_process_told(struct model *model, const struct event *event,
                   const char *text)
{
	struct process *process =
	    actor_process(&model->actors, event->other_pid);

	(void)text;
	if (process)
		process->told = true;
	return true;
}

bool
model_process_zombie(struct model *model, const struct event *event,
                     const char *text)
{
	struct process *process = actor_process(&model->actors, event->pid);
	bool zombie = event->number != 0;

	(void)text;
	if (!process || !process->row.died || process->zombie == zombie)
		return false;
	process->zombie = zombie;
	process->heir = event->other_pid;
	return true;
}

bool
model_output_kept(struct model *model, const struct event *event,
                  const char *text)
{
	struct process *process =
	    actor_process(&model->actors, event->other_pid);

	(void)text;
	if (process) {
		process->kept = event->number;
		process->kept_most = event->value;
		process->kept_at = event->time;
	}
	return true;
}

static const struct process *
living(const struct model *model, uint32_t pid)
{
	const struct process *process = actor_process(&model->actors, pid);

	return process && !process->row.died ? process : NULL;
}

static struct thread *
add_thread(struct model *model, uint32_t pid, uint32_t tid, uint64_t time)
{
	struct thread *thread = actor_thread(&model->actors, tid);

	/* A tid is one thread's at a time: another's death was not told. */
	if (thread)
		actor_end_thread(thread, time);
	thread = actor_add_thread(&model->actors, pid, tid, time);
	if (!thread)
		return NULL;
	model->totals.threads++;
	if (pid == tid)
		thread->role = ROLE_MAIN;
	return thread;
}

struct thread *
model_thread(struct model *model, uint32_t pid, uint32_t tid, uint64_t time)
{
	struct thread *thread = actor_thread(&model->actors, tid);
	const struct process *process;

	if (thread && thread->pid == pid && !thread->row.died)
		return thread;
	process = living(model, pid);
	if (!process)
		return NULL;
	/* A sample that comes after its death does not raise it again; but a
	 * pid comes again, and with it its main thread. */
	if (thread && thread->pid == pid &&
	    thread->row.died > process->row.born)
		return NULL;
	return add_thread(model, pid, tid, time);
}

/* What an announcement says of a thread. Who does not know its role has seen
 * it from outside, and knows no better name. */
static void
describe_thread(struct thread *thread, const struct event *event,
                const char *text)
{
	bool knows = event->number < ROLES && event->number != ROLE_OTHER;

	thread->announced = true;
	if (knows) {
		thread->role = (uint8_t)event->number;
		thread->id = (uint32_t)event->value;
	}
	if (event->text && (knows || !thread->name[0]))
		model_keep(thread->name, sizeof(thread->name), event, text);
}

/* Each process counts its threads from 1. */
static void
find_namesakes(struct actors *actors, struct thread *thread)
{
	thread->namesake = false;
	for (uint32_t i = 0; i < actors->thread_table.count; i++) {
		struct thread *other = &actors->threads[i];

		if (other->pid == thread->pid || other->role != thread->role ||
		    other->row.died || other->id != thread->id ||
		    strcmp(other->name, thread->name) != 0)
			continue;
		thread->namesake = other->namesake = true;
	}
}

bool
model_thread_born(struct model *model, const struct event *event,
                  const char *text)
{
	struct thread *thread = actor_thread(&model->actors, event->tid);
	bool known = thread && thread->pid == event->pid &&
	             lived_at(&thread->row, event->time);
	bool news;
	uint8_t role;

	if (!living(model, event->pid) || (known && thread->row.died))
		return false;
	if (!known)
		thread = add_thread(model, event->pid, event->tid, event->time);
	if (!thread) {
		/* There is no room for it. */
		model->totals.threads++;
		return true;
	}
	news = !thread->announced;
	role = thread->role;
	describe_thread(thread, event, text);
	news |= thread->role != role; /* now it is known what it is for */
	if (thread->role == ROLE_WORKER)
		thread->loop.exists = true;
	if (thread->role == ROLE_POOL || thread->role == ROLE_WORKER) {
		(void)actor_lane(&model->actors, thread);
		find_namesakes(&model->actors, thread);
	}
	return news;
}

bool
model_thread_died(struct model *model, const struct event *event,
                  const char *text)
{
	struct thread *thread = actor_thread(&model->actors, event->tid);

	(void)text;
	if (!thread || thread->row.died || thread->pid != event->pid)
		return false;
	actor_end_thread(thread, event->time);
	return true;
}

/* "name: reason". Who announced itself with a role knows better. */
bool
model_thread_role(struct model *model, const struct event *event,
                  const char *text)
{
	struct thread *thread =
	    model_thread(model, event->pid, event->tid, event->time);
	struct event part = *event;
	const char *end = memchr(text, ':', event->text);
	size_t name = end ? (size_t)(end - text) : event->text;
	size_t skip = name + 2 < event->text ? name + 2 : event->text;

	if (!thread || thread->id || thread->role == ROLE_MAIN)
		return true;
	if (event->number < ROLES && event->number != ROLE_MAIN)
		thread->role = (uint8_t)event->number;
	part.text = (uint16_t)name;
	model_keep(thread->name, sizeof(thread->name), &part, text);
	part.text = (uint16_t)(event->text - skip);
	model_keep(thread->reason, sizeof(thread->reason), &part, text + skip);
	return true;
}

/* A child can be quicker than its parent's announcement of it. */
static struct process *
speaker(struct model *model, const struct event *event)
{
	struct process *process = actor_process(&model->actors, event->pid);

	if (process && lived_at(&process->row, event->time))
		return process;
	process = actor_add_process(&model->actors, event->pid, event->time);
	if (!process)
		return NULL;
	model->totals.processes++;
	process->unborn = true;
	return process;
}

bool
model_process_title(struct model *model, const struct event *event,
                    const char *text)
{
	struct process *process = speaker(model, event);

	if (!process)
		return true;
	if (event->number != WITNESS_AGENT)
		process->runtime = true;
	model_keep(process->title, sizeof(process->title), event, text);
	return true;
}

bool
model_agent(struct model *model, const struct event *event, const char *text)
{
	struct process *process = speaker(model, event);

	(void)text;
	if (process)
		process->agent = true;
	return true;
}

bool
model_process_exec(struct model *model, const struct event *event,
                   const char *text)
{
	struct process *process = actor_process(&model->actors, event->pid);

	if (process)
		model_keep(process->command, sizeof(process->command), event,
		           text);
	return true;
}

bool
model_process_gauge(struct model *model, const struct event *event,
                    const char *text)
{
	struct process *process = actor_process(&model->actors, event->pid);

	(void)text;
	if (!process)
		return true;
	process->rss_kb = (uint32_t)event->value;
	process->threads = (uint32_t)event->size;
	process->fds = (uint32_t)event->number;
	return true;
}

bool
model_pool_gauge(struct model *model, const struct event *event,
                 const char *text)
{
	struct process *process = actor_process(&model->actors, event->pid);

	(void)text;
	if (!process)
		return true;
	process->pool_slots = (uint32_t)event->number;
	process->pool_running = (uint32_t)event->value;
	process->pool_queued = (uint32_t)event->size;
	return true;
}
