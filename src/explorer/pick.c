/*
 * Nothing is watched yet, so there is no loop but this one: keys, and a new
 * list every two seconds.
 */
#include "pick.h"

#include "observe/facts.h"
#include "observe/permit.h"
#include "ui/picker.h"
#include "ui/term.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { REFRESH_MS = 2000, ESCAPE_MS = 30, INPUT = 1024 };

struct pick {
	struct facts *facts;
	struct picker picker;
	struct picker_row rows[PICKER_ROWS];
	int count;
	uint64_t ticks; /* since boot */
	uid_t last_uid;
	char last_user[12];
	struct canvas canvas;
	char input[INPUT];
	size_t size;
};

/* ---- the list ---- */

static void
name_user(struct pick *pick, struct picker_row *row, uid_t uid)
{
	if (!pick->last_user[0] || uid != pick->last_uid) {
		const struct passwd *user = getpwuid(uid);

		snprintf(pick->last_user, sizeof(pick->last_user), "%.11s",
		         user ? user->pw_name : "?");
		pick->last_uid = uid;
	}
	memcpy(row->user, pick->last_user, sizeof(row->user));
}

/* The kernel's own threads are no programs. */
static bool
is_of_interest(const struct fact *fact)
{
	return fact->pid != getpid() && fact->pid != 2 && fact->ppid != 2 &&
	       fact->state != 'Z';
}

static void
add_row(void *data, const struct fact *fact)
{
	struct pick *pick = data;
	struct picker_row *row = &pick->rows[pick->count];
	uint64_t second = (uint64_t)sysconf(_SC_CLK_TCK);
	char path[32];
	struct stat owner;

	if (pick->count == PICKER_ROWS || !is_of_interest(fact))
		return;
	snprintf(path, sizeof(path), "/proc/%d", (int)fact->pid);
	if (stat(path, &owner))
		return;
	memset(row, 0, sizeof(*row));
	row->pid = (uint32_t)fact->pid;
	row->start = fact->start;
	row->age = pick->ticks > fact->start
	               ? (pick->ticks - fact->start) / second
	               : 0;
	row->own = owner.st_uid == geteuid();
	name_user(pick, row, owner.st_uid);
	snprintf(row->command, sizeof(row->command), "%.159s", fact->command);
	permit_process(fact->pid, &row->waits, row->why, sizeof(row->why));
	pick->count++;
}

static int
refresh(struct pick *pick)
{
	struct timespec boot;
	int error;

	clock_gettime(CLOCK_BOOTTIME, &boot);
	pick->ticks = (uint64_t)boot.tv_sec * (uint64_t)sysconf(_SC_CLK_TCK);
	pick->count = 0;
	error = facts_all(pick->facts, add_row, pick);
	picker_take(&pick->picker, pick->rows, pick->count);
	return error;
}

/* ---- the screen ---- */

static void
draw(struct pick *pick)
{
	struct area area;
	int rows, cols;

	term_size(&rows, &cols);
	canvas_reset(&pick->canvas, rows, cols);
	area = canvas_area(&pick->canvas, (struct rect){0, 0, pick->canvas.rows,
	                                                pick->canvas.cols});
	picker_draw(&pick->picker, &area);
	(void)term_show(&pick->canvas);
}

/* As the screen does: a mark is answered when all before it is drawn. */
static void
answer_mark(struct pick *pick, const struct key *key)
{
	char mark[64];
	int size = snprintf(mark, sizeof(mark), "\033]7777;%" PRIu64 ";0\a",
	                    key->mark);

	draw(pick);
	term_send(mark, (size_t)size);
}

/* It may have ended, and its pid be another's, since the list was made. */
static bool
is_still_there(struct pick *pick, const struct picker_row *row)
{
	struct fact fact;

	return facts_glance(pick->facts, (pid_t)row->pid, &fact) == 0 &&
	       fact.start == row->start;
}

static enum picker_state
take_key(struct pick *pick, const struct key *key)
{
	const struct picker_row *row;
	enum picker_state state;

	if (key->code == KEY_CODE_MARK) {
		answer_mark(pick, key);
		return PICKER_OPEN;
	}
	if (key->code == 0x0c) {
		term_redraw();
		return PICKER_OPEN;
	}
	if (key->code == 0x1a) {
		term_suspend();
		return PICKER_OPEN;
	}
	state = picker_key(&pick->picker, key);
	row = picker_selected(&pick->picker);
	if (state != PICKER_PICKED || is_still_there(pick, row))
		return state;
	snprintf(pick->picker.said, sizeof(pick->picker.said),
	         "Process %u has ended.", row->pid);
	(void)refresh(pick);
	return PICKER_OPEN;
}

static enum picker_state
take_keys(struct pick *pick, bool final)
{
	enum picker_state state = PICKER_OPEN;
	size_t at = 0;

	while (at < pick->size && state == PICKER_OPEN) {
		struct key key;
		size_t took =
		    key_parse(pick->input + at, pick->size - at, final, &key);

		if (!took)
			break;
		at += took;
		state = take_key(pick, &key);
	}
	pick->size -= at;
	memmove(pick->input, pick->input + at, pick->size);
	return state;
}

static int
choose(struct pick *pick)
{
	struct pollfd typed = {.fd = term_fd(), .events = POLLIN};
	enum picker_state state = PICKER_OPEN;

	while (state == PICKER_OPEN) {
		ssize_t got;
		int ready;

		draw(pick);
		ready = poll(&typed, 1, pick->size ? ESCAPE_MS : REFRESH_MS);
		/* A signal: of the window's size, perhaps. */
		if (ready < 0)
			continue;
		if (ready == 0 && !pick->size) {
			(void)refresh(pick);
			continue;
		}
		if (ready == 0) {
			state = take_keys(pick, true);
			continue;
		}
		got = term_read(pick->input + pick->size, INPUT - pick->size);
		if (got < 0)
			return -EPIPE;
		pick->size += (size_t)got;
		state = take_keys(pick, pick->size == INPUT);
	}
	return state == PICKER_PICKED ? 0 : -ECANCELED;
}

int
pick_process(pid_t *pid, uint64_t *start)
{
	struct pick *pick = calloc(1, sizeof(*pick));
	int error;

	if (!pick)
		return -ENOMEM;
	picker_init(&pick->picker);
	error = facts_new(&pick->facts);
	if (!error)
		error = refresh(pick);
	if (!error)
		error = choose(pick);
	if (!error) {
		*pid = (pid_t)picker_selected(&pick->picker)->pid;
		*start = picker_selected(&pick->picker)->start;
	}
	facts_free(pick->facts);
	free(pick);
	return error;
}
