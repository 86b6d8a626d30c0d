#include "lesson_strip.h"

#include <stdio.h>
#include <string.h>

enum { NARROW = 80, LEFT = 1, END_TEXT = 512 };

/* So long what was seen stays where there is one row for all. */
#define READ_NS 4000000000ull

static bool
is_over(const struct lesson_run *run)
{
	return run->step == run->steps;
}

int
lesson_strip_rows(const struct lesson_run *run, int cols)
{
	int rows = cols < NARROW ? 4 : cols < LAYOUT_WIDE_COLS ? 3 : 2;

	if (!run->runs)
		return 0;
	return is_over(run) ? rows + 1 + (cols < NARROW) : rows;
}

/* ---- words in lines ---- */

struct lines {
	const struct area *area;
	int row, col, left;
	int last, last_cols; /* the last row, and how much of it is free */
};

static int
width_of(const struct lesson_word *word)
{
	return canvas_width(word->text) + (word->kind == LESSON_KEY ? 2 : 0);
}

/* Of a word and what sticks to it. */
static int
group_width(const struct lesson_word *words, int count)
{
	int width = width_of(words);

	for (int i = 1; i < count && words[i].glued; i++)
		width += width_of(&words[i]);
	return width;
}

static void
put_word(struct lines *lines, const struct lesson_word *word)
{
	static const enum style styles[] = {
	    [LESSON_PLAIN] = STYLE_PLAIN, [LESSON_KEY] = STYLE_KEY,
	    [LESSON_TYPED] = STYLE_INPUT, [LESSON_TIMES] = STYLE_BOLD,
	    [LESSON_STRONG] = STYLE_BOLD,
	};
	char cap[LESSON_WORD + 2];

	snprintf(cap, sizeof(cap), word->kind == LESSON_KEY ? " %s " : "%s",
	         word->text);
	lines->col = area_text(lines->area, lines->row, lines->col,
	                       styles[word->kind], cap);
}

/* Makes room for a group; false: there is none. */
static bool
make_room(struct lines *lines, int width)
{
	int cols = lines->row == lines->last ? lines->last_cols
	                                     : lines->area->rect.cols - 1;
	bool begins = lines->col == lines->left;

	if (begins || lines->col + 1 + width <= cols) {
		lines->col += !begins;
		return true;
	}
	if (lines->row == lines->last)
		return false;
	lines->row++;
	lines->col = lines->left;
	return true;
}

static void
put_words(struct lines *lines, const struct lesson_word *words, int count)
{
	for (int i = 0; i < count; i++) {
		if (!(words[i].glued && i) &&
		    !make_room(lines, group_width(&words[i], count - i))) {
			area_put(lines->area, lines->row, lines->col, 0x2026,
			         STYLE_PLAIN);
			return;
		}
		put_word(lines, &words[i]);
	}
}

static void
put_text(struct lines *lines, const char *text,
         const struct lesson_names *names)
{
	struct lesson_word words[LESSON_WORDS];

	put_words(lines, words, lesson_words(text, names, words, LESSON_WORDS));
}

/* ---- the parts ---- */

/* How to leave, at the right of a row; returns where it begins. */
static int
put_leave(const struct area *area, int row, const struct lesson_run *run,
          const struct lesson_names *names)
{
	const char *text =
	    is_over(run) ? "{back} closes" : "{lesson-skip} skips {back} ends";
	struct lesson_word words[8];
	struct lines lines = {.area = area, .row = row, .last = row};
	int count = lesson_words(text, names, words, 8), width = 0;

	for (int i = 0; i < count; i++)
		width += width_of(&words[i]) + 1;
	lines.left = lines.col = area->rect.cols - width;
	lines.last_cols = area->rect.cols;
	put_words(&lines, words, count);
	return lines.left;
}

static void
put_done(const struct lesson_run *run, const struct area *area)
{
	enum style style = *run->done ? STYLE_MENU_LIVE : STYLE_MENU_FAINT;
	int col =
	    area_format(area, 0, LEFT, style, "%s %d/%d ",
	                *run->done ? "\u2713" : "-", run->step, run->steps);

	area_cut(area, 0, col, area->rect.cols - col - 1, style,
	         *run->done ? run->done : "left out");
}

/* What was seen last; why it was not; before anything was, what it is about. */
static void
put_bar(const struct lesson_run *run, const struct area *area)
{
	const struct lesson_row *row = &lessons[run->lesson];
	int cols = area->rect.cols - LEFT - 1, col;

	area_fill(area, 0, 0, area->rect.cols, ' ', STYLE_MENU);
	if (!is_over(run) && run->look.text[0]) {
		area_cut(area, 0, LEFT, cols, STYLE_MENU_KEY, run->look.text);
	} else if (run->step) {
		put_done(run, area);
	} else {
		col = area_format(area, 0, LEFT, STYLE_MENU_NAME, "Lesson %s  ",
		                  row->name);
		area_cut(area, 0, col, area->rect.cols - col - 1, STYLE_MENU,
		         row->title);
	}
}

static const struct lesson_word in_node = {
    .kind = LESSON_STRONG,
    .text = "In Node:",
};

static void
put_end(const struct lesson_run *run, const struct lesson_names *names,
        struct lines *lines)
{
	const struct lesson_row *row = &lessons[run->lesson];
	int next = (int)run->lesson + 1;
	char seen[END_TEXT / 2], text[END_TEXT];

	lesson_seen(run, seen, sizeof(seen));
	put_text(lines, seen, names);
	put_words(lines, &in_node, 1);
	put_text(lines, row->node, names);
	if (next < LESSONS)
		snprintf(text, sizeof(text), "Next: {Lesson/%s} %s.",
		         lessons[next].name, lessons[next].name);
	else
		snprintf(text, sizeof(text), "That was the last lesson.");
	put_text(lines, text, names);
}

static void
put_step(const struct lesson_run *run, const struct lesson_names *names,
         struct lines *lines)
{
	if (!run->begun) {
		put_text(lines, "The stage is starting.", names);
		return;
	}
	lines->col = lines->left =
	    area_format(lines->area, lines->row, LEFT, STYLE_BOLD, "%d/%d ",
	                run->step + 1, run->steps);
	put_text(lines, lesson_step(run->lesson, run->step)->text, names);
}

void
lesson_strip_draw(const struct lesson_run *run,
                  const struct lesson_names *names, uint64_t now,
                  const struct area *area)
{
	struct lines lines = {.area = area, .col = LEFT, .left = LEFT};

	lines.last = area->rect.rows - 1;
	lines.last_cols = area->rect.cols - 1;
	if (lines.last > 0) {
		put_bar(run, area);
		lines.row = 1;
		lines.last_cols = put_leave(area, lines.last, run, names) - 1;
	} else if (run->step && now < run->done_at + READ_NS) {
		put_bar(run, area);
		return;
	}
	if (is_over(run))
		put_end(run, names, &lines);
	else
		put_step(run, names, &lines);
}
