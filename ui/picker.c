#include "picker.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD = 3, FOOT = 2, PID_COLS = 8, USER_COLS = 10, AGE_COLS = 7 };
enum { CTRL_C = 3, CTRL_U = 21 };

void
picker_init(struct picker *picker)
{
	memset(picker, 0, sizeof(*picker));
	picker->page = 10;
}

/* ---- what matches ---- */

static bool
holds(const char *text, const char *part, size_t length)
{
	for (; *text; text++)
		if (strncasecmp(text, part, length) == 0)
			return true;
	return length == 0;
}

/* Every word of the search is in the command, the user or the pid. */
static bool
matches(const struct picker *picker, const struct picker_row *row)
{
	const char *word = picker->search;
	char pid[16];

	if ((picker->filter == PICKER_LOOPS && !row->waits) ||
	    (picker->filter == PICKER_OWN && !row->own))
		return false;
	snprintf(pid, sizeof(pid), "%u", row->pid);
	while (*word) {
		size_t length = strcspn(word, " ");

		if (!holds(row->command, word, length) &&
		    !holds(row->user, word, length) &&
		    !holds(pid, word, length))
			return false;
		word += length;
		word += strspn(word, " ");
	}
	return true;
}

static int
by_worth(const void *a, const void *b)
{
	const struct picker_row *one = a, *other = b;

	if (one->waits != other->waits)
		return one->waits ? -1 : 1;
	if (one->start != other->start)
		return one->start > other->start ? -1 : 1;
	return one->pid > other->pid ? -1 : one->pid < other->pid;
}

static void
select_row(struct picker *picker)
{
	const struct picker_row *row = picker_selected(picker);

	picker->pid = row ? row->pid : 0;
	picker->start = row ? row->start : 0;
}

static void
match_all(struct picker *picker)
{
	picker->shown_count = 0;
	for (int i = 0; i < picker->count; i++)
		if (matches(picker, &picker->rows[i]))
			picker->shown[picker->shown_count++] = i;
}

void
picker_take(struct picker *picker, struct picker_row *rows, int count)
{
	picker->rows = rows;
	picker->count = count < PICKER_ROWS ? count : PICKER_ROWS;
	if (count > 1)
		qsort(rows, (size_t)picker->count, sizeof(*rows), by_worth);
	match_all(picker);
	for (int i = 0; i < picker->shown_count; i++) {
		const struct picker_row *row = &rows[picker->shown[i]];

		if (row->pid == picker->pid && row->start == picker->start)
			picker->cursor = i;
	}
	if (picker->cursor >= picker->shown_count)
		picker->cursor =
		    picker->shown_count ? picker->shown_count - 1 : 0;
	/* Not before somebody has moved: until then the first is meant. */
	if (picker->pid)
		select_row(picker);
}

const struct picker_row *
picker_selected(const struct picker *picker)
{
	if (picker->cursor >= picker->shown_count)
		return NULL;
	return &picker->rows[picker->shown[picker->cursor]];
}

/* ---- keys ---- */

static void
move(struct picker *picker, int step)
{
	picker->cursor += step;
	if (picker->cursor >= picker->shown_count)
		picker->cursor = picker->shown_count - 1;
	if (picker->cursor < 0)
		picker->cursor = 0;
	select_row(picker);
}

/* Another search: the best of what matches is selected. */
static void
search_again(struct picker *picker)
{
	match_all(picker);
	picker->cursor = picker->top = 0;
	picker->pid = 0;
	picker->said[0] = '\0';
}

static void
type(struct picker *picker, uint32_t code)
{
	size_t length = strlen(picker->search);

	if (code < ' ' || code >= 127 || length + 1 >= sizeof(picker->search))
		return;
	picker->search[length] = (char)code;
	picker->search[length + 1] = '\0';
	search_again(picker);
}

static enum picker_state
leave_or_clear(struct picker *picker)
{
	if (!picker->search[0])
		return PICKER_LEFT;
	picker->search[0] = '\0';
	search_again(picker);
	return PICKER_OPEN;
}

static void
rub_out(struct picker *picker)
{
	size_t length = strlen(picker->search);

	if (length)
		picker->search[length - 1] = '\0';
	search_again(picker);
}

static void
click(struct picker *picker, const struct key *key)
{
	int row = picker->top + key->row - HEAD;

	if (key->row < HEAD || row >= picker->shown_count)
		return;
	move(picker, row - picker->cursor);
}

