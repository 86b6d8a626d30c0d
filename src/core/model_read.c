/* What panes and the summary ask of the model beyond its fields. */
#include "model.h"

#include "text.h"

#include <stdio.h>
#include <string.h>

/* A program that runs a script is known by the script. */
static bool
is_interpreter(const char *word, size_t length)
{
	static const char *const known[] = {
	    "node", "nodejs", "python", "python3", "bash", "sh",
	    "dash", "perl",   "ruby",   "deno",    "bun"};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strlen(known[i]) == length &&
		    memcmp(known[i], word, length) == 0)
			return true;
	return false;
}

/* The part of a path behind its last slash. */
static const char *
base_of(const char *word, size_t *length)
{
	for (size_t i = *length; i > 0; i--)
		if (word[i - 1] == '/' && i < *length) {
			*length -= i;
			return word + i;
		}
	return word;
}

const char *
model_process_label(const struct process *process, char *into, size_t room)
{
	const char *command = process->command, *first, *second;
	size_t first_length, second_length;

	if (process->title[0]) {
		text_clean(into, room, process->title, strlen(process->title));
		return into;
	}
	if (!command[0]) {
		snprintf(into, room, "pid %u", process->pid);
		return into;
	}
	first_length = strcspn(command, " ");
	second = command + first_length + strspn(command + first_length, " ");
	second_length = strcspn(second, " ");
	first = base_of(command, &first_length);
	if (is_interpreter(first, first_length) && second_length &&
	    *second != '-') {
		second = base_of(second, &second_length);
		snprintf(into, room, "%.*s", (int)second_length, second);
	} else {
		snprintf(into, room, "%.*s", (int)first_length, first);
	}
	return into;
}

const char *
model_thread_label(const struct model *model, const struct thread *thread,
                   char *into, size_t room)
{
	const struct process *process =
	    actor_process(&model->actors, thread->pid);

	if (thread->pid == thread->tid && process)
		return model_process_label(process, into, room);
	if (thread->name[0])
		text_clean(into, room, thread->name, strlen(thread->name));
	else if (thread->role == ROLE_WORKER)
		snprintf(into, room, "thread %u", thread->id);
	else
		snprintf(into, room, "tid %u", thread->tid);
	return into;
}

enum { CPU_MEAN_BINS = 5 };

static unsigned
lately(const struct model *model, const struct thread *thread,
       const uint8_t *ring)
{
	uint64_t end = model->now / CPU_BIN_NS;
	unsigned mean;

	/* The bin before this one is still being filled by the sampler. */
	if (end < CPU_MEAN_BINS + 1 || thread->row.died)
		return 0;
	end -= 1;
	mean =
	    series_mean(&thread->cpu_series, ring,
	                (end - CPU_MEAN_BINS) * CPU_BIN_NS, end * CPU_BIN_NS);
	return (mean * 1000 + 127) / 255;
}

unsigned
model_thread_cpu(const struct model *model, const struct thread *thread)
{
	return lately(model, thread, thread->cpu);
}

unsigned
model_thread_wait(const struct model *model, const struct thread *thread)
{
	return lately(model, thread, thread->wait);
}

unsigned
model_process_cpu(const struct model *model, const struct process *process)
{
	const struct actors *actors = &model->actors;
	unsigned sum = 0;

	for (uint32_t i = 0; i < actors->thread_table.count; i++)
		if (actors->threads[i].pid == process->pid)
			sum += model_thread_cpu(model, &actors->threads[i]);
	return sum;
}

uint64_t
model_blocked(const struct model *model, const struct thread *thread)
{
	uint64_t since = thread->loop.blocked_since;

	return since && model->now > since ? model->now - since : 0;
}
