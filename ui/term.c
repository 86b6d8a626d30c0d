/*
 * Failures, before line one: no terminal; one that cannot move its cursor; a
 * terminal that stops reading (frames are dropped, the loop goes on); one that
 * goes away (term_read says so); a crash (the handler restores with what was
 * prepared beforehand, for it may call nothing but write and tcsetattr).
 */
#include "term.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <ncurses.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

enum { ATTR_BOLD = 1, ATTR_FAINT = 2, ATTR_REVERSE = 4, ATTR_UNDERLINE = 8 };
enum { RESTORE_BYTES = 256, PENDING_BYTES = 1 << 20, STACK_BYTES = 65536 };
enum { ROWS_USUAL = 24, COLS_USUAL = 80, STUCK_MS = 200 };

#define BOLD ATTR_BOLD
#define FAINT ATTR_FAINT
#define REVERSE ATTR_REVERSE
#define UNDERLINE ATTR_UNDERLINE
static const struct {
	short fg, bg, fg8, bg8;
	int attributes, mono;
} looks[STYLES] = {
#define STYLE(id, fg, bg, fg8, bg8, attributes, mono)                         \
	[id] = {fg, bg, fg8, bg8, attributes, mono},
#include "styles.def"
#undef STYLE
};
#undef BOLD
#undef FAINT
#undef REVERSE
#undef UNDERLINE

#define SYNC_BEGIN "\033[?2026h"
#define SYNC_END "\033[?2026l"
#define MOUSE_ON "\033[?1000h\033[?1002h\033[?1006h"
#define MOUSE_OFF "\033[?1006l\033[?1002l\033[?1000l"
#define PASTE_ON "\033[?2004h"
#define PASTE_OFF "\033[?2004l"

/* The terminal's state: there is one terminal, and the crash handler must
 * reach it. */
static struct {
	int fd;     /* our own opening of the terminal, non-blocking */
	int memory; /* what curses writes to */
	SCREEN *screen;
	FILE *out, *in;
	struct termios saved;
	volatile sig_atomic_t is_open;
	bool ascii, colour, mouse;
	attr_t attributes[STYLES];
	short pairs[STYLES];
	struct canvas shown; /* what is on the screen */
	bool redraw;
	char *pending; /* not yet taken by the terminal */
	size_t pending_at, pending_size;
	char restore[RESTORE_BYTES];
	size_t restore_size;
	uint64_t bytes, frames;
} term = {.fd = -1, .memory = -1};

/* ---- restoring ---- */

/* For the few bytes that must get through; waits a little for a terminal that
 * is busy, not for one that is stuck. Safe in a signal handler. */
static void
write_all(const char *bytes, size_t size)
{
	struct pollfd ready = {.fd = term.fd, .events = POLLOUT};

	while (size && poll(&ready, 1, STUCK_MS) == 1) {
		ssize_t written = write(term.fd, bytes, size);

		if (written <= 0)
			return;
		bytes += written;
		size -= (size_t)written;
	}
}

/* Safe in a signal handler. */
static void
restore_terminal(void)
{
	if (!term.is_open)
		return;
	term.is_open = 0;
	write_all(term.restore, term.restore_size);
	tcsetattr(term.fd, TCSANOW, &term.saved);
}

static void
on_crash(int signum)
{
	restore_terminal();
	signal(signum, SIG_DFL);
	raise(signum);
}

static void
catch_crashes(void)
{
	static const int fatal[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};
	static char stack[STACK_BYTES];
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction action = {.sa_handler = on_crash,
	                           .sa_flags = SA_ONSTACK};

	sigaltstack(&alternate, NULL);
	for (size_t i = 0; i < sizeof(fatal) / sizeof(*fatal); i++)
		sigaction(fatal[i], &action, NULL);
}

static void
add_restore(const char *bytes)
{
	size_t size = bytes ? strlen(bytes) : 0;

	if (bytes == (char *)-1 || term.restore_size + size > RESTORE_BYTES)
		return;
	memcpy(term.restore + term.restore_size, bytes ? bytes : "", size);
	term.restore_size += size;
}

/* Worked out while all is well: a handler cannot ask terminfo. */
static void
prepare_restore(void)
{
	/* cnorm twice: some terminals take leaving the alternate screen for a
	 * reason to hide the cursor again. */
	static const char *const names[] = {"sgr0",  "op",    "rmkx",
	                                    "cnorm", "rmcup", "cnorm"};

	term.restore_size = 0;
	add_restore(SYNC_END MOUSE_OFF PASTE_OFF);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		add_restore(tigetstr(names[i]));
}

/* ---- opening ---- */

