/*
 * ui: the screen's own state and what keys do to it.
 *
 * A key becomes a request, a request changes this state or becomes a command
 * for the explorer. Drawing changes nothing but which rows are in sight.
 */
#ifndef UI_UI_H
#define UI_UI_H

#include "command.h"
#include "lesson.h"
#include "menu.h"
#include "palette.h"
#include "pane.h"
#include "prompt.h"
#include "theme.h"

enum { UI_GROUP = 24 };

/* A process group, and who is in it. */
struct ui_group {
	uint32_t id;
	int count; /* all; if there are more than UI_GROUP, those are left out
	            */
	uint32_t pids[UI_GROUP];
};

/* The group of a process as it is now; false: it is not known. */
typedef bool ui_find_group(uint32_t pid, struct ui_group *group);

enum { UI_LOADS = 16, UI_LAST_LOAD = 32, UI_SCALES = 5 };

/* A load that the stage can do; for the menu. */
struct ui_load {
	const char *name, *unit, *help;
	long argument;
};

struct ui_setup {
	bool lab; /* there is a stage */
	bool read_only;
	enum theme theme;
	uint32_t own_pid;
	struct ui_load loads[UI_LOADS];
	int load_count;
	ui_find_group *find_group;    /* NULL: groups are not signalled */
	const struct key_table *keys; /* copied; NULL: those of keys.def */
	enum lesson lesson;           /* to begin with, if has_lesson */
	bool has_lesson;
};

/* What the explorer knows and the model does not; for one frame. */
struct ui_status {
	unsigned fps;
	unsigned own_cpu; /* thousandths of a core */
	uint64_t own_rss_kb;
	unsigned requests; /* in the last second */
	uint64_t damaged;
	bool is_replay;
	const char *over;   /* the stage or the program is gone: a sentence */
	const char *target; /* what is watched, for the bar; may be NULL */
};

enum ui_sheet { SHEET_FINDINGS, SHEET_DETAILS };

/* What a prompt is for. */
enum ui_ask { ASK_FIELD, ASK_LOAD, ASK_SEARCH, ASK_FILTER };

enum ui_mode {
	UI_NORMAL,
	UI_MENU,
	UI_PLACE,
	UI_SIGNAL,
	UI_SIGNAL_GROUP,
	UI_THEME,
	UI_PALETTE,
	UI_PROMPT,
	UI_HELP,
	UI_SHEET
};

struct ui {
	struct ui_setup setup;
	struct key_table keys;
	enum ui_mode mode;
	enum pane_id focused;
	bool zoomed, paused, threads, mouse;
	int scale; /* index into the time scales */
	int top[PANES], cursor[PANES];
	struct selection chosen[PANES]; /* what cursors are bound to */
	bool selecting; /* a row was selected: panes show what is linked */
	struct linked linked;  /* to it, in this frame */
	struct selection told; /* what the details are of */
	int concern, concerns; /* the finding that is chosen, of how many */
	struct tree_wish wish;
	struct marks marks;
	char search[TREE_FILTER];
	struct lesson_run lesson;
	struct popup popup;
	struct palette palette;
	enum theme theme;
	enum menu_id menu;
	struct prompt prompt;
	enum ui_ask ask;
	const struct menu_item *item; /* whose fields are being asked for */
	int field;
	struct command command;       /* being put together */
	int load, place;              /* that are being chosen */
	char last_load[UI_LAST_LOAD]; /* "fib", for b and o */
	long last_argument;
	uint32_t signal_pid;
	uint64_t signal_since;
	struct ui_group group; /* of it */
	enum ui_sheet sheet;
	int help_top, help_last; /* of the help or the sheet */
	int rows, cols;
	char saved[160]; /* what the last save was told, for a toast */
	uint64_t saved_at;
	struct model held; /* while paused: the moment that is shown */
};

void ui_init(struct ui *ui, const struct ui_setup *setup);

/* Takes a key. *command says what to do, COMMAND_NONE: nothing. */
void ui_key(struct ui *ui, const struct model *model, const struct key *key,
            struct command *command);

/* Draws a frame; the canvas has been reset to the terminal's size. */
void ui_draw(struct ui *ui, const struct model *model,
             const struct ui_status *status, struct canvas *canvas);

/* Looks at the model for a lesson that runs; before a frame is drawn. */
void ui_watch(struct ui *ui, const struct model *model);

/* A sentence for the lower right corner. */
void ui_say(struct ui *ui, const struct model *model, const char *text);

/* ---- between the files ui*.c ---- */

