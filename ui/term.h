/*
 * term: the terminal, on the side of the device. What to write there frame.h
 * makes.
 *
 * ncurses draws into memory; a frame then leaves in one write(2), inside a
 * synchronised update (DEC 2026), without ever waiting for the terminal: while
 * it has not taken the last frame, the next one is dropped.
 *
 * Whatever ends the program, the terminal is as it was: term_close(), and a
 * signal handler for crashes.
 */
#ifndef UI_TERM_H
#define UI_TERM_H

#include "theme.h"

#include <sys/types.h>

struct term_options {
	bool ascii; /* no glyphs beyond ASCII, whatever the locale */
	bool no_mouse;
	enum theme theme;
};

/* Opens the terminal of standard input. 0; or -errno with a sentence in
 * `error`: -ENOTTY no terminal, -EINVAL one we cannot use. Call setlocale(3)
 * first. */
int term_open(const struct term_options *options, char *error, size_t room);
void term_close(void);

/* A descriptor to poll for input; -1: closed. */
int term_fd(void);

/* What was typed: bytes; 0: nothing now; -EPIPE: the terminal is gone. */
ssize_t term_read(char *bytes, size_t room);

/* The size as it is now. */
void term_size(int *rows, int *cols);

/* Shows a canvas. false: the terminal is still busy with the last frame, so
 * this one was dropped. The canvas may be changed (ASCII). */
bool term_show(struct canvas *canvas);

/* Tries to write what the terminal did not take; true: nothing is left. */
bool term_flush(void);

/* Draws all of the next frame. */
void term_redraw(void);

/* Another theme, from the next frame on. */
void term_theme(enum theme theme);

/* How many colours the terminal has. */
enum theme_depth term_depth(void);

/* Lets the terminal keep the mouse, or takes it. */
void term_mouse(bool on);

/* Sends bytes behind the last frame (a mark for a test). */
void term_send(const char *bytes, size_t size);

/* Stops the process (SIGTSTP) with the terminal as it was; returns when it
 * goes on. */
void term_suspend(void);

/* "ncurses 6.4.20221231" */
const char *term_version(void);

/* Bytes and frames written so far. */
uint64_t term_bytes(void);
uint64_t term_frames(void);

#endif
