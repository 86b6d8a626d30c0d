#include "box.h"

#include <string.h>

enum {
	LINES_FIRST = 0x2500,
	CURVES_FIRST = 0x256d,
	CURVES_LAST = 0x2573,
	BLOCKS_FIRST = 0x2580,
	BLOCKS_LAST = 0x259f,
	BRAILLE_FIRST = 0x2800,
	BRAILLE_LAST = 0x28ff,
};

enum weight { NONE, LIGHT, HEAVY, DOUBLE };
enum direction { LEFT, RIGHT, UP, DOWN };

/* U+2500..257F: the weights of the four arms, one digit each: left, right, up,
 * down. 0: a curve, see below. */
/* clang-format off */
static const uint16_t lines[128] = {
	0x1100, 0x2200, 0x0011, 0x0022, 0x1100, 0x2200, 0x0011, 0x0022, /* 2500 */
	0x1100, 0x2200, 0x0011, 0x0022, 0x0101, 0x0201, 0x0102, 0x0202,
	0x1001, 0x2001, 0x1002, 0x2002, 0x0110, 0x0210, 0x0120, 0x0220, /* 2510 */
	0x1010, 0x2010, 0x1020, 0x2020, 0x0111, 0x0211, 0x0121, 0x0112,
	0x0122, 0x0221, 0x0212, 0x0222, 0x1011, 0x2011, 0x1021, 0x1012, /* 2520 */
	0x1022, 0x2021, 0x2012, 0x2022, 0x1101, 0x2101, 0x1201, 0x2201,
	0x1102, 0x2102, 0x1202, 0x2202, 0x1110, 0x2110, 0x1210, 0x2210, /* 2530 */
	0x1120, 0x2120, 0x1220, 0x2220, 0x1111, 0x2111, 0x1211, 0x2211,
	0x1121, 0x1112, 0x1122, 0x2121, 0x1221, 0x2112, 0x1212, 0x2221, /* 2540 */
	0x2212, 0x2122, 0x1222, 0x2222, 0x1100, 0x2200, 0x0011, 0x0022,
	0x3300, 0x0033, 0x0301, 0x0103, 0x0303, 0x3001, 0x1003, 0x3003, /* 2550 */
	0x0310, 0x0130, 0x0330, 0x3010, 0x1030, 0x3030, 0x0311, 0x0133,
	0x0333, 0x3011, 0x1033, 0x3033, 0x3301, 0x1103, 0x3303, 0x3310, /* 2560 */
	0x1130, 0x3330, 0x3311, 0x1133, 0x3333, 0,      0,      0,
	0,      0,      0,      0,      0x1000, 0x0010, 0x0100, 0x0001, /* 2570 */
	0x2000, 0x0020, 0x0200, 0x0002, 0x1200, 0x0012, 0x2100, 0x0021,
};
/* clang-format on */

/* U+256D..2573: four rounded corners, three diagonals. */
static const struct box_curve curves[] = {
    {16, 17, "a7 7 0 0 0-7 7v8"},
    {0, 17, "h2a7 7 0 0 1 7 7v8"},
    {0, 17, "h2a7 7 0 0 0 7-7v-10"},
    {16, 17, "a7 7 0 0 1-7-7v-10"},
    {16, 0, "l-16 32"},
    {0, 0, "l16 32"},
    {0, 0, "l16 32m0-32l-16 32"},
};

/*
 * A cell with lines in it is cut into 5 by 5 zones, at the edges of the lines
 * through its middle: a light line fills the middle strip, a heavy one three
 * strips, a double one the outer two of these three.
 */
enum { ZONES = 5, MIDDLE = 2 };
static const int zone_x[ZONES + 1] = {0, 6, 8, 10, 12, 16};
static const int zone_y[ZONES + 1] = {0, 14, 16, 18, 20, 32};

struct zones {
	bool is_filled[ZONES][ZONES]; /* row, column */
};

static enum weight
arm(uint16_t arms, enum direction direction)
{
	return arms >> (12 - 4 * direction) & 0xf;
}

/* Sets the strips `side` on either side of the middle of an arm, from its end
 * at the cell's edge `reach` zones inwards. */
static void
set_arm(struct zones *zones, enum direction direction, int side, int reach,
        bool value)
{
	for (int strip = MIDDLE - side; strip <= MIDDLE + side; strip++)
		for (int i = 0; i <= reach; i++) {
			bool far = direction == RIGHT || direction == DOWN;
			int depth = far ? ZONES - 1 - i : i;

			if (direction == LEFT || direction == RIGHT)
				zones->is_filled[strip][depth] = value;
			else
				zones->is_filled[depth][strip] = value;
		}
}

/* How many zones an arm goes inwards: to the far edge of the lines it meets,
 * so that corners are closed; but a single line that ends at a double one
 * stops at the nearer of the two. */
static int
reach_of(uint16_t arms, enum direction direction)
{
	bool is_level = direction == LEFT || direction == RIGHT;
	enum weight a = arm(arms, is_level ? UP : LEFT);
	enum weight b = arm(arms, is_level ? DOWN : RIGHT);
	enum weight behind = arm(arms, direction ^ 1);

	if (a == DOUBLE && b == DOUBLE && behind == NONE &&
	    arm(arms, direction) != DOUBLE)
		return MIDDLE - 1;
	return a >= HEAVY || b >= HEAVY ? MIDDLE + 1 : MIDDLE;
}

