#include "tty.h"
#include "deadline.h"
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	DEFAULT_ROWS = 24,
	DEFAULT_COLS = 80,
	SEND_MS = 60000,
	/* More than a terminal's queue holds (64 KiB), so that one round of
	 * reading takes all that was there when a program ended; and a bound,
	 * so that one that never stops writing does not keep us here. */
	READS = 64,
	READ_SIZE = 4096,
};

/* What libvterm does not know: DEC mode 2026, synchronised output. */
static const char frame_mark[] = "\033[?2026";
enum { FRAME_MARK = sizeof(frame_mark) - 1 };

static int
append(struct tty_bytes *to, const char *bytes, size_t size)
{
	if (to->size + size > to->room) {
		size_t room = 2 * (to->size + size);
		char *more = realloc(to->bytes, room);

		if (!more)
			return -ENOMEM;
		to->bytes = more;
		to->room = room;
	}
	if (size)
		memcpy(to->bytes + to->size, bytes, size);
	to->size += size;
	return 0;
}

static void
take_answer(const char *bytes, size_t size, void *data)
{
	struct tty *tty = data;

	/* Without memory the program gets no answer; it has to bear that. */
	(void)append(&tty->out, bytes, size);
}

static int
take_property(VTermProp property, VTermValue *value, void *data)
{
	struct tty *tty = data;

	if (property == VTERM_PROP_ALTSCREEN)
		tty->altscreen = value->boolean;
	if (property == VTERM_PROP_CURSORVISIBLE)
		tty->cursor_visible = value->boolean;
	if (property == VTERM_PROP_MOUSE)
		tty->mouse = value->number;
	return 1;
}

static const VTermScreenCallbacks screen_callbacks = {
    .settermprop = take_property,
};

static int
open_screen(struct tty *tty)
{
	tty->vterm = vterm_new(tty->rows, tty->cols);
	if (!tty->vterm)
		return -ENOMEM;
	vterm_set_utf8(tty->vterm, 1);
	vterm_output_set_callback(tty->vterm, take_answer, tty);
	tty->screen = vterm_obtain_screen(tty->vterm);
	vterm_screen_set_callbacks(tty->screen, &screen_callbacks, tty);
	vterm_screen_enable_altscreen(tty->screen, 1);
	vterm_screen_reset(tty->screen, 1);
	return 0;
}

static struct winsize
window_size(const struct tty *tty)
{
	return (struct winsize){.ws_row = (unsigned short)tty->rows,
	                        .ws_col = (unsigned short)tty->cols};
}

static int
open_terminal(struct tty *tty, int *slave)
{
	struct winsize size = window_size(tty);

	if (openpty(&tty->master, slave, NULL, NULL, &size) < 0) {
		tty->master = *slave = -1;
		return -errno;
	}
	if (fcntl(tty->master, F_SETFD, FD_CLOEXEC) < 0 ||
	    fcntl(*slave, F_SETFD, FD_CLOEXEC) < 0 ||
	    fcntl(tty->master, F_SETFL, O_RDWR | O_NONBLOCK) < 0 ||
	    tty_termios(tty, &tty->initial) < 0)
		return -errno;
	tty->initial.c_iflag |= IUTF8;
	return tcsetattr(*slave, TCSANOW, &tty->initial) < 0 ? -errno : 0;
}

int
tty_start(struct tty *tty, const struct tty_options *options)
{
	int slave = -1, error;

	*tty = (struct tty){
	    .master = -1,
	    .control = -1,
	    .rows = options->rows ? options->rows : DEFAULT_ROWS,
	    .cols = options->cols ? options->cols : DEFAULT_COLS,
	};
	error = open_screen(tty);
	if (!error)
		error = open_terminal(tty, &slave);
	if (!error)
		error = keeper_start(options, slave, &tty->keeper, &tty->pid);
	if (slave >= 0)
		close(slave);
	if (error < 0) {
		tty->keeper = 0;
		tty_close(tty);
		return error;
	}
	tty->control = error;
	return 0;
}

void
tty_close(struct tty *tty)
{
	if (tty->keeper)
		keeper_stop(tty->control, tty->keeper);
	if (tty->vterm)
		tty_hangup(tty);
	if (tty->vterm)
		vterm_free(tty->vterm);
	free(tty->raw.bytes);
	free(tty->out.bytes);
	*tty = (struct tty){.master = -1, .control = -1};
}

void
tty_hangup(struct tty *tty)
{
	if (tty->master >= 0)
		close(tty->master);
	tty->master = -1;
	tty->out.size = 0;
}

/* Where, in what is not on the screen yet, a frame begins or ends; behind all
 * that there is if nowhere. A mark may have begun before. */
static size_t
next_mark(const struct tty *tty)
{
	size_t at = tty->seen < FRAME_MARK ? 0 : tty->seen - FRAME_MARK;

	for (; at + FRAME_MARK < tty->raw.size; at++) {
		const char *bytes = tty->raw.bytes + at;

		if (memcmp(bytes, frame_mark, FRAME_MARK) == 0 &&
		    (bytes[FRAME_MARK] == 'h' || bytes[FRAME_MARK] == 'l') &&
		    at + FRAME_MARK + 1 > tty->seen)
			return at + FRAME_MARK + 1;
	}
	return tty->raw.size;
}

