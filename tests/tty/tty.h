/*
 * tty: a program on a pseudo terminal, and what it shows there.
 *
 * What the program writes goes into a libvterm screen (grid.h takes a snapshot
 * of it) and is also kept as it came, for tests that look for sequences or
 * markers. What libvterm answers (device attributes, cursor reports) goes
 * back to the program.
 *
 * Bytes move only inside the functions below. All of them keep reading while
 * they wait, so the program never blocks on a full terminal. Times are in
 * milliseconds; a limit is kept by CLOCK_MONOTONIC, nothing sleeps.
 *
 * Functions that look at the screen do so between frames only: what stands
 * between the marks of DEC mode 2026 is seen whole or not at all.
 *
 * Errors are -errno. -ETIMEDOUT: what was waited for did not come in time.
 * -EPIPE: it can not come any more, the program has ended (all that it wrote
 * has been read by then).
 */
#ifndef TTY_TTY_H
#define TTY_TTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <termios.h>
#include <vterm.h>

struct tty_options {
	const char *const *argv;  /* argv[0] is looked up in PATH */
	const char *const *env;   /* "NAME=value" to add, or NULL */
	const char *const *unset; /* names to take away first, or NULL */
	const char *cwd;          /* NULL: this process' own */
	int rows, cols;           /* 0: 24 and 80 */
};

struct tty_bytes {
	char *bytes;
	size_t size, room;
};

/* The caller owns it; all fields are for reading only. */
struct tty {
	int master;  /* -1: hung up */
	int control; /* to the keeper, see keeper.h */
	pid_t keeper;
	pid_t pid; /* the program */
	bool stopped, ended;
	int status; /* as of waitpid(2), when ended */
	int rows, cols;
	struct termios initial; /* the modes before the program ran */
	VTerm *vterm;
	VTermScreen *screen;
	bool altscreen, cursor_visible;
	int mouse;            /* VTERM_PROP_MOUSE_*, 0: off */
	bool drawing;         /* a frame has begun and not ended */
	struct tty_bytes raw; /* everything the program wrote */
	size_t seen;          /* so much of it is on the screen */
	bool steps;           /* a look at each frame: see tty_wait_text() */
	size_t mark;          /* tty_mark(): offset into raw */
	struct tty_bytes out; /* not yet written to the program */
};

/* Starts a program. It leads the foreground process group of a new session, as
 * if a shell had started it: ^C and ^Z reach it. The modes are the kernel's for
 * a new terminal, and IUTF8. Its environment is this process' own, made the
 * same on every machine (TERM=xterm-256color, LC_ALL=C.UTF-8, and without the
 * variables that tell of another terminal), then `unset`, then `env`.
 * 0; -errno of openpty(3), fork(2), chdir(2), execvp(3): then there is nothing
 * to close. */
int tty_start(struct tty *tty, const struct tty_options *options);

/* Ends the program and its process group with SIGKILL if it still runs, and
 * frees everything. A closed or zeroed tty may be closed again. */
void tty_close(struct tty *tty);

/* Waits until something can be read or written, or the program has stopped or
 * ended, and does that. 0, also when the time is over. */
int tty_pump(struct tty *tty, int timeout_ms);

/* Types. Returns when everything is in the terminal's queue; gives up after
 * a minute. */
int tty_send(struct tty *tty, const void *bytes, size_t size);
int tty_keys(struct tty *tty, const char *text);

/* Until the screen shows the text, or does not show it, in one line. Blank
 * cells count as spaces; combining marks are not seen. Each frame is looked at,
 * however many have come meanwhile; the screen stays at the one that was waited
 * for until the next call. */
int tty_wait_text(struct tty *tty, const char *text, int timeout_ms);
int tty_wait_gone(struct tty *tty, const char *text, int timeout_ms);

/* From here on tty_wait_raw() and tty_has_raw() look. */
void tty_mark(struct tty *tty);

/* Until the program has written these bytes, in this order, without a gap. */
int tty_wait_raw(struct tty *tty, const void *bytes, size_t size,
                 int timeout_ms);
bool tty_has_raw(const struct tty *tty, const void *bytes, size_t size);

/* Until nothing came for quiet_ms and no frame is open. With 0: until all that
 * is there now has been read. The program may have ended. */
int tty_settle(struct tty *tty, int quiet_ms, int timeout_ms);

/* Until the program has ended; `status` (may be NULL) is as of waitpid(2). */
int tty_wait_exit(struct tty *tty, int timeout_ms, int *status);

/* Until a signal (^Z) has stopped the program; then, as a shell's fg: goes on.
 */
int tty_wait_stop(struct tty *tty, int timeout_ms);
int tty_continue(struct tty *tty);

/* Sends a signal to the program alone. -ESRCH: it has ended. */
int tty_signal(struct tty *tty, int number);

/* A new size for the screen and the terminal; the kernel sends SIGWINCH. */
int tty_resize(struct tty *tty, int rows, int cols);

/* The modes of the program's side now, to compare with tty->initial; memcmp()
 * will do. They outlive the program, but not tty_hangup(): then -EBADF. */
int tty_termios(const struct tty *tty, struct termios *modes);

/* The terminal goes away, as when its window is closed: the program gets
 * SIGHUP and SIGCONT (keeper.h), reads end of file, writes fail with EIO, in
 * no fixed order. The screen stays as it was last, and tty_wait_exit() still
 * works. */
void tty_hangup(struct tty *tty);

static inline bool
tty_in_altscreen(const struct tty *tty)
{
	return tty->altscreen;
}

static inline bool
tty_cursor_visible(const struct tty *tty)
{
	return tty->cursor_visible;
}

static inline bool
tty_has_mouse(const struct tty *tty)
{
	return tty->mouse != VTERM_PROP_MOUSE_NONE;
}

#endif