static void
set_lines(struct zones *zones, uint16_t arms)
{
	for (enum direction d = LEFT; d <= DOWN; d++)
		if (arm(arms, d) == DOUBLE)
			set_arm(zones, d, 1, reach_of(arms, d), true);
	for (enum direction d = LEFT; d <= DOWN; d++)
		if (arm(arms, d) == DOUBLE)
			set_arm(zones, d, 0, MIDDLE, false);
	for (enum direction d = LEFT; d <= DOWN; d++) {
		enum weight weight = arm(arms, d);

		if (weight == LIGHT || weight == HEAVY)
			set_arm(zones, d, weight == HEAVY, reach_of(arms, d),
			        true);
	}
}

static int
line_rects(uint16_t arms, struct box_rect *rects)
{
	struct zones zones = {0};
	int count = 0;

	set_lines(&zones, arms);
	for (int row = 0; row < ZONES; row++)
		for (int col = 0; col < ZONES; col++) {
			int first = col;

			while (col < ZONES && zones.is_filled[row][col])
				col++;
			if (col == first)
				continue;
			rects[count++] =
			    (struct box_rect){zone_x[first], zone_y[row],
			                      zone_x[col] - zone_x[first],
			                      zone_y[row + 1] - zone_y[row]};
		}
	return count;
}

/* How many dashes a line has; 0: it is whole. */
static int
dashes(uint32_t point)
{
	if (point >= 0x2504 && point <= 0x2507)
		return 3;
	if (point >= 0x2508 && point <= 0x250b)
		return 4;
	return point >= 0x254c && point <= 0x254f ? 2 : 0;
}

static int
dash_rects(uint16_t arms, int count, struct box_rect *rects)
{
	bool is_level = arm(arms, LEFT) != NONE;
	bool is_heavy = arm(arms, is_level ? LEFT : UP) == HEAVY;
	int from = MIDDLE - is_heavy, to = MIDDLE + is_heavy + 1;
	int length = is_level ? BOX_WIDTH : BOX_HEIGHT;

	for (int i = 0; i < count; i++) {
		int begin = i * length / count;
		int gap = length / count * 3 / 8;
		int end = (i + 1) * length / count - gap;

		begin += gap / 2;
		end += gap / 2;
		rects[i] =
		    (struct box_rect){zone_x[from], begin,
		                      zone_x[to] - zone_x[from], end - begin};
		if (is_level)
			rects[i] =
			    (struct box_rect){begin, zone_y[from], end - begin,
			                      zone_y[to] - zone_y[from]};
	}
	return count;
}

static int
quadrant_rects(uint32_t point, struct box_rect *rects)
{
	/* U+2596..259F; bits: upper left, upper right, lower left, right. */
	static const uint8_t quadrants[] = {4, 8, 1, 13, 9, 7, 11, 2, 6, 14};
	uint8_t bits = quadrants[point - 0x2596];
	int count = 0;

	for (int i = 0; i < 4; i++)
		if (bits >> i & 1)
			rects[count++] = (struct box_rect){
			    i % 2 * BOX_WIDTH / 2, i / 2 * BOX_HEIGHT / 2,
			    BOX_WIDTH / 2, BOX_HEIGHT / 2};
	return count;
}

static int
block_rects(uint32_t point, struct box_rect *rects)
{
	int eighths;

	*rects = (struct box_rect){0, 0, BOX_WIDTH, BOX_HEIGHT};
	if (point >= 0x2596)
		return quadrant_rects(point, rects);
	if (point == 0x2580) {
		rects->height /= 2;
	} else if (point <= 0x2588) {
		eighths = (int)point - 0x2580;
		rects->height = eighths * BOX_HEIGHT / 8;
		rects->y = BOX_HEIGHT - rects->height;
	} else if (point <= 0x258f) {
		eighths = 0x2590 - (int)point;
		rects->width = eighths * BOX_WIDTH / 8;
	} else if (point == 0x2590) {
		rects->x = rects->width /= 2;
	} else if (point == 0x2594) {
		rects->height /= 8;
	} else if (point == 0x2595) {
		rects->width /= 8;
		rects->x = BOX_WIDTH - rects->width;
	}
	return 1;
}

bool
box_is_shape(uint32_t point)
{
	return (point >= LINES_FIRST && point <= BLOCKS_LAST) ||
	       (point >= BRAILLE_FIRST && point <= BRAILLE_LAST);
}

bool
box_is_block(uint32_t point)
{
	return point >= BLOCKS_FIRST && point <= BLOCKS_LAST;
}

int
box_rects(uint32_t point, struct box_rect rects[BOX_RECTS])
{
	if (box_is_block(point))
		return block_rects(point, rects);
	if (point < LINES_FIRST || point > BLOCKS_LAST)
		return 0;
	if (dashes(point))
		return dash_rects(lines[point - LINES_FIRST], dashes(point),
		                  rects);
	return line_rects(lines[point - LINES_FIRST], rects);
}

int
box_shade(uint32_t point)
{
	return point >= 0x2591 && point <= 0x2593 ? (int)point - 0x2590 : 4;
}

const struct box_curve *
box_curve(uint32_t point)
{
	if (point < CURVES_FIRST || point > CURVES_LAST)
		return NULL;
	return &curves[point - CURVES_FIRST];
}

int
box_dots(uint32_t point, struct box_dot dots[BOX_DOTS])
{
	/* Row and column of the bits, in the order of Unicode. */
	static const uint8_t rows[] = {0, 1, 2, 0, 1, 2, 3, 3};
	static const uint8_t cols[] = {0, 0, 0, 1, 1, 1, 0, 1};
	int count = 0;

	if (point < BRAILLE_FIRST || point > BRAILLE_LAST)
		return 0;
	for (int i = 0; i < BOX_DOTS; i++)
		if (point >> i & 1)
			dots[count++] =
			    (struct box_dot){4 + 8 * cols[i], 4 + 8 * rows[i]};
	return count;
}
