/*
 * Tells what threads are for, once a second at most, and only when a thread was
 * born, became a loop, or was seen to wait elsewhere. What was once told of a
 * thread is not taken back for less: a pool thread at work waits on nothing.
 */
#include "watched.h"

#include "roles.h"

#include <stdio.h>
#include <stdlib.h>

enum { THREADS_MAX = 1024 };

static void
fill_row(const struct watched *process, const struct watched_thread *thread,
         struct role_row *row)
{
	bool is_loop = watched_is_loop(thread);

	row->tid = thread->tid;
	row->is_main = thread->tid == process->pid;
	row->is_loop = is_loop;
	row->epfd = is_loop ? thread->loop->watch.epfd : -1;
	row->futex = is_loop ? 0 : thread->futex;
	row->name[0] = '\0';
	(void)procfs_read_comm(process->pid, thread->tid, row->name);
}

static uint32_t
hash_of(const char *text)
{
	uint32_t hash = 2166136261u;

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 16777619u;
	return hash;
}

static void
tell_role(struct observe *observe, struct watched *process,
          struct watched_thread *thread, const struct role_row *row,
          uint64_t now)
{
	struct event event = {
	    .kind = EVENT_THREAD_ROLE,
	    .time = now,
	    .pid = (uint32_t)process->pid,
	    .tid = (uint32_t)thread->tid,
	    .number = row->role,
	};
	char text[ROLE_LABEL_BYTES + ROLE_REASON_BYTES + 2];
	uint32_t label = hash_of(row->label);

	/* Who is held back may say it itself. */
	if (!row->label[0] || label == thread->label || thread->heard ||
	    !thread->announced)
		return;
	thread->label = label;
	snprintf(text, sizeof(text), "%s: %s", row->label, row->reason);
	observe_tell(observe, &event, text);
}

void
watched_tell_roles(struct observe *observe, struct watched *process,
                   uint64_t now)
{
	int count = process->thread_count;
	struct role_row *rows;
	struct fact fact;

	process->roles_due = false;
	if (count < 2 || count > THREADS_MAX ||
	    facts_read(observe->facts, process->pid, &fact))
		return;
	rows = calloc((size_t)count, sizeof(*rows));
	if (!rows)
		return;
	for (int i = 0; i < count; i++)
		fill_row(process, &process->threads[i], &rows[i]);
	roles_find(rows, count, roles_is_node(fact.command, rows[0].name));
	for (int i = 1; i < count; i++)
		tell_role(observe, process, &process->threads[i], &rows[i],
		          now);
	free(rows);
}
