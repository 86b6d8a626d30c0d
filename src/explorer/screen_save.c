/*
 * The screen in two files, looptop-N.txt and looptop-N.svg.
 *
 * Failures, before line one: a name is taken, by whatever (both get the next
 * number); no file can be made here; the disk is full (then what was begun is
 * removed, and nothing else ever is).
 */
#include "screen_parts.h"

#include "ui/canvas_svg.h"
#include "ui/term.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NUMBERS = 1000, PATH = 32 };

struct saved {
	char text_path[PATH], picture_path[PATH];
	FILE *text, *picture;
	const char *failed; /* the path that could not be written */
};

static FILE *
create(char path[PATH], int number, const char *suffix)
{
	snprintf(path, PATH, "looptop-%d.%s", number, suffix);
	return fopen(path, "wxe");
}

/* Both under the first number that nobody has taken. */
static int
create_both(struct saved *saved)
{
	for (int i = 1; i < NUMBERS; i++) {
		int error;

		saved->failed = saved->text_path;
		saved->text = create(saved->text_path, i, "txt");
		if (!saved->text && errno == EEXIST)
			continue;
		if (!saved->text)
			return -errno;
		saved->failed = saved->picture_path;
		saved->picture = create(saved->picture_path, i, "svg");
		if (saved->picture)
			return 0;
		error = -errno;
		fclose(saved->text);
		unlink(saved->text_path);
		if (error != -EEXIST)
			return error;
	}
	return -EEXIST;
}

/* The picture, to be freed; NULL: out of memory. */
static char *
draw_picture(const struct screen *screen)
{
	char *bytes = NULL;
	size_t size;
	FILE *memory = open_memstream(&bytes, &size);
	int error;

	if (!memory)
		return NULL;
	error = canvas_svg(memory, &screen->canvas, screen->ui.theme,
	                   term_depth(), "looptop");
	if (fclose(memory) == EOF || error) {
		free(bytes);
		return NULL;
	}
	return bytes;
}

/* Closes it too: what was kept back is written only then. */
static int
write_out(FILE *file, const char *bytes)
{
	int error = 0;

	if (!bytes)
		error = -ENOMEM;
	else if (fputs(bytes, file) == EOF)
		error = -errno;
	if (fclose(file) == EOF && !error)
		error = -errno;
	return error;
}

static int
write_both(struct saved *saved, const struct screen *screen)
{
	char *dump = canvas_dump(&screen->canvas, false);
	char *drawn = draw_picture(screen);
	int text = write_out(saved->text, dump);
	int picture = write_out(saved->picture, drawn);

	free(dump);
	free(drawn);
	if (!text && !picture)
		return 0;
	unlink(saved->text_path);
	unlink(saved->picture_path);
	saved->failed = text ? saved->text_path : saved->picture_path;
	return text ? text : picture;
}

void
screen_save(struct screen *screen)
{
	struct saved saved;
	char text[160];
	int error;

	screen_draw(screen);
	error = create_both(&saved);
	if (!error)
		error = write_both(&saved, screen);
	if (error)
		snprintf(text, sizeof(text), "%s: cannot be written: %s.",
		         saved.failed, strerror(-error));
	else
		snprintf(text, sizeof(text), "The screen is in %s and %s.",
		         saved.text_path, saved.picture_path);
	screen_say(screen, text);
}
