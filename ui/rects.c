#include "rects.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

enum { ROOM = 256, PER_LINE = 8 };

int
rects_add(struct rects *rects, const struct coloured_rect *rect)
{
	struct coloured_rect *last =
	    rects->count ? &rects->items[rects->count - 1] : NULL;

	if (last && last->colour == rect->colour && last->y == rect->y &&
	    last->height == rect->height && last->x + last->width == rect->x) {
		last->width += rect->width;
		return 0;
	}
	if (rects->count == rects->room) {
		size_t room = rects->room ? 2 * rects->room : ROOM;
		void *more = realloc(rects->items, room * sizeof(*rect));

		if (!more)
			return -ENOMEM;
		rects->items = more;
		rects->room = room;
	}
	rects->items[rects->count++] = *rect;
	return 0;
}

static int
order(const void *a, const void *b)
{
	const struct coloured_rect *l = a, *r = b;

	if (l->colour != r->colour)
		return l->colour < r->colour ? -1 : 1;
	if (l->x != r->x)
		return l->x < r->x ? -1 : 1;
	if (l->width != r->width)
		return l->width < r->width ? -1 : 1;
	return (l->y > r->y) - (l->y < r->y);
}

static bool
is_below(const struct coloured_rect *upper, const struct coloured_rect *lower)
{
	return upper->colour == lower->colour && upper->x == lower->x &&
	       upper->width == lower->width &&
	       lower->y <= upper->y + upper->height;
}

/* Joins what stands on top of each other; leaves them sorted by colour. */
static void
join(struct rects *rects)
{
	size_t kept = 0;

	qsort(rects->items, rects->count, sizeof(*rects->items), order);
	for (size_t i = 0; i < rects->count; i++) {
		struct coloured_rect *next = &rects->items[i];
		struct coloured_rect *last =
		    kept ? &rects->items[kept - 1] : NULL;
		int bottom = next->y + next->height;

		if (!last || !is_below(last, next))
			rects->items[kept++] = *next;
		else if (bottom > last->y + last->height)
			last->height = bottom - last->y;
	}
	rects->count = kept;
}

void
rects_write(struct rects *rects, FILE *file)
{
	int in_line = 0;

	if (rects->count)
		join(rects);
	for (size_t i = 0; i < rects->count; i++) {
		const struct coloured_rect *rect = &rects->items[i];
		bool is_last =
		    i + 1 == rects->count || rect[1].colour != rect->colour;

		if (i == 0 || rect[-1].colour != rect->colour) {
			fprintf(file, "<path fill=\"#%06x\" d=\"",
			        rect->colour);
			in_line = 0;
		} else if (in_line++ % PER_LINE == PER_LINE - 1) {
			fputc('\n', file);
		}
		fprintf(file, "M%d %dh%dv%dh%dz", rect->x, rect->y, rect->width,
		        rect->height, -rect->width);
		if (is_last)
			fputs("\"/>\n", file);
	}
	rects->count = 0;
}

void
rects_free(struct rects *rects)
{
	free(rects->items);
	*rects = (struct rects){0};
}
