/*
 * frame: from one canvas to the next, in the terminal's bytes. The only part
 * that knows curses, which writes into memory here: it would call write(2)
 * after every movement of the cursor, and would wait for the terminal.
 */
#ifndef UI_FRAME_H
#define UI_FRAME_H

#include "canvas.h"
#include "theme.h"

/* Prepares for a terminal of that type (terminfo(5)), open as `fd`; for
 * xterm-256color if the type is unknown. false: that is unknown as well. Once a
 * process. */
bool frame_open(const char *type, int fd, int rows, int cols);

/* The looks of a theme, from the next frame on, which is drawn whole. */
void frame_theme(enum theme theme);

/* How many colours the terminal has. */
enum theme_depth frame_depth(void);

/* The bytes of a capability by its terminfo name; NULL: it has none. */
const char *frame_capability(const char *name);

/* Writes what turns the last frame into this one, and returns its size. 0:
 * nothing changed, or there was no room. */
size_t frame_make(const struct canvas *canvas, char *bytes, size_t room);

/* The next frame is drawn whole. */
void frame_redraw(void);

/* Name and version of the library. */
const char *frame_version(void);

#endif
