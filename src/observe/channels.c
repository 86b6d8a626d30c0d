/*
 * What is kept of each process between two looks: its descriptors are read
 * again when it has run since, its memory and environment when it called
 * execve(2); all of it every tenth time, for others can hand it a descriptor
 * only while it runs, but may map memory it holds.
 */
#include "channels_parts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { AGAIN = 10 };
#define PERIOD_NS 1000000000ull
#define TCP_NS 5000000000ull
#define YOUNG_NS 100000000ull
#define SOON_NS 250000000ull /* after a birth or a death */

struct channels *
channels_new(void)
{
	struct channels *channels = calloc(1, sizeof(*channels));

	if (channels)
		channels->diag = sockets_open();
	return channels;
}

static void
forget(struct keeper *keeper)
{
	holdings_free(&keeper->descriptors);
	holdings_free(&keeper->memory);
}

void
channels_free(struct channels *channels)
{
	if (!channels)
		return;
	for (int i = 0; i < channels->keeper_count; i++)
		forget(&channels->keepers[i]);
	if (channels->diag >= 0)
		close(channels->diag);
	free(channels->keepers);
	holdings_free(&channels->seen.holdings);
	free(channels->seen.unixes);
	free(channels->seen.tcps);
	free(channels->found.rows);
	free(channels->known.rows);
	free(channels);
}

/* Room for one more in an array; NULL: out of memory. */
static void *
grow(void *rows, int count, int *room, size_t size)
{
	void *bigger;

	if (count < *room)
		return rows;
	bigger = realloc(rows, (size_t)(*room ? *room * 2 : 32) * size);
	if (bigger)
		*room = *room ? *room * 2 : 32;
	return bigger;
}

/* ---- keepers ---- */

static int
by_pid(const void *a, const void *b)
{
	return ((const struct keeper *)a)->pid -
	       ((const struct keeper *)b)->pid;
}

static struct keeper *
find_keeper(const struct channels *channels, pid_t pid, int count)
{
	const struct keeper key = {.pid = pid};

	return count ? bsearch(&key, channels->keepers, (size_t)count,
	                       sizeof(key), by_pid)
	             : NULL;
}

static void
read_keeper(struct keeper *keeper, const struct watched *process)
{
	bool again = keeper->looks++ % AGAIN == 0;

	keeper->seen = true;
	if (again || process->clock != keeper->clock) {
		keeper->descriptors.count = 0;
		(void)holdings_descriptors(&keeper->descriptors, keeper->pid);
		keeper->clock = process->clock;
	}
	if (again || process->image != keeper->image) {
		keeper->memory.count = 0;
		(void)holdings_memory(&keeper->memory, keeper->pid);
	}
	if (keeper->looks == 1 || process->image != keeper->image)
		keeper->node_fd =
		    holdings_environment(keeper->pid, "NODE_CHANNEL_FD");
	keeper->image = process->image;
}

/* Its keeper, made now if there is none among the first `sorted`. */
static void
keep(struct channels *channels, const struct watched *process, int sorted)
{
	struct keeper *keeper = find_keeper(channels, process->pid, sorted);

	if (keeper && keeper->start != process->start)
		keeper->looks = 0;
	if (!keeper) {
		void *bigger = grow(channels->keepers, channels->keeper_count,
		                    &channels->keeper_room, sizeof(*keeper));

		if (!bigger)
			return;
		channels->keepers = bigger;
		keeper = &channels->keepers[channels->keeper_count++];
		memset(keeper, 0, sizeof(*keeper));
		keeper->pid = process->pid;
	}
	keeper->start = process->start;
	keeper->ppid = process->ppid;
	read_keeper(keeper, process);
}

static void
drop_gone(struct channels *channels)
{
	int kept = 0;

	for (int i = 0; i < channels->keeper_count; i++) {
		if (channels->keepers[i].seen)
			channels->keepers[kept++] = channels->keepers[i];
		else
			forget(&channels->keepers[i]);
	}
	channels->keeper_count = kept;
	if (kept > 1)
		qsort(channels->keepers, (size_t)kept,
		      sizeof(*channels->keepers), by_pid);
}

/* Between fork(2) and execve(2) a child holds all that its parent does, which
 * says nothing: it gets a moment to let go. */
static bool
is_young(const struct watched *process, uint64_t now)
{
	return !process->old && now - process->noticed < YOUNG_NS;
}

static void
look_at_processes(struct observe *observe, uint64_t now)
{
	struct channels *channels = observe->channels;
	int sorted = channels->keeper_count;

	for (int i = 0; i < sorted; i++)
		channels->keepers[i].seen = false;
	for (int i = 0; i < observe->count; i++) {
		const struct watched *process = observe->rows[i];

		if (process->dead || !process->announced || process->speaks)
			continue;
		if (is_young(process, now))
			channels->rows = -1;
		else
			keep(channels, process, sorted);
	}
	drop_gone(channels);
}

static int
node_fd(void *data, pid_t pid)
{
	const struct channels *channels = data;
	const struct keeper *keeper =
	    find_keeper(channels, pid, channels->keeper_count);

	return keeper ? keeper->node_fd : -1;
}

static bool
is_child(void *data, pid_t pid, pid_t of)
{
	const struct channels *channels = data;
	const struct keeper *keeper =
	    find_keeper(channels, pid, channels->keeper_count);

	return keeper && keeper->ppid == of;
}

