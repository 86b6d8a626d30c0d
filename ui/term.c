/*
 * Failures, before line one: no terminal; one that cannot move its cursor; a
 * terminal that stops reading (frames are dropped, the loop goes on); one that
 * goes away (term_read says so); a crash (restore.h).
 */
#include "term.h"

#include "restore.h"
#include "term_type.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <ncurses.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <term.h>
#include <unistd.h>

enum { PENDING_BYTES = 1 << 20, ROWS_USUAL = 24, COLS_USUAL = 80 };

#define SYNC_BEGIN "\033[?2026h"
#define SYNC_END "\033[?2026l"
#define MOUSE_ON "\033[?1000h\033[?1002h\033[?1006h"
#define MOUSE_OFF "\033[?1006l\033[?1002l\033[?1000l"
#define PASTE_ON "\033[?2004h"
#define PASTE_OFF "\033[?2004l"

/* There is one terminal. */
static struct {
	int fd;     /* our own opening of the terminal, non-blocking */
	int memory; /* what curses writes to */
	SCREEN *screen;
	FILE *out, *in;
	bool ascii, mouse;
	enum theme_depth depth;
	attr_t attributes[STYLES];
	short pairs[STYLES];
	struct canvas shown; /* what is on the screen */
	bool redraw;
	char *pending; /* not yet taken by the terminal */
	size_t pending_at, pending_size;
	uint64_t bytes, frames;
} term = {.fd = -1, .memory = -1};

static void
prepare_restore(void)
{
	/* cnorm twice: some terminals take leaving the alternate screen for a
	 * reason to hide the cursor again. */
	static const char *const names[] = {"sgr0",  "op",    "rmkx",
	                                    "cnorm", "rmcup", "cnorm"};

	restore_add(SYNC_END MOUSE_OFF PASTE_OFF);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		restore_add(tigetstr(names[i]));
}

/* ---- opening ---- */

static int
refuse(char *error, size_t room, int code, const char *sentence)
{
	snprintf(error, room, "%s", sentence);
	return code;
}

static bool
is_known(const char *type)
{
	int status;

	if (setupterm(type, term.fd, &status) != OK)
		return false;
	/* newterm() makes one of its own. */
	del_curterm(cur_term);
	return true;
}

/* ncurses prints to stderr and exits when it does not know the type, unless
 * asked this way. */
static const char *
known_type(const char *type)
{
	if (is_known(type))
		return type;
	return is_known("xterm-256color") ? "xterm-256color" : NULL;
}

static void
find_depth(void)
{
	term.depth = DEPTH_NONE;
	if (!has_colors())
		return;
	start_color();
	use_default_colors();
	term.depth = COLORS >= 256 ? DEPTH_256 : DEPTH_8;
}

static void
choose_looks(enum theme theme)
{
	for (int i = 0; i < STYLES; i++) {
		struct look look = theme_look(theme, term.depth, i);

		term.attributes[i] =
		    (look.attributes & LOOK_BOLD ? A_BOLD : 0) |
		    (look.attributes & LOOK_REVERSE ? A_REVERSE : 0) |
		    (look.attributes & LOOK_UNDERLINE ? A_UNDERLINE : 0);
		if (term.depth == DEPTH_NONE)
			continue;
		term.pairs[i] = (short)(i + 1);
		init_pair(term.pairs[i], look.fg, look.bg);
	}
}

static void
enter(void)
{
	restore_raw();
	restore_write(PASTE_ON, sizeof(PASTE_ON) - 1);
	if (term.mouse)
		restore_write(MOUSE_ON, sizeof(MOUSE_ON) - 1);
}

/* On descriptor 0 itself O_NONBLOCK would stay with whoever shares it. */
static int
open_device(void)
{
	char path[128];

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
	    ttyname_r(STDIN_FILENO, path, sizeof(path)))
		return -ENOTTY;
	term.fd = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return term.fd < 0 ? -errno : 0;
}

static bool
open_curses(const char *type)
{
	int rows, cols;

	term.memory = memfd_create("looptop-frame", MFD_CLOEXEC);
	term.out = fdopen(term.memory, "w");
	term.in = fopen("/dev/null", "re");
	if (!term.out || !term.in)
		return false;
	term.screen = newterm(type, term.out, term.in);
	if (!term.screen)
		return false;
	typeahead(-1);
	term_size(&rows, &cols);
	resizeterm(rows, cols);
	curs_set(0);
	return true;
}

int
term_open(const struct term_options *options, char *error, size_t room)
{
	struct term_type_hints hints = {
	    .term = getenv("TERM"),
	    .capable = getenv("XTERM_VERSION") || getenv("VTE_VERSION") ||
	               getenv("COLORTERM"),
	};
	const char *type = term_type(&hints);

	if (open_device())
		return refuse(error, room, -ENOTTY,
		              "there is no terminal to draw on. Use --json or "
		              "--summary, or run it in a terminal.");
	if (!type)
		return refuse(
		    error, room, -EINVAL,
		    "the terminal says it is dumb (TERM): looptop "
		    "needs one that can move its cursor. Set TERM, or "
		    "use --json or --summary.");
	term.pending = malloc(PENDING_BYTES);
	type = known_type(type);
	if (!term.pending || !type || !open_curses(type))
		return refuse(error, room, -EINVAL,
		              "the terminal's type (TERM) is unknown and so is "
		              "xterm-256color. Install ncurses-base.");
	term.ascii = options->ascii ||
	             strcmp(nl_langinfo(CODESET), "UTF-8") != 0 ||
	             !term_type_has_glyphs(type);
	term.mouse = !options->no_mouse;
	find_depth();
	choose_looks(options->theme);
	restore_open(term.fd);
	prepare_restore();
	enter();
	term.redraw = true;
	return 0;
}

