/*
 * theme: how what a cell means looks, for the background it is read on.
 *
 * The rows are in styles.def. A theme's background is the terminal's own: what
 * that is cannot be known, so the theme is chosen for it.
 */
#ifndef UI_THEME_H
#define UI_THEME_H

#include "canvas.h"

enum theme {
#define THEME(id, letter, name, purpose, ink, paper) id,
#include "themes.def"
#undef THEME
	THEMES,
};

/* How many colours a terminal has. */
enum theme_depth { DEPTH_NONE, DEPTH_8, DEPTH_256 };

enum {
	LOOK_BOLD = 1,
	LOOK_REVERSE = 2,
	LOOK_UNDERLINE = 4,
};

struct look {
	short fg, bg; /* -1: the terminal's own */
	int attributes;
};

struct theme_row {
	char letter;
	const char *name, *purpose;
	uint32_t ink, paper; /* 0xRRGGBB */
};

extern const struct theme_row themes[THEMES];

/* How a style looks with so many colours. THEME_MONO has none, ever. */
struct look theme_look(enum theme theme, enum theme_depth depth,
                       enum style style);

/* The theme of a name; false: there is none. */
bool theme_named(const char *name, enum theme *theme);

/* One of xterm's 256 colours as 0xRRGGBB. */
uint32_t theme_rgb(int index);

#endif
