/* From what each process holds to who is connected with whom. Pure. */
#include "channels_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What many have open that were forked from one another is not more telling for
 * every pair of them. */
enum { PAIRS_MOST = 64 };

/* ---- order ---- */

static int
by_number(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int
by_inode(const void *a, const void *b)
{
	const struct holding *one = a, *other = b;
	int order = by_number(one->kind, other->kind);

	if (!order)
		order = by_number(one->inode, other->inode);
	if (!order)
		order = by_number((uint64_t)one->pid, (uint64_t)other->pid);
	return order ? order : one->fd - other->fd;
}

static int
by_socket(const void *a, const void *b)
{
	return by_number(((const struct unix_socket *)a)->inode,
	                 ((const struct unix_socket *)b)->inode);
}

static int
by_id(const void *a, const void *b)
{
	return by_number(((const struct found_channel *)a)->id,
	                 ((const struct found_channel *)b)->id);
}

/* qsort(3) may not be given NULL. */
static void
sort(void *rows, int count, size_t size,
     int (*order)(const void *, const void *))
{
	if (count > 1)
		qsort(rows, (size_t)count, size, order);
}

/* ---- holders ---- */

struct holders
channels_holders(const struct channels_seen *seen, enum holding_kind kind,
                 uint64_t inode)
{
	const struct holding *rows = seen->holdings.rows;
	int low = 0, high = seen->holdings.count, end;

	while (low < high) {
		int middle = low + (high - low) / 2;
		const struct holding *row = &rows[middle];

		if (row->kind < kind ||
		    (row->kind == kind && row->inode < inode))
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < seen->holdings.count && rows[end].kind == kind &&
	                rows[end].inode == inode;
	     end++)
		;
	return (struct holders){rows + low, end - low};
}

/* ---- found ---- */

uint32_t
channels_mix(pid_t a, pid_t b)
{
	uint32_t low = (uint32_t)(a < b ? a : b);
	uint32_t high = (uint32_t)(a < b ? b : a);

	return (low * 2654435761u ^ high * 2246822519u) >> 2;
}

void
channels_add(struct matching *matching, const struct found_channel *channel)
{
	struct found_channels *found = matching->found;

	if (found->count == found->room) {
		int room = found->room ? found->room * 2 : 32;
		void *bigger =
		    realloc(found->rows, (size_t)room * sizeof(*channel));

		if (!bigger)
			return;
		found->rows = bigger;
		found->room = room;
	}
	found->rows[found->count++] = *channel;
}

/* Of the same id: connections of the same two, ends held twice. */
static void
merge(struct found_channels *found)
{
	int kept = 0;

	sort(found->rows, found->count, sizeof(*found->rows), by_id);
	for (int i = 0; i < found->count; i++) {
		struct found_channel *row = &found->rows[i];
		struct found_channel *last =
		    kept ? &found->rows[kept - 1] : NULL;

		if (!last || last->id != row->id) {
			found->rows[kept++] = *row;
		} else if (row->count) {
			last->to_a += row->to_a;
			last->to_b += row->to_b;
			last->count += row->count;
		}
	}
	found->count = kept;
}

/* ---- pipes ---- */

static void
match_pipe(struct matching *matching, struct holders holders)
{
	int pairs = 0;

	for (int i = 0; i < holders.count * holders.count; i++) {
		const struct holding *writer = &holders.rows[i / holders.count];
		const struct holding *reader = &holders.rows[i % holders.count];
		struct found_channel channel = {
		    .type = CHANNEL_PIPE,
		    .a = writer->pid,
		    .b = reader->pid,
		};

		if (!writer->writes || !reader->reads ||
		    writer->pid == reader->pid || pairs++ >= PAIRS_MOST)
			continue;
		channel.id = channel_id(CHANNEL_PIPE, (uint32_t)writer->inode,
		                        channels_mix(writer->pid, reader->pid));
		snprintf(channel.name, sizeof(channel.name), "fd %d to fd %d",
		         writer->fd, reader->fd);
		channels_add(matching, &channel);
	}
}

/* ---- memory ---- */

static void
match_memory(struct matching *matching, struct holders holders)
{
	const struct holding *first = holders.rows;

	for (int i = 1; i < holders.count; i++) {
		const struct holding *other = &holders.rows[i];
		struct found_channel channel = {
		    .type = CHANNEL_SHM,
		    .id = channel_id(CHANNEL_SHM, (uint32_t)first->inode,
		                     channels_mix(first->pid, other->pid)),
		    .a = first->pid,
		    .b = other->pid,
		};

		if (other->pid == first->pid)
			continue;
		snprintf(channel.name, sizeof(channel.name), "%s %u KB",
		         first->name, first->kb);
		channels_add(matching, &channel);
	}
}

/* ---- UNIX sockets ---- */

static bool
is_node_end(const struct matching *matching, const struct holding *end)
{
	struct channels_seen *seen = matching->seen;

	return seen->node_fd(seen->data, end->pid) == end->fd;
}

static void
name_socket(struct found_channel *channel, const struct unix_socket *socket,
            int fd)
{
	static const char *const standard[] = {"stdin", "stdout", "stderr"};

	if (socket->name[0])
		snprintf(channel->name, sizeof(channel->name), "%.31s",
		         socket->name);
	else if (fd >= 0 && fd < 3)
		snprintf(channel->name, sizeof(channel->name), "%s",
		         standard[fd]);
	else
		snprintf(channel->name, sizeof(channel->name), "fd %d", fd);
}

/* a is to be the parent, or who has served longer. */
static void
match_ends(struct matching *matching, const struct holding *one,
           const struct holding *other, const struct unix_socket *of_one,
           const struct unix_socket *of_other)
{
	struct channels_seen *seen = matching->seen;
	struct found_channel channel = {.type = CHANNEL_SOCKET};
	bool turned = seen->is_child(seen->data, one->pid, other->pid) ||
	              is_node_end(matching, one);
	const struct holding *a = turned ? other : one;
	const struct holding *b = turned ? one : other;

	channel.a = a->pid;
	channel.b = b->pid;
	channel.to_a = turned ? of_other->queued : of_one->queued;
	channel.to_b = turned ? of_one->queued : of_other->queued;
	channel.id = channel_id(CHANNEL_SOCKET, of_one->inode,
	                        channels_mix(one->pid, other->pid));
	name_socket(&channel, of_one->name[0] ? of_one : of_other, b->fd);
	if (is_node_end(matching, b)) {
		channel.type = CHANNEL_IPC;
		channel.id =
		    channel_id(CHANNEL_IPC, (uint32_t)a->pid, (uint32_t)b->pid);
		snprintf(channel.name, sizeof(channel.name), "Node's IPC");
	}
	channels_add(matching, &channel);
}

static void
match_listener(struct matching *matching, const struct unix_socket *socket)
{
	struct holders holders =
	    channels_holders(matching->seen, HOLDING_SOCKET, socket->inode);

	for (int i = 0; i < holders.count; i++) {
		struct found_channel channel = {
		    .type = CHANNEL_LISTEN,
		    .id = channel_id(CHANNEL_LISTEN,
		                     (uint32_t)holders.rows[i].pid,
		                     socket->inode | 1u << 29),
		    .a = holders.rows[i].pid,
		    .to_a = socket->queued,
		    .to_b = socket->room,
		};

		name_socket(&channel, socket, holders.rows[i].fd);
		channels_add(matching, &channel);
	}
}

/* Whether a shell between parent and child (npm, exec) has the child's end too:
 * then the shell is the parent's child, and names the channel. */
static bool
is_behind_shell(const struct matching *matching, struct holders side,
                const struct holding *end, pid_t parent)
{
	struct channels_seen *seen = matching->seen;

	if (!is_node_end(matching, end) ||
	    seen->is_child(seen->data, end->pid, parent))
		return false;
	for (int i = 0; i < side.count; i++)
		if (is_node_end(matching, &side.rows[i]) &&
		    seen->is_child(seen->data, side.rows[i].pid, parent))
			return true;
	return false;
}

static void
match_unix(struct matching *matching, const struct unix_socket *socket)
{
	const struct channels_seen *seen = matching->seen;
	const struct unix_socket key = {.inode = socket->peer};
	const struct unix_socket *peer;
	struct holders here, there;

	if (socket->listens)
		match_listener(matching, socket);
	if (socket->peer <= socket->inode)
		return;
	here = channels_holders(seen, HOLDING_SOCKET, socket->inode);
	there = channels_holders(seen, HOLDING_SOCKET, socket->peer);
	if (!here.count || !there.count)
		return;
	peer = bsearch(&key, seen->unixes, (size_t)seen->unix_count,
	               sizeof(key), by_socket);
	for (int i = 0; peer && i < here.count * there.count && i < PAIRS_MOST;
	     i++) {
		const struct holding *one = &here.rows[i / there.count];
		const struct holding *other = &there.rows[i % there.count];

		if (one->pid != other->pid &&
		    !is_behind_shell(matching, here, one, other->pid) &&
		    !is_behind_shell(matching, there, other, one->pid))
			match_ends(matching, one, other, socket, peer);
	}
}

/* ---- all ---- */

static void
match_holdings(struct matching *matching)
{
	const struct holdings *held = &matching->seen->holdings;

	for (int i = 0; i < held->count;) {
		struct holders holders = channels_holders(
		    matching->seen, held->rows[i].kind, held->rows[i].inode);

		if (held->rows[i].kind == HOLDING_PIPE)
			match_pipe(matching, holders);
		else if (held->rows[i].kind == HOLDING_MEMORY)
			match_memory(matching, holders);
		i += holders.count;
	}
}

void
channels_sort(struct channels_seen *seen)
{
	sort(seen->holdings.rows, seen->holdings.count,
	     sizeof(*seen->holdings.rows), by_inode);
}

void
channels_find(struct channels_seen *seen, struct found_channels *found)
{
	struct matching matching = {seen, found};

	channels_sort(seen);
	sort(seen->unixes, seen->unix_count, sizeof(*seen->unixes), by_socket);
	found->count = 0;
	match_holdings(&matching);
	for (int i = 0; i < seen->unix_count; i++)
		match_unix(&matching, &seen->unixes[i]);
	channels_match_tcp(&matching);
	merge(found);
}
