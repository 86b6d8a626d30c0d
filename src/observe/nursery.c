/*
 * Failures, before line one: a child has ended before we come to its record
 * (then the records are all there is of it); it was found by looking before
 * its record was read (it has a row, the record says nothing new); it lives but
 * we may not look at it (it is told of when it ends); its exit was dropped by
 * the kernel (it is gone: that will do); a program speaks for itself (it tells
 * of its children better than we could).
 *
 * Records of other CPUs may come a little later than ours: the newest of each
 * round are left for the next.
 */
#include "nursery_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LATE_NS 1000000ull    /* between a record's time and its being there */
#define SAME_NS 1000000000ull /* no pid comes again so soon */

struct nursery *
nursery_new(enum births_source best, int epoll)
{
	struct nursery *nursery = calloc(1, sizeof(*nursery));

	if (!nursery)
		return NULL;
	nursery->kin = calloc(PIDS / 8, 1);
	if (!nursery->kin || births_open(&nursery->births, best, epoll)) {
		nursery_free(nursery);
		return NULL;
	}
	return nursery;
}

void
nursery_free(struct nursery *nursery)
{
	if (!nursery)
		return;
	births_close(nursery->births);
	free(nursery->newborns);
	free(nursery->kin);
	free(nursery);
}

/* ---- kin ---- */

static bool
is_kin(const struct nursery *nursery, pid_t pid)
{
	return pid > 0 && pid < PIDS &&
	       (nursery->kin[pid / 8] & 1u << pid % 8) != 0;
}

void
nursery_know(struct nursery *nursery, pid_t pid)
{
	if (nursery && pid > 0 && pid < PIDS)
		nursery->kin[pid / 8] |= (uint8_t)(1u << pid % 8);
}

void
nursery_forget(struct nursery *nursery, pid_t pid)
{
	if (nursery && pid > 0 && pid < PIDS)
		nursery->kin[pid / 8] &= (uint8_t) ~(1u << pid % 8);
}

static void
begin(struct nursery *nursery)
{
	if (!nursery->begun)
		nursery->forks = births_forks();
	nursery->begun = true;
}

void
nursery_root(struct nursery *nursery, pid_t pid)
{
	if (!nursery)
		return;
	begin(nursery);
	nursery->root = pid;
	nursery_know(nursery, pid);
	if (births_add(nursery->births, pid))
		nursery->unwatched++;
}

static void
adopt_thread(void *data, pid_t tid)
{
	struct nursery *nursery = data;
	int error = births_add(nursery->births, tid);

	/* Another user's, or too many threads on too many CPUs. */
	if (error && error != -ESRCH && !births_fall_back(nursery->births))
		nursery->unwatched++;
}

void
nursery_adopt(struct nursery *nursery, pid_t pid)
{
	if (!nursery)
		return;
	begin(nursery);
	nursery_know(nursery, pid);
	if (births_source(nursery->births) == BIRTHS_TREE)
		procfs_threads(pid, adopt_thread, nursery);
}

void
nursery_count(struct nursery *nursery)
{
	if (nursery)
		nursery->told++;
}

bool
nursery_status(const struct nursery *nursery, pid_t pid, int *status)
{
	const struct end *end;

	if (!nursery)
		return false;
	end = &nursery->ends[pid % ENDS];
	if (end->pid != pid)
		return false;
	*status = end->status;
	return true;
}

/* ---- newborns ---- */

struct newborn *
nursery_find(struct nursery *nursery, pid_t pid)
{
	for (int i = nursery->count - 1; i >= 0; i--)
		if (nursery->newborns[i].pid == pid)
			return &nursery->newborns[i];
	return NULL;
}

static struct newborn *
add(struct nursery *nursery)
{
	if (nursery->count == nursery->room) {
		int room = nursery->room ? nursery->room * 2 : 64;
		void *bigger = realloc(nursery->newborns,
		                       (size_t)room * sizeof(struct newborn));

		if (!bigger)
			return NULL;
		nursery->newborns = bigger;
		nursery->room = room;
	}
	return &nursery->newborns[nursery->count++];
}

/* Found by looking, before its record came; dead rows count as well. */
static bool
has_row(const struct observe *observe, pid_t pid)
{
	for (int i = 0; i < observe->count; i++)
		if (observe->rows[i]->pid == pid)
			return true;
	return false;
}

void
nursery_told(struct nursery *nursery, pid_t pid, uint64_t time)
{
	struct newborn *newborn = nursery ? nursery_find(nursery, pid) : NULL;

	if (!nursery)
		return;
	nursery->tellings[pid % ENDS] = (struct telling){pid, time};
	if (!newborn)
		return;
	nursery->count--;
	/* Parents stay before their children. */
	memmove(newborn, newborn + 1,
	        (size_t)(nursery->newborns + nursery->count - newborn) *
	            sizeof(*newborn));
}

/* The agent tells of a birth a little before or after the record of it. */
static bool
was_told(const struct nursery *nursery, const struct birth_record *record)
{
	const struct telling *telling = &nursery->tellings[record->pid % ENDS];

	return telling->pid == record->pid &&
	       telling->time < record->time + SAME_NS &&
	       record->time < telling->time + SAME_NS;
}