void
term_close(void)
{
	if (!restore_is_raw())
		return;
	/* Give the terminal a moment for what is still on its way. */
	(void)term_flush();
	restore_now();
	close(term.fd);
	term.fd = -1;
}

/* ---- input and size ---- */

int
term_fd(void)
{
	return term.fd;
}

ssize_t
term_read(char *bytes, size_t room)
{
	ssize_t got;

	do {
		got = read(term.fd, bytes, room);
	} while (got < 0 && errno == EINTR);
	if (got > 0)
		return got;
	return got < 0 && errno == EAGAIN ? 0 : -EPIPE;
}

void
term_size(int *rows, int *cols)
{
	struct winsize size;

	*rows = ROWS_USUAL;
	*cols = COLS_USUAL;
	if (ioctl(term.fd, TIOCGWINSZ, &size) == 0 && size.ws_row &&
	    size.ws_col) {
		*rows = size.ws_row;
		*cols = size.ws_col;
	}
}

/* ---- output ---- */

bool
term_flush(void)
{
	while (term.pending_at < term.pending_size) {
		ssize_t written = write(term.fd, term.pending + term.pending_at,
		                        term.pending_size - term.pending_at);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		term.pending_at += (size_t)written;
		term.bytes += (uint64_t)written;
	}
	term.pending_at = term.pending_size = 0;
	return true;
}

void
term_send(const char *bytes, size_t size)
{
	if (term.pending_size + size > PENDING_BYTES)
		return;
	memcpy(term.pending + term.pending_size, bytes, size);
	term.pending_size += size;
	(void)term_flush();
}

static void
show_cell(int row, int col, const struct cell *cell)
{
	wchar_t text[2] = {(wchar_t)cell->point, 0};
	cchar_t wide;

	if (!cell->point)
		return;
	setcchar(&wide, text, term.attributes[cell->style],
	         term.pairs[cell->style], NULL);
	mvadd_wch(row, col, &wide);
}

static bool
show_row(int row, const struct cell *cells, struct cell *shown, int count)
{
	bool changed = false;

	for (int col = 0; col < count; col++) {
		if (!term.redraw && cells[col].point == shown[col].point &&
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
	bool changed = term.redraw;

	for (int row = 0; row < canvas->rows; row++) {
		const struct cell *cells = canvas->cells[row];
		struct cell *shown = term.shown.cells[row];

		if (term.redraw || memcmp(cells, shown, size) != 0)
			changed |= show_row(row, cells, shown, canvas->cols);
	}
	term.shown.rows = canvas->rows;
	term.shown.cols = canvas->cols;
	return changed;
}

/* What curses wrote becomes the pending frame. */
static void
take_frame(void)
{
	off_t size = lseek(term.memory, 0, SEEK_CUR);
	size_t head = sizeof(SYNC_BEGIN) - 1, tail = sizeof(SYNC_END) - 1;

	if (size <= 0 || (size_t)size > PENDING_BYTES - head - tail)
		return;
	memcpy(term.pending, SYNC_BEGIN, head);
	if (pread(term.memory, term.pending + head, (size_t)size, 0) != size)
		return;
	memcpy(term.pending + head + size, SYNC_END, tail);
	term.pending_size = head + (size_t)size + tail;
}

/* What lies in it is written over: giving its pages back would cost more than
 * the frame. */
static void
empty_memory(void)
{
	lseek(term.memory, 0, SEEK_SET);
}

bool
term_show(struct canvas *canvas)
{
	if (!term_flush())
		return false;
	if (term.ascii)
		canvas_to_ascii(canvas);
	if (canvas->rows != term.shown.rows ||
	    canvas->cols != term.shown.cols) {
		resizeterm(canvas->rows, canvas->cols);
		term.redraw = true;
	}
	if (term.redraw)
		clear();
	term.frames++;
	if (!show_cells(canvas))
		return true;
	term.redraw = false;
	refresh();
	fflush(term.out);
	take_frame();
	empty_memory();
	(void)term_flush();
	return true;
}

void
term_redraw(void)
{
	term.redraw = true;
	clearok(curscr, TRUE);
}

void
term_theme(enum theme theme)
{
	choose_looks(theme);
	term_redraw();
}

enum theme_depth
term_depth(void)
{
	return term.depth;
}

void
term_mouse(bool on)
{
	term.mouse = on;
	if (on)
		term_send(MOUSE_ON, sizeof(MOUSE_ON) - 1);
	else
		term_send(MOUSE_OFF, sizeof(MOUSE_OFF) - 1);
}

void
term_suspend(void)
{
	const char *enter_screen = tigetstr("smcup");
	const char *keypad_on = tigetstr("smkx");
	const char *hide = tigetstr("civis");
	const char *const again[] = {enter_screen, keypad_on, hide};

	(void)term_flush();
	restore_now();
	kill(0, SIGTSTP);
	enter();
	for (size_t i = 0; i < sizeof(again) / sizeof(*again); i++)
		if (again[i] && again[i] != (char *)-1)
			restore_write(again[i], strlen(again[i]));
	term_redraw();
}

const char *
term_version(void)
{
	return curses_version();
}

uint64_t
term_bytes(void)
{
	return term.bytes;
}

uint64_t
term_frames(void)
{
	return term.frames;
}