/* The model that is shown: the one given, or the one that is held. */
const struct model *ui_model(const struct ui *ui, const struct model *model);

/* The view of a pane. */
struct view ui_view(const struct ui *ui, const struct model *model,
                    const struct ui_status *status, enum pane_id pane);

/* ---- ui_select.c: the cursors ---- */

/* Keeps a pane's cursor on its thing, and in sight. */
void ui_settle(struct ui *ui, const struct model *model, enum pane_id pane);

/* What the focused pane's cursor is on. */
struct selection ui_pointed(const struct ui *ui, const struct model *model);

/* Finds what belongs to it, if it was selected. */
void ui_link(struct ui *ui, const struct model *model);
void ui_unselect(struct ui *ui);

/* Moves the cursor of the focused pane; or to a row of a pane, 0 being the
 * first inside its frame; gives a pane the focus, its cursor goes to what is
 * linked; selects a thing in a pane. */
void ui_move(struct ui *ui, const struct model *model, int step);
void ui_point(struct ui *ui, const struct model *model, enum pane_id pane,
              int row);
void ui_focus(struct ui *ui, const struct model *model, enum pane_id pane);
void ui_go(struct ui *ui, const struct selection *thing, enum pane_id pane);

/* Goes to what the chosen finding is about. */
void ui_go_finding(struct ui *ui, const struct model *model,
                   struct command *command);

/* How many linked rows are out of sight. */
struct beyond {
	int above, below;
};
struct beyond ui_beyond(const struct ui *ui, const struct model *model,
                        enum pane_id pane);

/* Does what a request asks for. */
void ui_request(struct ui *ui, const struct model *model, enum request request,
                struct command *command);

/* Why a request would do nothing now, a sentence; NULL: it would do something.
 */
const char *ui_why_not(const struct ui *ui, const struct model *model,
                       enum request request);

/* Rows that a request moves by: -1 is up; 0: it does not move. */
int ui_step_of(enum request request);

/* An item of a menu was chosen; a field was typed; a place, a signal, a theme,
 * a row of the palette was chosen. */
void ui_choose_item(struct ui *ui, const struct model *model, int n,
                    struct command *command);
void ui_choose_place(struct ui *ui, int n, struct command *command);
void ui_choose_signal(struct ui *ui, const struct model *model, int n,
                      struct command *command);
void ui_choose_group_signal(struct ui *ui, const struct model *model, int n,
                            struct command *command);
void ui_choose_theme(struct ui *ui, int n, struct command *command);
void ui_choose_row(struct ui *ui, const struct model *model, int n,
                   struct command *command);
void ui_typed(struct ui *ui, const struct model *model,
              struct command *command);

/* Opens a menu; the list of themes, the palette, the list of signals for the
 * selected process. */
void ui_open_menu(struct ui *ui, enum menu_id menu);
void ui_ask_theme(struct ui *ui);
void ui_open_palette(struct ui *ui, const struct model *model);
void ui_ask_signal(struct ui *ui, const struct model *model);

/* The process that is selected, or whose thread is, else the one under the
 * cursor of the tree; 0: none. */
uint32_t ui_chosen_pid(const struct ui *ui, const struct model *model);

/* ---- ui_lesson.c ---- */

/* Begins a lesson; leaves a step of it out; ends it. */
void ui_begin_lesson(struct ui *ui, enum lesson lesson);
void ui_skip_step(struct ui *ui, const struct model *model);
void ui_end_lesson(struct ui *ui, const struct model *model);

/* Gives the pane of its step the focus, if the command does something. */
void ui_act_for_step(struct ui *ui, const struct model *model,
                     const struct command *command);

/* The rows that it wants; draws it there. */
int ui_strip_rows(const struct ui *ui);
void ui_draw_lesson(const struct ui *ui, const struct model *model,
                    const struct area *area);

/* Asks what to search or filter; goes to the next process that matches, step 1
 * or -1. */
void ui_ask_words(struct ui *ui, enum ui_ask ask);
void ui_find(struct ui *ui, const struct model *model, int step);

/* Begins a message for the stage; adds a field to it. */
void ui_set_stage(struct command *command);
void ui_set_field(struct command *command, const char *name, bool is_number,
                  const char *value);

/* The last load on a place: "main", "worker"; what blocks now, or the last
 * load, in a worker thread. */
void ui_order_load(struct ui *ui, const char *place, struct command *command);
void ui_offload(struct ui *ui, const struct model *model,
                struct command *command);

#endif