static void
take_fork(struct observe *observe, const struct birth_record *record)
{
	struct nursery *nursery = observe->nursery;
	struct newborn *newborn;

	if (!is_kin(nursery, record->parent) || has_row(observe, record->pid) ||
	    was_told(nursery, record) || nursery_find(nursery, record->pid))
		return;
	nursery_know(nursery, record->pid);
	nursery->ends[record->pid % ENDS].pid = 0;
	/* The guard's own child is told of by who had it started. */
	if (record->parent == nursery->root)
		return;
	newborn = add(nursery);
	if (!newborn)
		return;
	memset(newborn, 0, sizeof(*newborn));
	newborn->pid = record->pid;
	newborn->parent = record->parent;
	newborn->born = record->time;
}

/* Its command line, or when that is gone already, its name. */
static void
tell_exec(struct observe *observe, struct watched *process,
          const struct birth_record *record)
{
	struct event event = {
	    .kind = EVENT_PROCESS_EXEC,
	    .time = record->time,
	    .pid = (uint32_t)record->pid,
	    .tid = (uint32_t)record->pid,
	};
	struct fact fact;

	if (facts_glance(observe->facts, record->pid, &fact) == 0 && fact.image)
		observe_look_for_exec(observe, process, record->time);
	else if (record->comm[0])
		observe_tell(observe, &event, record->comm);
}

static void
take_exec(struct observe *observe, const struct birth_record *record)
{
	struct newborn *newborn = nursery_find(observe->nursery, record->pid);
	struct watched *process;

	if (newborn) {
		memcpy(newborn->comm, record->comm, sizeof(newborn->comm));
		/* The connector has no names: look while it is there. */
		if (!newborn->comm[0])
			(void)procfs_read_comm(record->pid, record->pid,
			                       newborn->comm);
		return;
	}
	process = observe_find(observe, record->pid);
	if (process && process->announced && !process->speaks)
		tell_exec(observe, process, record);
}

static void
take_exit(struct nursery *nursery, const struct birth_record *record)
{
	struct newborn *newborn = nursery_find(nursery, record->pid);
	struct end *end = &nursery->ends[record->pid % ENDS];

	if (!is_kin(nursery, record->pid) && !newborn)
		return;
	if (record->has_status) {
		end->pid = record->pid;
		end->status = record->status;
	}
	if (!newborn)
		return;
	if (!newborn->ended)
		newborn->ended = record->time;
	if (record->has_status) {
		newborn->has_status = true;
		newborn->status = record->status;
	}
}

void
nursery_round(struct observe *observe, uint64_t now, bool last)
{
	struct nursery *nursery = observe->nursery;
	struct birth_record record;
	uint64_t until;

	if (!nursery || !nursery->begun)
		return;
	births_collect(nursery->births);
	/* Before the program itself is told of, nothing is. */
	if (nursery->root && !observe->anchor)
		return;
	until = last || births_source(nursery->births) == BIRTHS_CONNECTOR
	            ? UINT64_MAX
	            : now - LATE_NS;
	while (births_next(nursery->births, until, &record)) {
		if (record.kind == BIRTH_OF)
			take_fork(observe, &record);
		else if (record.kind == BIRTH_COMM)
			take_exec(observe, &record);
		else
			take_exit(nursery, &record);
	}
	nursery_settle(observe, now, last);
}

/* ---- what was missed ---- */

/* By records: what the kernel had to drop. By looking: the forks of the whole
 * machine that are no birth we have told of. */
static uint64_t
count_missed(const struct nursery *nursery)
{
	uint64_t forks;

	if (births_source(nursery->births) != BIRTHS_NONE &&
	    !nursery->unwatched)
		return births_lost(nursery->births);
	forks = births_forks();
	return forks > nursery->forks + nursery->told
	           ? forks - nursery->forks - nursery->told
	           : 0;
}

enum births_source
nursery_source(const struct nursery *nursery)
{
	return nursery ? births_source(nursery->births) : BIRTHS_NONE;
}

bool
nursery_has_status(const struct nursery *nursery)
{
	return nursery && births_has_status(nursery->births);
}

static const char *
method_of(const struct nursery *nursery)
{
	static const char *const methods[] = {
	    [BIRTHS_NONE] = "looking",
	    [BIRTHS_CONNECTOR] = "the proc connector",
	    [BIRTHS_TREE] = "perf task records",
	    [BIRTHS_MACHINE] = "perf task records of the machine",
	};

	if (nursery->unwatched)
		return methods[BIRTHS_NONE];
	return methods[births_source(nursery->births)];
}

void
nursery_gauge(struct observe *observe, uint64_t now)
{
	struct nursery *nursery = observe->nursery;
	struct event event = {.kind = EVENT_BIRTHS, .time = now};

	if (!nursery || !nursery->begun || (nursery->root && !observe->anchor))
		return;
	event.number = count_missed(nursery);
	if (nursery->gauged && event.number == nursery->missed)
		return;
	nursery->gauged = true;
	nursery->missed = event.number;
	observe_tell(observe, &event, method_of(nursery));
}
