/*
 * menu: the menu bar and what its items do, from menus.def.
 */
#ifndef UI_MENU_H
#define UI_MENU_H

#include "command.h"
#include "popup.h"
#include "request.h"

enum menu_id {
#define MENU(menu, letter, name) menu,
#define ITEM(menu, letter, label, request, ...)
#include "menus.def"
#undef MENU
#undef ITEM
	MENUS,
};

struct menu_field {
	const char *name;   /* NULL: none */
	const char *prompt; /* NULL: not asked for, `usual` it is */
	const char *usual;
	bool is_number;
};

struct menu_item {
	enum menu_id menu;
	char letter;
	const char *label;
	enum request request;
	struct menu_field fields[COMMAND_FIELDS];
};

struct menu {
	char letter;
	const char *name;
};

extern const struct menu menus[MENUS];

/* The n-th item of a menu; NULL: it has fewer. */
const struct menu_item *menu_item(enum menu_id menu, int n);

/* The menu that a letter opens, MENUS: none. */
enum menu_id menu_of_letter(uint32_t letter, bool lab);

/* Whether a menu is there: without a stage (`lab` false) only those are that
 * need none. */
bool menu_is_shown(enum menu_id menu, bool lab);

/* The column in the bar at which a menu's name begins, and the menu whose name
 * is at a column (MENUS: none). */
int menu_col(enum menu_id menu, bool lab);
enum menu_id menu_at(int col, bool lab);

/* Draws the names; `open`: the one that is open, MENUS: none. Returns the
 * column behind them. */
int menu_draw(const struct area *area, enum menu_id open, bool lab);

#endif
