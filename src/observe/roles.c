#include "roles.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The futex of a condition variable moves between two words of it. */
enum { CONDITION_BYTES = 16 };

/* Thread names of Node 22 to 26, cut by the kernel to 15 bytes. */
static const struct {
	const char *name, *label;
	enum role role;
	bool is_single;
} names[] = {
    {"libuv-worker", "libuv pool", ROLE_POOL, false},
    {"V8Worker", "V8 platform", ROLE_OTHER, false},
    {"node-V8Worker", "V8 platform", ROLE_OTHER, false},
    {"DelayedTaskSche", "V8 delayed tasks", ROLE_OTHER, true},
    {"SignalInspector", "inspector signals", ROLE_OTHER, true},
    {"WorkerThread", "worker", ROLE_WORKER, false},
};

static void decide(struct role_row *row, enum role role, const char *label,
                   int number, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* number 0: there is but one of them. */
static void
decide(struct role_row *row, enum role role, const char *label, int number,
       const char *format, ...)
{
	va_list list;

	row->role = (uint8_t)role;
	if (number)
		snprintf(row->label, sizeof(row->label), "%.19s %d", label,
		         number);
	else
		snprintf(row->label, sizeof(row->label), "%s", label);
	va_start(list, format);
	vsnprintf(row->reason, sizeof(row->reason), format, list);
	va_end(list);
}

bool
roles_is_node(const char *command, const char *name)
{
	size_t length = strcspn(command, " ");
	const char *base = command;

	if (strcmp(name, "node-MainThread") == 0)
		return true;
	for (size_t i = 0; i < length; i++)
		if (command[i] == '/')
			base = command + i + 1;
	length -= (size_t)(base - command);
	return (length == 4 && memcmp(base, "node", 4) == 0) ||
	       (length == 6 && memcmp(base, "nodejs", 6) == 0);
}

/* ---- by name ---- */

static bool
is_named(const struct role_row *row, const struct role_row *main)
{
	return row->name[0] && strcmp(row->name, main->name) != 0;
}

static void
find_by_name(struct role_row *rows, int count)
{
	int used[sizeof(names) / sizeof(*names)] = {0};

	for (int i = 1; i < count; i++) {
		struct role_row *row = &rows[i];

		for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++)
			if (strcmp(row->name, names[n].name) == 0)
				decide(row, names[n].role, names[n].label,
				       names[n].is_single ? 0 : ++used[n],
				       "it is called %s", row->name);
		if (!row->label[0] && is_named(row, rows))
			decide(row, row->is_loop ? ROLE_WORKER : ROLE_OTHER,
			       row->name, 0, "it is called so");
	}
}

/* ---- by futex ---- */

static bool
waits_with(const struct role_row *a, const struct role_row *b)
{
	uint64_t apart =
	    a->futex > b->futex ? a->futex - b->futex : b->futex - a->futex;

	return a->futex && b->futex && apart < CONDITION_BYTES;
}

static int
count_waiting(const struct role_row *rows, int count, int of)
{
	int waiting = 0;

	for (int i = 1; i < count; i++)
		waiting += waits_with(&rows[of], &rows[i]);
	return waiting;
}

static void
name_pool(struct role_row *rows, int count, int first, enum role role,
          const char *label)
{
	int others = count_waiting(rows, count, first) - 1, number = 0;

	for (int i = first + 1; i < count; i++)
		if (!rows[i].label[0] && waits_with(&rows[first], &rows[i]))
			decide(&rows[i], role, label, ++number + 1,
			       "waits on futex 0x%" PRIx64
			       " with %d other%s: a pool",
			       rows[i].futex, others, others == 1 ? "" : "s");
	decide(&rows[first], role, label, 1,
	       "waits on futex 0x%" PRIx64 " with %d other%s: a pool",
	       rows[first].futex, others, others == 1 ? "" : "s");
}

/* Node's first pool is V8's platform, which is there before any script runs. */
static void
find_pools(struct role_row *rows, int count, bool is_node, bool *has_platform)
{
	char label[ROLE_LABEL_BYTES];
	int pools = 0;

	for (int i = 1; i < count; i++) {
		if (rows[i].label[0] || count_waiting(rows, count, i) < 2)
			continue;
		if (is_node && !*has_platform) {
			*has_platform = true;
			name_pool(rows, count, i, ROLE_OTHER, "V8 platform");
			continue;
		}
		snprintf(label, sizeof(label), pools ? "%s %c" : "%s",
		         is_node && !pools ? "libuv pool" : "pool",
		         'A' + pools % 26);
		pools++;
		name_pool(rows, count, i, ROLE_POOL, label);
	}
}

/* ---- loops and the rest ---- */

static void
find_loops(struct role_row *rows, int count, bool is_node)
{
	int workers = 0;

	for (int i = 1; i < count; i++) {
		struct role_row *row = &rows[i];
		bool early = true;

		if (row->label[0] || !row->is_loop)
			continue;
		for (int k = 1; k < i; k++)
			early &= !rows[k].futex;
		if (is_node && early && i == 1)
			decide(row, ROLE_OTHER, "V8 delayed tasks", 0,
			       "Node's first thread, waits in epoll (fd %d)",
			       row->epfd);
		else if (row->epfd >= 0)
			decide(row, ROLE_WORKER, is_node ? "worker" : "loop",
			       ++workers,
			       "waits in an epoll of its own (fd %d)",
			       row->epfd);
		else
			decide(row, ROLE_WORKER, is_node ? "worker" : "loop",
			       ++workers, "waits for events with poll");
	}
}

static void
find_rest(struct role_row *rows, int count, bool is_node)
{
	bool after_platform = false, found = false;

	for (int i = 1; i < count; i++) {
		struct role_row *row = &rows[i];

		after_platform |= strncmp(row->label, "V8 platform", 11) == 0;
		if (row->label[0] || !is_node || found || !after_platform ||
		    !row->futex)
			continue;
		found = true;
		decide(row, ROLE_OTHER, "inspector signals", 0,
		       "waits alone, started behind V8's platform");
	}
}

void
roles_find(struct role_row *rows, int count, bool is_node)
{
	bool has_platform = false;

	for (int i = 0; i < count; i++) {
		rows[i].role = ROLE_OTHER;
		rows[i].label[0] = rows[i].reason[0] = '\0';
	}
	if (count == 0)
		return;
	decide(&rows[0], ROLE_MAIN, "main", 0, "its id is the process'");
	find_by_name(rows, count);
	for (int i = 1; i < count; i++)
		has_platform |= strncmp(rows[i].label, "V8 platform", 11) == 0;
	find_loops(rows, count, is_node);
	find_pools(rows, count, is_node, &has_platform);
	find_rest(rows, count, is_node);
}
