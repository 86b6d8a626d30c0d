/*
 * Failures, before line one: a terminal type that nobody knows (another is
 * taken); one without colours; a frame larger than the room for it (it is not
 * shown).
 */
#include "frame.h"

#include <ncurses.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <term.h>
#include <unistd.h>

/* There is one terminal, for curses too. */
static struct {
	int memory; /* what curses writes to */
	SCREEN *screen;
	FILE *out, *in;
	enum theme_depth depth;
	attr_t attributes[STYLES];
	short pairs[STYLES];
	struct canvas shown; /* what is on the screen */
	bool redraw;
} frame = {.memory = -1};

/* ---- opening ---- */

static bool
is_known(const char *type, int fd)
{
	int status;

	if (setupterm(type, fd, &status) != OK)
		return false;
	/* newterm() makes one of its own. */
	del_curterm(cur_term);
	return true;
}

/* ncurses prints to stderr and exits when it does not know the type, unless
 * asked this way. */
static const char *
known_type(const char *type, int fd)
{
	if (is_known(type, fd))
		return type;
	return is_known("xterm-256color", fd) ? "xterm-256color" : NULL;
}

static void
find_depth(void)
{
	frame.depth = DEPTH_NONE;
	if (!has_colors())
		return;
	start_color();
	use_default_colors();
	frame.depth = COLORS >= 256 ? DEPTH_256 : DEPTH_8;
}

bool
frame_open(const char *type, int fd, int rows, int cols)
{
	type = known_type(type, fd);
	frame.memory = memfd_create("looptop-frame", MFD_CLOEXEC);
	frame.out = fdopen(frame.memory, "w");
	frame.in = fopen("/dev/null", "re");
	if (!type || !frame.out || !frame.in)
		return false;
	frame.screen = newterm(type, frame.out, frame.in);
	if (!frame.screen)
		return false;
	typeahead(-1);
	resizeterm(rows, cols);
	curs_set(0);
	find_depth();
	frame.redraw = true;
	return true;
}

void
frame_theme(enum theme theme)
{
	for (int i = 0; i < STYLES; i++) {
		struct look look = theme_look(theme, frame.depth, i);

		frame.attributes[i] =
		    (look.attributes & LOOK_BOLD ? A_BOLD : 0) |
		    (look.attributes & LOOK_REVERSE ? A_REVERSE : 0) |
		    (look.attributes & LOOK_UNDERLINE ? A_UNDERLINE : 0);
		if (frame.depth == DEPTH_NONE)
			continue;
		frame.pairs[i] = (short)(i + 1);
		init_pair(frame.pairs[i], look.fg, look.bg);
	}
	frame_redraw();
}

enum theme_depth
frame_depth(void)
{
	return frame.depth;
}

const char *
frame_capability(const char *name)
{
	const char *bytes = tigetstr(name);

	return bytes && bytes != (char *)-1 ? bytes : NULL;
}

const char *
frame_version(void)
{
	return curses_version();
}

/* ---- a frame ---- */

static void
show_cell(int row, int col, const struct cell *cell)
{
	wchar_t text[2] = {(wchar_t)cell->point, 0};
	cchar_t wide;

	if (!cell->point)
		return;
	setcchar(&wide, text, frame.attributes[cell->style],
	         frame.pairs[cell->style], NULL);
	mvadd_wch(row, col, &wide);
}

static bool
show_row(int row, const struct cell *cells, struct cell *shown, int count)
{
	bool changed = false;

	for (int col = 0; col < count; col++) {
		if (!frame.redraw && cells[col].point == shown[col].point &&
		    cells[col].style == shown[col].style)
			continue;
		show_cell(row, col, &cells[col]);
		shown[col] = cells[col];
		changed = true;
	}
	return changed;
}

/* Whether any cell changed. Curses compares as well, but being told of every
 * cell costs it more than being told of those that changed. */
static bool
show_cells(const struct canvas *canvas)
{
	size_t size = (size_t)canvas->cols * sizeof(struct cell);
	bool changed = frame.redraw;

	for (int row = 0; row < canvas->rows; row++) {
		const struct cell *cells = canvas->cells[row];
		struct cell *shown = frame.shown.cells[row];

		if (frame.redraw || memcmp(cells, shown, size) != 0)
			changed |= show_row(row, cells, shown, canvas->cols);
	}
	frame.shown.rows = canvas->rows;
	frame.shown.cols = canvas->cols;
	return changed;
}

/* What lies in the memory is written over next time: giving its pages back
 * would cost more than the frame. */
static ssize_t
take_bytes(char *bytes, size_t room)
{
	off_t size = lseek(frame.memory, 0, SEEK_CUR);

	if (size <= 0 || (size_t)size > room ||
	    pread(frame.memory, bytes, (size_t)size, 0) != size)
		size = 0;
	lseek(frame.memory, 0, SEEK_SET);
	return size;
}

size_t
frame_make(const struct canvas *canvas, char *bytes, size_t room)
{
	if (canvas->rows != frame.shown.rows ||
	    canvas->cols != frame.shown.cols) {
		resizeterm(canvas->rows, canvas->cols);
		frame.redraw = true;
	}
	if (frame.redraw)
		clear();
	if (!show_cells(canvas))
		return 0;
	frame.redraw = false;
	refresh();
	fflush(frame.out);
	return (size_t)take_bytes(bytes, room);
}

void
frame_redraw(void)
{
	frame.redraw = true;
	clearok(curscr, TRUE);
}
