/*
 * Failures, before line one: no terminal; one that cannot move its cursor; a
 * terminal that stops reading (frames are dropped, the loop goes on); one that
 * goes away (term_read says so); a crash (restore.h).
 */
#include "term.h"

#include "frame.h"
#include "restore.h"
#include "term_type.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
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
	int fd; /* our own opening of the terminal, non-blocking */
	bool ascii, mouse;
	char *pending; /* not yet taken by the terminal */
	size_t pending_at, pending_size;
	uint64_t bytes, frames;
} term = {.fd = -1};

static void
prepare_restore(void)
{
	/* cnorm twice: some terminals take leaving the alternate screen for a
	 * reason to hide the cursor again. */
	static const char *const names[] = {"sgr0",  "op",    "rmkx",
	                                    "cnorm", "rmcup", "cnorm"};

	restore_add(SYNC_END MOUSE_OFF PASTE_OFF);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		restore_add(frame_capability(names[i]));
}

/* ---- opening ---- */

static int
refuse(char *error, size_t room, int code, const char *sentence)
{
	snprintf(error, room, "%s", sentence);
	return code;
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

int
term_open(const struct term_options *options, char *error, size_t room)
{
	struct term_type_hints hints = {
	    .term = getenv("TERM"),
	    .capable = getenv("XTERM_VERSION") || getenv("VTE_VERSION") ||
	               getenv("COLORTERM"),
	};
	const char *type = term_type(&hints);
	int rows, cols;

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
	term_size(&rows, &cols);
	if (!term.pending || !frame_open(type, term.fd, rows, cols))
		return refuse(error, room, -EINVAL,
		              "the terminal's type (TERM) is unknown and so is "
		              "xterm-256color. Install ncurses-base.");
	term.ascii = options->ascii ||
	             strcmp(nl_langinfo(CODESET), "UTF-8") != 0 ||
	             !term_type_has_glyphs(type);
	term.mouse = !options->no_mouse;
	frame_theme(options->theme);
	restore_open(term.fd);
	prepare_restore();
	enter();
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

/* One write, and for terminals that know it one update. */
static void
put_in_brackets(size_t size)
{
	size_t head = sizeof(SYNC_BEGIN) - 1, tail = sizeof(SYNC_END) - 1;

	memcpy(term.pending, SYNC_BEGIN, head);
	memcpy(term.pending + head + size, SYNC_END, tail);
	term.pending_size = head + size + tail;
}

bool
term_show(struct canvas *canvas)
{
	size_t head = sizeof(SYNC_BEGIN) - 1, tail = sizeof(SYNC_END) - 1;
	size_t size;

	if (!term_flush())
		return false;
	if (term.ascii)
		canvas_to_ascii(canvas);
	term.frames++;
	size = frame_make(canvas, term.pending + head,
	                  PENDING_BYTES - head - tail);
	if (size)
		put_in_brackets(size);
	(void)term_flush();
	return true;
}

void
term_redraw(void)
{
	frame_redraw();
}

void
term_theme(enum theme theme)
{
	frame_theme(theme);
}

enum theme_depth
term_depth(void)
{
	return frame_depth();
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
	/* The alternate screen, the keypad, no cursor. */
	const char *const again[] = {frame_capability("smcup"),
	                             frame_capability("smkx"),
	                             frame_capability("civis")};

	(void)term_flush();
	restore_now();
	kill(0, SIGTSTP);
	enter();
	for (size_t i = 0; i < sizeof(again) / sizeof(*again); i++)
		if (again[i])
			restore_write(again[i], strlen(again[i]));
	term_redraw();
}

const char *
term_version(void)
{
	return frame_version();
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
