/*
 * rects: coloured rectangles, collected, joined, and written as SVG.
 *
 * Neighbours of one colour become one rectangle, and each colour one path, so
 * that a picture stays small and has no seams. They must not overlap unless
 * they have the same colour: the order is not kept.
 */
#ifndef UI_RECTS_H
#define UI_RECTS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct coloured_rect {
	uint32_t colour; /* 0xRRGGBB */
	int x, y, width, height;
};

/* Zeroed, it is empty. */
struct rects {
	struct coloured_rect *items;
	size_t count, room;
};

/* 0 or -ENOMEM. */
int rects_add(struct rects *rects, const struct coloured_rect *rect);

/* Writes them as <path> elements, and forgets them. Errors stay in `file`. */
void rects_write(struct rects *rects, FILE *file);

void rects_free(struct rects *rects);

#endif
