#include "facts.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libproc2/pids.h>

/* Two readers: a fetch opens just the files that its items need. */
struct facts {
	struct pids_info *glance, *read;
	uint32_t page_kb;
};

enum {
	AT_PID,
	AT_PPID,
	AT_GROUP,
	AT_STATE,
	AT_START,
	AT_STACK,
	AT_RSS,
	AT_THREADS,
	AT_COMM,
	AT_COMMAND,
	AT_COUNT,
};

static enum pids_item items[AT_COUNT] = {
    [AT_PID] = PIDS_ID_PID,       [AT_PPID] = PIDS_ID_PPID,
    [AT_GROUP] = PIDS_ID_TGID,    [AT_STATE] = PIDS_STATE,
    [AT_START] = PIDS_TICS_BEGAN, [AT_STACK] = PIDS_ADDR_STACK_START,
    [AT_RSS] = PIDS_RSS,          [AT_THREADS] = PIDS_NLWP,
    [AT_COMM] = PIDS_CMD,         [AT_COMMAND] = PIDS_CMDLINE,
};

int
facts_new(struct facts **facts)
{
	struct facts *made = calloc(1, sizeof(*made));
	int error;

	if (!made)
		return -ENOMEM;
	made->page_kb = (uint32_t)(sysconf(_SC_PAGESIZE) / 1024);
	error = procps_pids_new(&made->glance, items, AT_COMMAND);
	if (error >= 0)
		error = procps_pids_new(&made->read, items, AT_COUNT);
	if (error < 0) {
		facts_free(made);
		return error;
	}
	*facts = made;
	return 0;
}

void
facts_free(struct facts *facts)
{
	if (!facts)
		return;
	if (facts->glance)
		procps_pids_unref(&facts->glance);
	if (facts->read)
		procps_pids_unref(&facts->read);
	free(facts);
}

/* PIDS_VAL() changed its parameters between versions of the library; the
 * results are there without it. */
static void
take_row(const struct facts *facts, const struct pids_result *row,
         bool has_command, struct fact *fact)
{
	memset(fact, 0, sizeof(*fact));
	fact->pid = row[AT_PID].result.s_int;
	fact->ppid = row[AT_PPID].result.s_int;
	fact->state = (char)row[AT_STATE].result.s_ch;
	fact->start = row[AT_START].result.ull_int;
	fact->image = row[AT_STACK].result.ul_int;
	fact->rss_kb = (uint32_t)row[AT_RSS].result.ul_int * facts->page_kb;
	fact->threads = (uint32_t)row[AT_THREADS].result.s_int;
	snprintf(fact->comm, sizeof(fact->comm), "%.15s",
	         row[AT_COMM].result.str);
	if (has_command)
		snprintf(fact->command, sizeof(fact->command), "%s",
		         row[AT_COMMAND].result.str);
}

static int
fetch(struct facts *facts, struct pids_info *info, pid_t pid, struct fact *fact)
{
	unsigned id = (unsigned)pid;
	struct pids_fetch *fetched =
	    procps_pids_select(info, &id, 1, PIDS_SELECT_PID);
	const struct pids_result *row;

	if (!fetched || fetched->counts->total < 1)
		return -ESRCH;
	row = fetched->stacks[0]->head;
	/* It takes the tid of a thread for a pid. */
	if (row[AT_GROUP].result.s_int != pid)
		return -ESRCH;
	take_row(facts, row, info == facts->read, fact);
	return 0;
}

int
facts_read(struct facts *facts, pid_t pid, struct fact *fact)
{
	return fetch(facts, facts->read, pid, fact);
}

int
facts_glance(struct facts *facts, pid_t pid, struct fact *fact)
{
	return fetch(facts, facts->glance, pid, fact);
}

int
facts_all(struct facts *facts, facts_each each, void *data)
{
	struct pids_fetch *fetched =
	    procps_pids_reap(facts->read, PIDS_FETCH_TASKS_ONLY);
	struct fact fact;

	if (!fetched)
		return -errno;
	for (int i = 0; i < fetched->counts->total; i++) {
		take_row(facts, fetched->stacks[i]->head, true, &fact);
		each(data, &fact);
	}
	return 0;
}
