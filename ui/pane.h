/*
 * pane: a rectangle with a purpose: a pure function from a view of the model to
 * cells. Panes are listed in panes.def.
 */
#ifndef UI_PANE_H
#define UI_PANE_H

#include "layout.h"
#include "linked.h"
#include "marks.h"
#include "request.h"
#include "tree.h"

#include "core/model.h"

/* What a pane is given. It changes nothing. */
struct view {
	const struct model *model;
	uint64_t now;   /* the moment shown, event time */
	uint64_t scale; /* ns in a column of the lanes */
	int top;        /* first row shown; of messages: rows below the last */
	int cursor;     /* the selected row, -1: none */
	bool focused;
	bool roomy;   /* zoomed, or a wide screen: there is room for more */
	bool threads; /* in the process tree */
	const struct marks *marks;    /* set by hand; NULL: none */
	const struct tree_wish *wish; /* NULL: the whole tree */
	const struct key_table *keys; /* NULL: those of keys.def */
	int rows, cols;               /* inside the pane */
	uint32_t own_pid;
	unsigned own_cpu; /* thousandths of a core */
	uint64_t own_rss_kb;
	const struct linked *linked; /* what is selected; NULL: nothing */
	struct selection chosen;     /* the row that the cursor is bound to */
};

enum { PANE_ROWS = 2048 };

/* So long what has ended is still shown. */
#define PANE_LINGER_NS 3000000000ull

struct pane {
	char key;
	const char *title;
	void (*draw)(const struct view *view, const struct area *area);
	/* What each row stands for, from the first to the last, as many of
	 * `room` as there are; rows NULL: only counts them. */
	int (*list)(const struct view *view, struct selection *rows, int room);
	const char *words; /* for the help */
};

extern const struct pane panes[PANES];

#define PANE(id, key, title, draw, list, words) \
	void draw(const struct view *view, const struct area *area); \
	int list(const struct view *view, struct selection *rows, int room);
#include "panes.def"
#undef PANE

/* ---- what several panes show alike ---- */

enum activity {
	ACTIVITY_NONE, /* not an event loop, nothing known */
	ACTIVITY_IDLE,
	ACTIVITY_RUNNING,
	ACTIVITY_BLOCKED,
};

/* What a thread is doing at view->now. */
enum activity pane_activity(const struct view *view,
                            const struct thread *thread);

/* The glyph, word and style of an activity: "* running". */
void pane_put_activity(const struct area *area, int row, int col,
                       enum activity activity);

/* The threads that have a lane, in the order they are shown: loops that
 * answer, other main loops, worker threads, the pool. Returns how many of
 * `room` it filled. */
int pane_lanes(const struct view *view, const struct thread **lanes, int room);

/* How many lanes there is room for from view->top on. */
int pane_loops_shown(const struct view *view);

/* The lane that is drawn in a row of the pane; -1: none. */
int pane_loops_at(const struct view *view, int row);

/* How many messages there is room for. Their view->top is how many newer ones
 * are below the last that is shown. */
int pane_messages_shown(const struct view *view);

/* The cursor of the focused pane, over the first `cols` columns of a row. */
void pane_put_cursor(const struct area *area, int row, int cols);

/* The first line of output that is shown. */
int pane_output_top(const struct view *view);

/* Marks a row as linked: a bar at the left margin, and the words from `col` on
 * underlined. A row that is not linked stays as it is. */
void pane_put_link(const struct area *area, int row, int col, int cols,
                   enum link link);

/* What a thread is called; two processes of the same name, and threads of two
 * processes, are told apart by their pids. */
const char *pane_label(const struct view *view, const struct thread *thread,
                       char *into, size_t room);

/* "340 ms", "1.52 s": at most seven columns. */
const char *pane_duration(uint64_t ns, char into[16]);

/* How a process ended: "exit 0", "SIGKILL", "ended". */
const char *pane_end(const struct process *process, char *into, size_t room);

/* Whether it is a zombie: it ended, and nobody has waited for it yet. */
bool pane_is_zombie(const struct process *process);

/* An eighth block for level 0..8; 0 is a faint baseline. */
uint32_t pane_block(int level);

#endif
