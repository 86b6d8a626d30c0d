/*
 * tree: the rows of the processes pane: who forked whom, or all in one list,
 * sorted; only those that match; without what is folded.
 */
#ifndef UI_TREE_H
#define UI_TREE_H

#include "core/model.h"

struct view;

enum { TREE_ROWS = 1024, TREE_FOLDED = 64, TREE_FILTER = 64 };

/* What the rows are sorted by; in a tree they are not. */
enum tree_sort { SORT_TREE, SORT_CPU, SORT_RSS, SORT_NAME, SORT_PID, SORTS };

/* How the user wants it. */
struct tree_wish {
	enum tree_sort sort;
	char filter[TREE_FILTER]; /* empty: all */
	uint32_t folded[TREE_FOLDED];
	int folded_count;
};

struct tree_row {
	const struct process *process; /* NULL: looptop itself */
	const struct thread *thread;   /* a thread's row, else NULL */
	int depth;
	uint32_t bars;   /* bit d: a line goes on at depth d */
	bool last;       /* of its parent's children */
	unsigned cpu;    /* thousandths of a core; of a process */
	unsigned hidden; /* rows folded away below it */
};

/* The rows at view->now; those that ended a while ago are left out. Returns
 * how many of `room` it filled. */
int tree_rows(const struct view *view, struct tree_row *rows, int room);

/* Whether name, command line or pid hold `text`, in any case. */
bool tree_matches(const struct process *process, const char *text);

bool tree_is_folded(const struct tree_wish *wish, uint32_t pid);

/* Folds or unfolds what is below a process. */
void tree_fold(struct tree_wish *wish, uint32_t pid);

/* "cpu%": for a title. */
const char *tree_sort_name(enum tree_sort sort);

#endif
