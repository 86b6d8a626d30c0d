/*
 * The list of signals, for a process or for its whole group. A group is shown
 * before anything is sent to it: kill(2) with -pgid reaches all of it, also
 * what is not watched.
 */
#include "ui.h"

#include <signal.h>
#include <stdio.h>

static const struct {
	char letter;
	int signal;
	const char *label;
} signals[] = {
    {'t', SIGTERM, "SIGTERM  15  asks it to end"},
    {'k', SIGKILL, "SIGKILL   9  ends it, it cannot object"},
    {'i', SIGINT, "SIGINT    2  as ^C does"},
    {'h', SIGHUP, "SIGHUP    1  its terminal is gone"},
    {'s', SIGSTOP, "SIGSTOP  19  stops it, it cannot object"},
    {'c', SIGCONT, "SIGCONT  18  lets it go on"},
    {'1', SIGUSR1, "SIGUSR1  10"},
    {'2', SIGUSR2, "SIGUSR2  12"},
};

enum { SIGNALS = sizeof(signals) / sizeof(*signals) };

static void
add_signals(struct popup *popup)
{
	for (int i = 0; i < SIGNALS; i++)
		popup_add(popup, signals[i].letter, signals[i].label);
}

/* Its name, if it is known; whether it still runs. */
static bool
name_of(const struct ui *ui, const struct model *model, uint32_t pid,
        char *into, size_t room)
{
	const struct process *process =
	    actor_process(&ui_model(ui, model)->actors, pid);

	if (process)
		model_process_label(process, into, room);
	else
		snprintf(into, room, "not watched");
	return process && !process->row.died;
}

static bool
is_in_group(const struct ui_group *group, uint32_t pid)
{
	for (int i = 0; i < group->count && i < UI_GROUP; i++)
		if (group->pids[i] == pid)
			return true;
	return false;
}

/* Never the one that looptop itself is in. */
static bool
find_group(struct ui *ui)
{
	return ui->setup.find_group &&
	       ui->setup.find_group(ui->signal_pid, &ui->group) &&
	       ui->group.count <= UI_GROUP &&
	       !is_in_group(&ui->group, ui->setup.own_pid);
}

/* pid and name stay what they are while the list is open. */
void
ui_ask_signal(struct ui *ui, const struct model *model)
{
	char title[POPUP_TEXT], label[NAME_BYTES], whole[POPUP_TEXT];

	ui->signal_pid = ui_chosen_pid(ui, model);
	ui->signal_since = ui_model(ui, model)->now;
	if (!name_of(ui, model, ui->signal_pid, label, sizeof(label))) {
		ui->focused = PANE_PROCESSES;
		ui_say(ui, model, "Select a process first.");
		return;
	}
	snprintf(title, sizeof(title), "Signal %s, pid %u", label,
	         ui->signal_pid);
	popup_init(&ui->popup, title, -1, -1);
	add_signals(&ui->popup);
	ui->mode = UI_SIGNAL;
	if (!find_group(ui))
		return;
	snprintf(whole, sizeof(whole), "all of its group %u: %d process%s...",
	         ui->group.id, ui->group.count,
	         ui->group.count == 1 ? "" : "es");
	popup_add(&ui->popup, 'g', whole);
}

/* Who is in the group stands below the signals. */
static void
ask_group(struct ui *ui, const struct model *model)
{
	char title[POPUP_TEXT], label[NAME_BYTES], text[POPUP_TEXT];

	snprintf(title, sizeof(title), "Signal all %d of group %u",
	         ui->group.count, ui->group.id);
	popup_init(&ui->popup, title, -1, -1);
	add_signals(&ui->popup);
	for (int i = 0; i < ui->group.count; i++) {
		name_of(ui, model, ui->group.pids[i], label, sizeof(label));
		snprintf(text, sizeof(text), "%7u  %s", ui->group.pids[i],
		         label);
		popup_add(&ui->popup, 0, text);
	}
	ui->mode = UI_SIGNAL_GROUP;
}

void
ui_choose_signal(struct ui *ui, const struct model *model, int n,
                 struct command *command)
{
	if (n >= SIGNALS) {
		ask_group(ui, model);
		return;
	}
	command->kind = COMMAND_SIGNAL;
	command->pid = ui->signal_pid;
	command->since = ui->signal_since;
	command->signal = signals[n].signal;
}

/* One of its processes is no answer. */
void
ui_choose_group_signal(struct ui *ui, const struct model *model, int n,
                       struct command *command)
{
	if (n >= SIGNALS) {
		ask_group(ui, model);
		return;
	}
	ui_choose_signal(ui, model, n, command);
	command->group = ui->group.id;
}
