#include "menu.h"

#include <stddef.h>
#include <string.h>

enum { FIRST_COL = 10, GAP = 2 };

const struct menu menus[MENUS] = {
#define MENU(menu, letter, name) [menu] = {letter, name},
#define ITEM(menu, letter, label, request, ...)
#include "menus.def"
#undef MENU
#undef ITEM
};

#define FIELD(...) \
	{ \
		__VA_ARGS__ \
	}
#define TEXT(name, prompt, usual) FIELD(name, prompt, usual, false)
#define NUMBER(name, prompt, usual) FIELD(name, prompt, usual, true)
#define IS(name, value) FIELD(name, NULL, value, false)
#define COUNT(name, value) FIELD(name, NULL, value, true)
#define NOTHING FIELD(NULL, NULL, NULL, false)
static const struct menu_item items[] = {
#define MENU(menu, letter, name)
#define ITEM(menu, letter, label, request, ...) \
	{menu, letter, label, request, {__VA_ARGS__}},
#include "menus.def"
#undef MENU
#undef ITEM
};

const struct menu_item *
menu_item(enum menu_id menu, int n)
{
	for (size_t i = 0; i < sizeof(items) / sizeof(*items); i++)
		if (items[i].menu == menu && n-- == 0)
			return &items[i];
	return NULL;
}

bool
menu_is_shown(enum menu_id menu, bool lab)
{
	return lab || menu == MENU_VIEW || menu == MENU_HELP;
}

enum menu_id
menu_of_letter(uint32_t letter, bool lab)
{
	for (int i = 0; i < MENUS; i++)
		if ((uint32_t)menus[i].letter == letter &&
		    menu_is_shown((enum menu_id)i, lab))
			return (enum menu_id)i;
	return MENUS;
}

int
menu_col(enum menu_id menu, bool lab)
{
	int col = FIRST_COL;

	for (int i = 0; i < (int)menu; i++)
		if (menu_is_shown((enum menu_id)i, lab))
			col += (int)strlen(menus[i].name) + GAP;
	return col;
}

enum menu_id
menu_at(int col, bool lab)
{
	for (int i = 0; i < MENUS; i++) {
		int from = menu_col((enum menu_id)i, lab);

		if (menu_is_shown((enum menu_id)i, lab) && col >= from &&
		    col < from + (int)strlen(menus[i].name))
			return (enum menu_id)i;
	}
	return MENUS;
}

/* The letter is marked where the name has it first, large or small. */
static int
letter_at(const struct menu *menu)
{
	for (int i = 0; menu->name[i]; i++)
		if ((menu->name[i] | 0x20) == menu->letter)
			return i;
	return 0;
}

int
menu_draw(const struct area *area, enum menu_id open, bool lab)
{
	int end = FIRST_COL;

	for (int i = 0; i < MENUS; i++) {
		int col = menu_col((enum menu_id)i, lab);
		enum style style = i == (int)open ? STYLE_CHOICE : STYLE_MENU;

		if (!menu_is_shown((enum menu_id)i, lab))
			continue;
		end = area_text(area, 0, col, style, menus[i].name);
		area_restyle(area, 0, col + letter_at(&menus[i]), 1,
		             STYLE_MENU_KEY);
	}
	return end;
}
