/*
 * canvas: the grid that a frame is drawn on. No terminal here: ui/term.c shows
 * a canvas, tests compare it with a golden text.
 *
 * Glyphs are Unicode; what a terminal cannot show is replaced when the canvas
 * is shown (canvas_to_ascii), so panes draw once for both.
 */
#ifndef UI_CANVAS_H
#define UI_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CANVAS_ROWS = 128, CANVAS_COLS = 384 };

/* What a cell means; ui/theme.c says what that looks like. */
enum style {
#define STYLE(id, ...) id,
#include "styles.def"
#undef STYLE
	STYLES,
};

struct cell {
	uint32_t point : 24; /* 0: the second half of a wide character */
	uint32_t style : 8;  /* enum style */
};

struct canvas {
	int rows, cols; /* what is shown, at most CANVAS_ROWS, CANVAS_COLS */
	struct cell cells[CANVAS_ROWS][CANVAS_COLS];
};

struct rect {
	int row, col, rows, cols;
};

/* A part of a canvas with coordinates of its own; what lies outside of it is
 * cut off. */
struct area {
	struct canvas *canvas;
	struct rect rect;
};

/* Sets the size (clipped to the most there is) and clears all. */
void canvas_reset(struct canvas *canvas, int rows, int cols);

struct area canvas_area(struct canvas *canvas, struct rect rect);

/* The area inside, `rect` in the coordinates of `area`. */
struct area area_inside(const struct area *area, struct rect rect);

/* One character. */
void area_put(const struct area *area, int row, int col, uint32_t point,
              enum style style);

/* UTF-8 text; returns the column behind it. Control characters are blanks. */
int area_text(const struct area *area, int row, int col, enum style style,
              const char *text);
int area_format(const struct area *area, int row, int col, enum style style,
                const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The same, cut to `cols` columns, with an ellipsis when it was cut. */
int area_cut(const struct area *area, int row, int col, int cols,
             enum style style, const char *text);

/* The same, right-aligned to end before column `end`. */
void area_right(const struct area *area, int row, int end, enum style style,
                const char *text);

/* `cols` times the character. */
void area_fill(const struct area *area, int row, int col, int cols,
               uint32_t point, enum style style);

/* Gives cells another style and leaves what they show. */
void area_restyle(const struct area *area, int row, int col, int cols,
                  enum style style);

/* Underlines the words that are there, as linked; what is red stays red. */
void area_link(const struct area *area, int row, int col, int cols);

/* Marks a row as chosen, in the style that its cell has. */
void area_mark(const struct area *area, int row, int col);

/* A frame around the whole area, with a title. */
void area_frame(const struct area *area, const char *title, bool focused);

/* Columns that a text takes. */
int canvas_width(const char *text);

/* Replaces every character beyond ASCII by one that looks alike. */
void canvas_to_ascii(struct canvas *canvas);

/* The canvas as UTF-8 lines without trailing blanks; styles: each cell's style
 * as a letter instead. The caller frees it. NULL: out of memory. */
char *canvas_dump(const struct canvas *canvas, bool styles);

#endif
