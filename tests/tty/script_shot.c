/*
 * Pictures of a screen, and the moments they are taken at.
 *
 * In test mode (LOOPTOP_TEST=1) a replay's clock is moved by marks alone, see
 * explorer/screen_keys.c: so a moment is the same on every machine, however
 * slow.
 */
#include "grid_svg.h"
#include "script_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES_MAX = 1000 };

/* Sends a mark and waits for its answer. */
static int
pass_mark(struct script *script, int ms)
{
	char text[64], answer[64];
	int error, size;

	script->marks++;
	snprintf(text, sizeof(text), "\033]7777;%u;%d\a", script->marks, ms);
	size =
	    snprintf(answer, sizeof(answer), "\033]7777;%u;0\a", script->marks);
	tty_mark(&script->tty);
	error = tty_keys(&script->tty, text);
	if (!error)
		error =
		    tty_wait_raw(&script->tty, answer, (size_t)size, LIMIT_MS);
	return script_check(script, error, "move the clock", "");
}

/* A frame is left out while one before it is still on its way. The second mark
 * finds nothing on its way: its frame is on the screen. */
static int
play(struct script *script, int ms)
{
	int error = pass_mark(script, ms);

	return error ? error : pass_mark(script, 0);
}

int
script_play(struct script *script, char *rest)
{
	int ms = script_ms(script, rest);

	return ms < 0 ? ms : play(script, ms);
}

/* Opens PATH + suffix; NULL: the sentence is written. */
static FILE *
create(struct script *script, const char *path, const char *suffix)
{
	char *name = NULL;
	FILE *file = NULL;

	if (asprintf(&name, "%s%s", path, suffix) >= 0)
		file = fopen(name, "we");
	if (!file)
		script_fail(script, -errno, "%s%s could not be written: %s.",
		            path, suffix, strerror(errno));
	free(name);
	return file;
}

static int
write_picture(struct script *script, const struct grid *grid, const char *path)
{
	FILE *file = create(script, path, ".svg");
	int error;

	if (!file)
		return -EIO;
	error = grid_svg(file, grid, script->theme, script->title);
	if (fclose(file) != 0 && !error)
		error = -errno;
	return script_check(script, error, "write the picture ", path);
}

static int
write_text(struct script *script, const struct grid *grid, const char *path)
{
	FILE *file = create(script, path, ".txt");
	char *text;
	int error = 0;

	if (!file)
		return -EIO;
	text = grid_text(grid);
	if (!text || fputs(text, file) == EOF)
		error = text ? -EIO : -ENOMEM;
	free(text);
	if (fclose(file) != 0 && !error)
		error = -errno;
	return script_check(script, error, "write the text ", path);
}

/* The screen between two frames. */
static int
look(struct script *script, struct grid *grid)
{
	int error = tty_settle(&script->tty, 0, LIMIT_MS);

	if (!error)
		error = grid_take(grid, &script->tty);
	return script_check(script, error, "see a whole frame", "");
}

int
script_shot(struct script *script, char *rest)
{
	struct grid grid;
	int error = look(script, &grid);

	if (error)
		return error;
	error = write_picture(script, &grid, rest);
	if (!error)
		error = write_text(script, &grid, rest);
	grid_free(&grid);
	return error;
}

static int
film_frame(struct script *script, const char *path, int number)
{
	char name[512];
	struct grid grid;
	int error = look(script, &grid);

	if (error)
		return error;
	snprintf(name, sizeof(name), "%s%04d", path, number);
	error = write_picture(script, &grid, name);
	grid_free(&grid);
	return error;
}

int
script_film(struct script *script, char *rest)
{
	char path[256];
	int ms, count, end = 0, error = 0;

	if (sscanf(rest, "%255s %d %d%n", path, &ms, &count, &end) < 3 ||
	    rest[end] || ms < 1 || ms > LIMIT_MS || count < 1 ||
	    count > FRAMES_MAX)
		return script_fail(script, -EINVAL,
		                   "\"%s\" is not PATH MS FRAMES.", rest);
	for (int i = 0; i < count && !error; i++) {
		error = film_frame(script, path, i);
		if (!error)
			error = play(script, ms);
	}
	return error;
}
