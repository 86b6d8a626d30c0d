/*
 * grid: a plain snapshot of what stands on a terminal's screen.
 *
 * Colours are the ones of looptop's dark theme, where none was asked for too:
 * libvterm's own 256-colour ramp is not xterm's. Faint (SGR 2) is not told:
 * libvterm drops it.
 */
#ifndef TTY_GRID_H
#define TTY_GRID_H

#include "tty.h"

struct grid_cell {
	uint32_t point;  /* 0: blank; combining marks are left out */
	uint8_t width;   /* 1, 2; 0: the right half of the one before */
	uint32_t fg, bg; /* 0xRRGGBB, before `reverse` */
	bool fg_default, bg_default;
	bool bold, underline, italic, reverse;
};

struct grid {
	int rows, cols;
	struct grid_cell *cells; /* row after row */
};

/* Copies the screen. 0, or -ENOMEM: then there is nothing to free. */
int grid_take(struct grid *grid, const struct tty *tty);

void grid_free(struct grid *grid);

static inline const struct grid_cell *
grid_at(const struct grid *grid, int row, int col)
{
	return &grid->cells[row * grid->cols + col];
}

/* The first place of a text within one line, from the top, from the left;
 * blanks count as spaces. row and col may be NULL. */
bool grid_find(const struct grid *grid, const char *text, int *row, int *col);

/* All of it as UTF-8, lines ended by "\n", without trailing blanks. To be
 * freed with free(); NULL: no memory. */
char *grid_text(const struct grid *grid);

/* The RGB value of one of xterm's 256 colours in this theme. */
uint32_t grid_colour(uint8_t index);

#endif