enum picker_state
picker_key(struct picker *picker, const struct key *key)
{
	switch (key->code) {
	case KEY_CODE_ENTER:
		return picker_selected(picker) ? PICKER_PICKED : PICKER_OPEN;
	case CTRL_C:
		return PICKER_LEFT;
	case KEY_ESC:
		return leave_or_clear(picker);
	case CTRL_U:
		picker->search[0] = '\0';
		search_again(picker);
		break;
	case KEY_CODE_BACKSPACE:
	case '\b':
		rub_out(picker);
		break;
	case '\t':
		picker->filter = (picker->filter + 1) % PICKER_FILTERS;
		search_again(picker);
		break;
	case KEY_CODE_UP:
	case KEY_CODE_WHEEL_UP:
		move(picker, -1);
		break;
	case KEY_CODE_DOWN:
	case KEY_CODE_WHEEL_DOWN:
		move(picker, 1);
		break;
	case KEY_CODE_PAGE_UP:
		move(picker, -picker->page);
		break;
	case KEY_CODE_PAGE_DOWN:
		move(picker, picker->page);
		break;
	case KEY_CODE_HOME:
		move(picker, -PICKER_ROWS);
		break;
	case KEY_CODE_END:
		move(picker, PICKER_ROWS);
		break;
	case KEY_CODE_MOUSE:
		click(picker, key);
		break;
	default:
		type(picker, key->code);
		break;
	}
	return PICKER_OPEN;
}

/* ---- drawing ---- */

static void
put_age(const struct area *area, int row, int end, enum style style,
        uint64_t seconds)
{
	static const struct {
		uint64_t seconds;
		const char *unit;
	} units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
	char text[24];
	int i = 0;

	while (i < 3 && seconds < units[i].seconds)
		i++;
	snprintf(text, sizeof(text), "%u %s",
	         (unsigned)(seconds / units[i].seconds), units[i].unit);
	area_right(area, row, end, style, text);
}

static void
put_row(const struct area *area, int row, const struct picker_row *of,
        bool chosen)
{
	enum style plain = of->why[0] ? STYLE_GONE : STYLE_PLAIN;
	int user = PID_COLS + 2, age = user + USER_COLS + AGE_COLS;
	char pid[16];

	snprintf(pid, sizeof(pid), "%u", of->pid);
	area_right(area, row, PID_COLS, plain, pid);
	area_cut(area, row, user, USER_COLS - 1, STYLE_LABEL, of->user);
	put_age(area, row, age, STYLE_LABEL, of->age);
	if (of->waits)
		area_text(area, row, age + 2, STYLE_RUNNING, "loop");
	area_cut(area, row, age + 8, area->rect.cols - age - 9, plain,
	         of->command);
	if (!chosen)
		return;
	area_put(area, row, 0, 0x25b8, STYLE_BOLD);
	area_restyle(area, row, 0, area->rect.cols, STYLE_SELECT);
}

static void
put_head(const struct picker *picker, const struct area *area)
{
	static const char *const filters[] = {
	    [PICKER_ALL] = "all processes",
	    [PICKER_LOOPS] = "only loops",
	    [PICKER_OWN] = "only yours",
	};
	int age = PID_COLS + 2 + USER_COLS + AGE_COLS, end;

	area_fill(area, 0, 0, area->rect.cols, ' ', STYLE_MENU);
	end = area_text(area, 0, 1, STYLE_MENU_NAME, "looptop");
	area_text(area, 0, end + 1, STYLE_MENU, "attach to which process?");
	area_right(area, 0, area->rect.cols - 1, STYLE_MENU_FAINT,
	           filters[picker->filter]);
	end = area_text(area, 1, 1, STYLE_LABEL, "search: ");
	end = area_text(area, 1, end, STYLE_INPUT, picker->search);
	end = area_text(area, 1, end, STYLE_INPUT, "_");
	area_cut(area, 1, end + 3, area->rect.cols - end - 4, STYLE_WAITING,
	         picker->said);
	area_right(area, 2, PID_COLS, STYLE_LABEL, "pid");
	area_text(area, 2, PID_COLS + 2, STYLE_LABEL, "user");
	area_right(area, 2, age, STYLE_LABEL, "age");
	area_text(area, 2, age + 8, STYLE_LABEL, "command");
}

static void
put_foot(const struct picker *picker, const struct area *area)
{
	const struct picker_row *selected = picker_selected(picker);
	int row = area->rect.rows - 2, end = 1;
	static const char *const keys[][2] = {
	    {"Enter", "attach"}, {"Esc", "leave"},      {"Tab", "filter"},
	    {"Up Down", "move"}, {"letters", "search"},
	};

	if (selected && selected->why[0])
		area_cut(area, row, 1, area->rect.cols - 2, STYLE_WAITING,
		         selected->why);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		end = area_text(area, row + 1, end, STYLE_KEY, keys[i][0]);
		end =
		    area_text(area, row + 1, end + 1, STYLE_LABEL, keys[i][1]) +
		    3;
	}
}

void
picker_draw(struct picker *picker, const struct area *area)
{
	int page = area->rect.rows - HEAD - FOOT;

	picker->page = page > 1 ? page : 1;
	if (picker->cursor < picker->top)
		picker->top = picker->cursor;
	if (picker->cursor >= picker->top + picker->page)
		picker->top = picker->cursor - picker->page + 1;
	put_head(picker, area);
	if (!picker->shown_count)
		area_text(area, HEAD, PID_COLS + 2, STYLE_LABEL,
		          "No process matches.");
	for (int i = 0; i < page && picker->top + i < picker->shown_count; i++)
		put_row(area, HEAD + i,
		        &picker->rows[picker->shown[picker->top + i]],
		        picker->top + i == picker->cursor);
	if (page > 0)
		put_foot(picker, area);
}