static int
refuse(char *error, size_t room, int code, const char *sentence)
{
	snprintf(error, room, "%s", sentence);
	return code;
}

/* What to take the terminal for. Some say only "xterm" and can do more. */
static const char *
terminal_type(char *error, size_t room)
{
	const char *type = getenv("TERM");

	if (!type || !*type || strcmp(type, "dumb") == 0) {
		refuse(error, room, 0,
		       "the terminal says it is dumb (TERM): looptop needs one "
		       "that can move its cursor. Set TERM, or use --json or "
		       "--summary.");
		return NULL;
	}
	if (strcmp(type, "xterm") == 0 &&
	    (getenv("XTERM_VERSION") || getenv("VTE_VERSION") ||
	     getenv("COLORTERM")))
		return "xterm-256color";
	return type;
}

/* ncurses prints to stderr and exits when it does not know the type, unless
 * asked this way. */
static const char *
known_type(const char *type)
{
	int status;

	if (setupterm(type, term.fd, &status) == OK)
		return type;
	return setupterm("xterm-256color", term.fd, &status) == OK
	               ? "xterm-256color"
	               : NULL;
}

static void
choose_looks(void)
{
	const char *no_colour = getenv("NO_COLOR");
	static const attr_t bits[] = {A_BOLD, A_DIM, A_REVERSE, A_UNDERLINE};

	term.colour = has_colors() && !(no_colour && *no_colour);
	if (term.colour) {
		start_color();
		use_default_colors();
	}
	for (int i = 0; i < STYLES; i++) {
		bool many = COLORS >= 256;
		int wanted = term.colour ? looks[i].attributes : looks[i].mono;

		for (int bit = 0; bit < 4; bit++)
			if (wanted & 1 << bit)
				term.attributes[i] |= bits[bit];
		if (!term.colour)
			continue;
		term.pairs[i] = (short)(i + 1);
		init_pair(term.pairs[i], many ? looks[i].fg : looks[i].fg8,
		          many ? looks[i].bg : looks[i].bg8);
	}
}

static void
set_raw(void)
{
	struct termios raw = term.saved;

	cfmakeraw(&raw);
	tcsetattr(term.fd, TCSADRAIN, &raw);
}

static void
enter(void)
{
	set_raw();
	term.is_open = 1;
	write_all(PASTE_ON, sizeof(PASTE_ON) - 1);
	if (term.mouse)
		write_all(MOUSE_ON, sizeof(MOUSE_ON) - 1);
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
	const char *type = terminal_type(error, room);

	if (open_device())
		return refuse(error, room, -ENOTTY,
		              "there is no terminal to draw on. Use --json or "
		              "--summary, or run it in a terminal.");
	if (!type)
		return -EINVAL;
	term.pending = malloc(PENDING_BYTES);
	type = known_type(type);
	tcgetattr(term.fd, &term.saved);
	if (!term.pending || !type || !open_curses(type))
		return refuse(error, room, -EINVAL,
		              "the terminal's type (TERM) is unknown and so is "
		              "xterm-256color. Install ncurses-base.");
	term.ascii =
	    options->ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	term.mouse = !options->no_mouse;
	choose_looks();
	prepare_restore();
	catch_crashes();
	enter();
	term.redraw = true;
	return 0;
}

void
term_close(void)
{
	if (!term.is_open)
		return;
	/* Give the terminal a moment for what is still on its way. */
	(void)term_flush();
	restore_terminal();
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
		ssize_t written =
		    write(term.fd, term.pending + term.pending_at,
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
is_same(const struct cell *a, const struct cell *b)
{
	return a->point == b->point && a->style == b->style;
}

/* Curses compares as well, but being told of every cell costs it more than
 * being told of those that changed. */
static void
show_cells(const struct canvas *canvas)
{
	for (int row = 0; row < canvas->rows; row++)
		for (int col = 0; col < canvas->cols; col++) {
			const struct cell *cell = &canvas->cells[row][col];
			struct cell *shown = &term.shown.cells[row][col];

			if (!term.redraw && is_same(cell, shown))
				continue;
			show_cell(row, col, cell);
			*shown = *cell;
		}
	term.shown.rows = canvas->rows;
	term.shown.cols = canvas->cols;
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
	term.frames++;
}

static void
empty_memory(void)
{
	lseek(term.memory, 0, SEEK_SET);
	(void)!ftruncate(term.memory, 0);
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
	show_cells(canvas);
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
	restore_terminal();
	kill(0, SIGTSTP);
	enter();
	for (size_t i = 0; i < sizeof(again) / sizeof(*again); i++)
		if (again[i] && again[i] != (char *)-1)
			write_all(again[i], strlen(again[i]));
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
