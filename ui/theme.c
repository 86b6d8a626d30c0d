#include "theme.h"

#include <string.h>

const struct theme_row themes[THEMES] = {
#define THEME(id, letter, name, purpose, ink, paper) \
	[id] = {letter, name, purpose, ink, paper},
#include "themes.def"
#undef THEME
};

struct row {
	short fg, bg, fg8, bg8;
	int attributes;
};

#define BOLD LOOK_BOLD
#define REVERSE LOOK_REVERSE
#define UNDERLINE LOOK_UNDERLINE
#define DARK(...) [THEME_DARK] = {__VA_ARGS__}
#define LIGHT(...) [THEME_LIGHT] = {__VA_ARGS__}
#define CONTRAST(...) [THEME_CONTRAST] = {__VA_ARGS__}
static const struct {
	int mono;
	struct row rows[THEME_MONO];
} looks[STYLES] = {
#define STYLE(id, mono, ...) [id] = {mono, {__VA_ARGS__}},
#include "styles.def"
#undef STYLE
};

struct look
theme_look(enum theme theme, enum theme_depth depth, enum style style)
{
	struct look look = {-1, -1, looks[style].mono};
	const struct row *row;

	if (theme == THEME_MONO || depth == DEPTH_NONE)
		return look;
	row = &looks[style].rows[theme];
	look.fg = depth == DEPTH_8 ? row->fg8 : row->fg;
	look.bg = depth == DEPTH_8 ? row->bg8 : row->bg;
	look.attributes = row->attributes;
	return look;
}

bool
theme_named(const char *name, enum theme *theme)
{
	for (int i = 0; i < THEMES; i++)
		if (strcmp(themes[i].name, name) == 0) {
			*theme = (enum theme)i;
			return true;
		}
	return false;
}

/* The first 16 are xterm's as it comes; then a cube, then greys. */
uint32_t
theme_rgb(int index)
{
	static const uint32_t named[16] = {
	    0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd,
	    0x00cdcd, 0xe5e5e5, 0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00,
	    0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff,
	};
	static const uint8_t levels[6] = {0, 95, 135, 175, 215, 255};
	uint32_t level;

	if (index < 16)
		return named[index];
	if (index >= 232) {
		level = 8 + 10 * ((uint32_t)index - 232u);
		return level << 16 | level << 8 | level;
	}
	index -= 16;
	return (uint32_t)levels[index / 36] << 16 |
	       (uint32_t)levels[index / 6 % 6] << 8 | levels[index % 6];
}