/* Puts on the screen what has come; in steps, to the end of a frame. */
static void
show(struct tty *tty)
{
	while (tty->seen < tty->raw.size) {
		size_t end = next_mark(tty);
		const char *bytes = tty->raw.bytes;
		bool is_mark =
		    end > FRAME_MARK && memcmp(bytes + end - FRAME_MARK - 1,
		                               frame_mark, FRAME_MARK) == 0;

		vterm_input_write(tty->vterm, bytes + tty->seen,
		                  end - tty->seen);
		tty->seen = end;
		if (is_mark)
			tty->drawing = bytes[end - 1] == 'h';
		if (is_mark && !tty->drawing && tty->steps)
			return;
	}
}

static int
take_output(struct tty *tty)
{
	char bytes[READ_SIZE];

	for (int i = 0; i < READS && tty->master >= 0; i++) {
		ssize_t got = read(tty->master, bytes, sizeof(bytes));
		int error;

		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (got <= 0) {
			/* Nobody has it open: the keeper was killed. */
			tty_hangup(tty);
			return 0;
		}
		error = append(&tty->raw, bytes, (size_t)got);
		if (error)
			return error;
		if (!tty->steps)
			show(tty);
	}
	return 0;
}

static int
give_input(struct tty *tty)
{
	ssize_t put = write(tty->master, tty->out.bytes, tty->out.size);

	if (put < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	tty->out.size -= (size_t)put;
	memmove(tty->out.bytes, tty->out.bytes + put, tty->out.size);
	return 0;
}

static int
take_report(struct tty *tty)
{
	struct keeper_report report;
	int error = keeper_read(tty->control, &report);

	if (error)
		return error == -EAGAIN ? 0 : error;
	if (report.kind == KEEPER_STOPPED)
		tty->stopped = true;
	if (report.kind == KEEPER_ENDED) {
		tty->ended = true;
		tty->status = report.value;
	}
	/* What it wrote before is in the queue already; read(2) of a pty says
	 * EAGAIN only when the queue is really empty. */
	return take_output(tty);
}

int
tty_pump(struct tty *tty, int timeout_ms)
{
	struct pollfd fds[2] = {
	    {.fd = tty->master, .events = POLLIN},
	    {.fd = tty->control, .events = POLLIN},
	};
	int error = 0;

	if (tty->seen < tty->raw.size) {
		show(tty);
		return 0;
	}
	if (tty->out.size)
		fds[0].events |= POLLOUT;
	if (poll(fds, 2, timeout_ms) < 0)
		return errno == EINTR ? 0 : -errno;
	if (fds[0].revents & ~POLLOUT)
		error = take_output(tty);
	if (!error && fds[0].revents & POLLOUT && tty->master >= 0)
		error = give_input(tty);
	if (!error && fds[1].revents)
		error = take_report(tty);
	return error;
}

int
tty_send(struct tty *tty, const void *bytes, size_t size)
{
	int64_t deadline = deadline_in(SEND_MS);
	int error = append(&tty->out, bytes, size);

	/* What it is answered is not on the frames from before. */
	while (tty->seen < tty->raw.size)
		show(tty);

	while (!error && tty->out.size) {
		if (tty->ended || tty->master < 0)
			error = -EPIPE;
		else if (deadline_left(deadline) == 0)
			error = -ETIMEDOUT;
		else
			error = tty_pump(tty, deadline_left(deadline));
	}
	if (error)
		tty->out.size = 0;
	return error;
}

int
tty_keys(struct tty *tty, const char *text)
{
	return tty_send(tty, text, strlen(text));
}

int
tty_resize(struct tty *tty, int rows, int cols)
{
	struct winsize size;

	tty->rows = rows;
	tty->cols = cols;
	size = window_size(tty);
	vterm_set_size(tty->vterm, rows, cols);
	return ioctl(tty->master, TIOCSWINSZ, &size) < 0 ? -errno : 0;
}

int
tty_termios(const struct tty *tty, struct termios *modes)
{
	/* On Linux a master answers for its slave: no descriptor of the
	 * program's side is needed, which would hide a hangup. Zeroed for
	 * memcmp(): there is padding behind c_cc. */
	memset(modes, 0, sizeof(*modes));
	return tcgetattr(tty->master, modes) < 0 ? -errno : 0;
}

int
tty_signal(struct tty *tty, int number)
{
	if (tty->ended)
		return -ESRCH;
	return kill(tty->pid, number) < 0 ? -errno : 0;
}

int
tty_continue(struct tty *tty)
{
	if (tty->ended)
		return -ESRCH;
	tty->stopped = false;
	return kill(-tty->pid, SIGCONT) < 0 ? -errno : 0;
}
