#include "deadline.h"
#include "grid.h"
#include "tty.h"

#include <errno.h>
#include <string.h>

/* What is waited for: 1 yes, 0 not yet, or -errno. */
typedef int condition(struct tty *tty, const void *data);

static int
wait_for(struct tty *tty, condition *is_met, const void *data, int timeout_ms)
{
	int64_t deadline = deadline_in(timeout_ms);
	bool over = false;

	/* What is there already counts, even with no time left. */
	for (;;) {
		int met = is_met(tty, data), left, error;

		if (met)
			return met < 0 ? met : 0;
		if (tty->seen == tty->raw.size && tty->ended)
			return -EPIPE;
		if (tty->seen == tty->raw.size && over)
			return -ETIMEDOUT;
		left = deadline_left(deadline);
		over = left == 0;
		error = tty_pump(tty, left);
		if (error)
			return error;
	}
}

/* A frame that the program's end has cut off is the last there is. */
static bool
is_between_frames(const struct tty *tty)
{
	return !tty->drawing || tty->ended;
}

static int
look(struct tty *tty, const char *text, bool wanted)
{
	struct grid grid;
	bool found;
	int error;

	if (!is_between_frames(tty))
		return 0;
	error = grid_take(&grid, tty);
	if (error)
		return error;
	found = grid_find(&grid, text, NULL, NULL);
	grid_free(&grid);
	return found == wanted;
}

/* Frame by frame: whoever waits may be slower than who draws. */
static int
wait_in_steps(struct tty *tty, condition *is_met, const char *text,
              int timeout_ms)
{
	int error;

	tty->steps = true;
	error = wait_for(tty, is_met, text, timeout_ms);
	tty->steps = false;
	return error;
}

static int
is_shown(struct tty *tty, const void *data)
{
	return look(tty, data, true);
}

static int
is_gone(struct tty *tty, const void *data)
{
	return look(tty, data, false);
}

int
tty_wait_text(struct tty *tty, const char *text, int timeout_ms)
{
	return wait_in_steps(tty, is_shown, text, timeout_ms);
}

int
tty_wait_gone(struct tty *tty, const char *text, int timeout_ms)
{
	return wait_in_steps(tty, is_gone, text, timeout_ms);
}

void
tty_mark(struct tty *tty)
{
	tty->mark = tty->raw.size;
}

bool
tty_has_raw(const struct tty *tty, const void *bytes, size_t size)
{
	if (tty->raw.size == tty->mark)
		return size == 0;
	return memmem(tty->raw.bytes + tty->mark, tty->raw.size - tty->mark,
	              bytes, size);
}

static int
has_bytes(struct tty *tty, const void *data)
{
	const struct tty_bytes *wanted = data;

	return tty_has_raw(tty, wanted->bytes, wanted->size);
}

int
tty_wait_raw(struct tty *tty, const void *bytes, size_t size, int timeout_ms)
{
	struct tty_bytes wanted = {.bytes = (char *)bytes, .size = size};

	return wait_for(tty, has_bytes, &wanted, timeout_ms);
}

int
tty_settle(struct tty *tty, int quiet_ms, int timeout_ms)
{
	int64_t deadline = deadline_in(timeout_ms);
	int64_t quiet = deadline_in(quiet_ms);

	if (tty->seen < tty->raw.size)
		(void)tty_pump(tty, 0);
	for (;;) {
		int left = deadline_left(deadline);
		int wait = deadline_left(quiet);
		bool is_calm = wait == 0 && is_between_frames(tty);
		size_t before = tty->raw.size;
		int error;

		/* Quiet for long enough: one last look. */
		if (is_calm)
			left = 0;
		else if (wait && wait < left)
			left = wait;
		error = tty_pump(tty, left);
		if (error)
			return error;
		if (tty->raw.size != before)
			quiet = deadline_in(quiet_ms);
		else if (is_calm || tty->ended)
			return 0;
		if (deadline_left(deadline) == 0)
			return -ETIMEDOUT;
	}
}

static int
has_ended(struct tty *tty, const void *data)
{
	(void)data;
	return tty->ended;
}

int
tty_wait_exit(struct tty *tty, int timeout_ms, int *status)
{
	int error = wait_for(tty, has_ended, NULL, timeout_ms);

	if (!error && status)
		*status = tty->status;
	return error;
}

static int
has_stopped(struct tty *tty, const void *data)
{
	(void)data;
	return tty->stopped;
}

int
tty_wait_stop(struct tty *tty, int timeout_ms)
{
	return wait_for(tty, has_stopped, NULL, timeout_ms);
}
