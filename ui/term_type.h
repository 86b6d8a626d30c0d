/*
 * term_type: what to take the terminal for, from the environment. Pure.
 */
#ifndef UI_TERM_TYPE_H
#define UI_TERM_TYPE_H

#include <stdbool.h>

/* What the environment says. */
struct term_type_hints {
	const char *term; /* TERM; NULL: not set */
	bool capable;     /* XTERM_VERSION, VTE_VERSION or COLORTERM is set */
};

/* The type to ask terminfo for; NULL: a terminal that cannot move its cursor.
 * Some say only "xterm" and can do more. */
const char *term_type(const struct term_type_hints *hints);

/* Whether a terminal of this type has more than ASCII to show where the locale
 * is UTF-8. The Linux console has not: its fonts hold 256 or 512 glyphs, and
 * eighths of blocks and round corners are not among them (setfont(8)). */
bool term_type_has_glyphs(const char *type);

#endif
