/* A lesson on the screen: it goes on with what happens, and shows where. */
#include "lesson_strip.h"
#include "ui.h"

#include <stdio.h>

/* What its texts may name. */
static struct lesson_names
names_of(const struct ui *ui, const char *loads[UI_LOADS])
{
	for (int i = 0; i < ui->setup.load_count; i++)
		loads[i] = ui->setup.loads[i].name;
	return (struct lesson_names){
	    .keys = &ui->keys,
	    .loads = loads,
	    .load_count = ui->setup.load_count,
	};
}

void
ui_begin_lesson(struct ui *ui, enum lesson lesson)
{
	lesson_begin(&ui->lesson, lesson, ui->setup.own_pid);
	ui->zoomed = false;
	ui->paused = false;
}

/* Once in a step: whoever then goes elsewhere stays there. */
static void
show_step(struct ui *ui, const struct model *model)
{
	const struct lesson_step *step =
	    lesson_step(ui->lesson.lesson, ui->lesson.step);

	if (step && !ui->lesson.shown && ui->focused != step->pane)
		ui_focus(ui, model, step->pane);
	ui->lesson.shown = true;
}

/* What was seen last stays in sight until something is done for the next step.
 */
void
ui_watch(struct ui *ui, const struct model *model)
{
	if (lesson_watch(&ui->lesson, model) && ui->lesson.step == 0)
		show_step(ui, model);
}

void
ui_act_for_step(struct ui *ui, const struct model *model,
                const struct command *command)
{
	bool acts =
	    command->kind == COMMAND_STAGE || command->kind == COMMAND_SIGNAL;

	if (ui->lesson.runs && acts)
		show_step(ui, model);
}

void
ui_skip_step(struct ui *ui, const struct model *model)
{
	lesson_skip(&ui->lesson, model);
}

void
ui_end_lesson(struct ui *ui, const struct model *model)
{
	const struct lesson_run *run = &ui->lesson;
	char text[96];

	if (run->step < run->steps) {
		snprintf(text, sizeof(text),
		         "The lesson is left. The menu %s has it and others.",
		         menus[MENU_LESSON].name);
		ui_say(ui, model, text);
	}
	ui->lesson.runs = false;
}

int
ui_strip_rows(const struct ui *ui)
{
	return lesson_strip_rows(&ui->lesson, ui->cols);
}

void
ui_draw_lesson(const struct ui *ui, const struct model *model,
               const struct area *area)
{
	const char *loads[UI_LOADS];
	const struct lesson_names names = names_of(ui, loads);

	if (area->rect.rows)
		lesson_strip_draw(&ui->lesson, &names, model->now, area);
}