/* ---- sockets: of all there are, ours ---- */

static void
see_unix(void *data, const struct unix_socket *socket)
{
	struct channels_seen *seen = data;
	void *bigger;

	if (!channels_holders(seen, HOLDING_SOCKET, socket->inode).count)
		return;
	bigger = grow(seen->unixes, seen->unix_count, &seen->unix_room,
	              sizeof(*socket));
	if (!bigger)
		return;
	seen->unixes = bigger;
	seen->unixes[seen->unix_count++] = *socket;
}

static void
see_tcp(void *data, const struct tcp_socket *socket)
{
	struct channels_seen *seen = data;
	void *bigger;

	if (!channels_holders(seen, HOLDING_SOCKET, socket->inode).count)
		return;
	bigger =
	    grow(seen->tcps, seen->tcp_count, &seen->tcp_room, sizeof(*socket));
	if (!bigger)
		return;
	seen->tcps = bigger;
	seen->tcps[seen->tcp_count++] = *socket;
}

/* The sockets that are ours and were not among those handed over: how many, and
 * a number that changes when they do. */
struct strangers {
	int count;
	uint64_t sum;
};

static struct strangers
strangers_of(const struct channels_seen *seen, bool tcp)
{
	const struct holding *rows = seen->holdings.rows;
	struct strangers strangers = {0};

	for (int i = 0; i < seen->holdings.count; i++) {
		if (rows[i].kind != HOLDING_SOCKET ||
		    (i && rows[i - 1].kind == HOLDING_SOCKET &&
		     rows[i - 1].inode == rows[i].inode))
			continue;
		strangers.count++;
		strangers.sum += rows[i].inode * rows[i].inode;
	}
	strangers.count -= seen->unix_count;
	for (int i = 0; i < seen->unix_count; i++)
		strangers.sum -=
		    (uint64_t)seen->unixes[i].inode * seen->unixes[i].inode;
	if (tcp)
		strangers.count -= seen->tcp_count;
	return strangers;
}

/* These few are cheap: how many wait to be accepted is always new. */
static void
look_at_listeners(struct channels *channels)
{
	struct channels_seen *seen = &channels->seen;
	int kept = 0;

	for (int i = 0; i < seen->tcp_count; i++)
		if (!seen->tcps[i].listens)
			seen->tcps[kept++] = seen->tcps[i];
	seen->tcp_count = kept;
	(void)sockets_tcp(channels->diag, AF_INET, true, see_tcp, seen);
	(void)sockets_tcp(channels->diag, AF_INET6, true, see_tcp, seen);
}

/* TCP is dear to ask for: only when one of ours can be there, and while ours
 * stay the same, seldom: their queues are that old then. */
static void
look_at_tcp(struct channels *channels, uint64_t now)
{
	struct channels_seen *seen = &channels->seen;
	struct strangers strangers = strangers_of(seen, false);

	if (strangers.sum == channels->tcp_sum &&
	    now - channels->tcp_looked < TCP_NS) {
		if (strangers.count)
			look_at_listeners(channels);
		return;
	}
	channels->tcp_sum = strangers.sum;
	channels->tcp_looked = now;
	seen->tcp_count = 0;
	if (!strangers.count)
		return;
	(void)sockets_tcp(channels->diag, AF_INET, false, see_tcp, seen);
	if (strangers_of(seen, true).count)
		(void)sockets_tcp(channels->diag, AF_INET6, false, see_tcp,
		                  seen);
}

static void
look_at_sockets(struct channels *channels, uint64_t now)
{
	struct channels_seen *seen = &channels->seen;

	seen->unix_count = 0;
	if (channels->diag < 0)
		return;
	(void)sockets_unix(channels->diag, see_unix, seen);
	look_at_tcp(channels, now);
}

static void
gather(struct holdings *all, const struct holdings *some)
{
	for (int i = 0; i < some->count; i++) {
		void *bigger =
		    grow(all->rows, all->count, &all->room, sizeof(*all->rows));

		if (!bigger)
			return;
		all->rows = bigger;
		all->rows[all->count++] = some->rows[i];
	}
}

bool
channels_are_due(const struct observe *observe, uint64_t now)
{
	const struct channels *channels = observe->channels;

	return channels && (now - channels->looked >= PERIOD_NS ||
	                    (now - channels->looked >= SOON_NS &&
	                     observe->count != channels->rows));
}

void
channels_look(struct observe *observe, uint64_t now)
{
	struct channels *channels = observe->channels;
	struct found_channels swap;

	if (!channels)
		return;
	channels->looked = now;
	channels->rows = observe->count;
	look_at_processes(observe, now);
	channels->seen.holdings.count = 0;
	for (int i = 0; i < channels->keeper_count; i++) {
		gather(&channels->seen.holdings,
		       &channels->keepers[i].descriptors);
		gather(&channels->seen.holdings, &channels->keepers[i].memory);
	}
	channels_sort(&channels->seen);
	look_at_sockets(channels, now);
	channels->seen.node_fd = node_fd;
	channels->seen.is_child = is_child;
	channels->seen.data = channels;
	channels_find(&channels->seen, &channels->found);
	channels_tell(observe, now);
	swap = channels->known;
	channels->known = channels->found;
	channels->found = swap;
}
