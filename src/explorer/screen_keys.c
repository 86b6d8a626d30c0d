/*
 * Keys, and what the user wants done.
 *
 * In a test (LOOPTOP_TEST set) a mark (OSC 7777 ; n ; ms) is answered when all
 * that came before it has been handled and drawn; a replay's clock then moves
 * by marks alone.
 */
#include "screen_parts.h"

#include "group.h"

#include "ui/term.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { ESCAPE_MS = 30 };

/* ---- commands ---- */

static void
send_signal(struct screen *screen, const struct command *command)
{
	const char *name = sigabbrev_np(command->signal);
	char text[128];
	int error;

	/* Signal 0: it is who it was. */
	error = screen->has_replay
	            ? -ESRCH
	            : observe_signal(screen->session.observe,
	                             (pid_t)command->pid, command->since,
	                             command->group ? 0 : command->signal);
	if (!error && command->group)
		error =
		    group_signal(command->group, command->pid, command->signal);
	if (!error && command->group)
		snprintf(text, sizeof(text), "SIG%s was sent to group %u.",
		         name, command->group);
	else if (error)
		snprintf(text, sizeof(text), "SIG%s to %u: %s.", name,
		         command->pid,
		         error == -ESRCH ? "that process has ended"
		                         : strerror(-error));
	else
		snprintf(text, sizeof(text), "SIG%s was sent to %u.", name,
		         command->pid);
	screen_say(screen, text);
}

/* One that is ending is waited for. */
void
screen_new_stage(struct screen *screen)
{
	int error;

	if (!screen->ui.setup.lab)
		return;
	error = session_start_stage(&screen->session);
	screen->wants_stage = error == -EBUSY && screen->status.over;
	if (screen->wants_stage)
		screen_say(screen, "The last of the old stage is ending.");
	else if (error == -EBUSY)
		screen_say(screen, "The stage is there already.");
	else if (error)
		screen_say(screen, "A new stage cannot be started.");
	else
		screen->status.over = NULL;
}

static void
answer_mark(struct screen *screen, const struct command *command)
{
	char mark[64];
	int size;

	if (screen->virtual_clock && !screen->ui.paused)
		screen->elapsed += command->mark_ms * 1000000;
	screen_play(screen);
	screen_draw(screen);
	size = snprintf(mark, sizeof(mark), "\033]7777;%" PRIu64 ";0\a",
	                command->mark);
	term_send(mark, (size_t)size);
}

/* In a replay everything up to where it is lies in the history. */
static void
seek(struct screen *screen, const struct command *command)
{
	history_seek(&screen->history, &screen->ui.held, command->since);
}

static void
tell_stage(struct screen *screen, const struct command *command)
{
	char key[KEYS_BYTES], text[96];

	/* Its end may be known before its channel is closed. */
	if (!screen->status.over &&
	    lab_command(&screen->session, command) != -EPIPE)
		return;
	snprintf(text, sizeof(text), "There is no stage. %s starts a new one.",
	         screen_key(screen, REQUEST_NEW_STAGE, key));
	screen_say(screen, text);
}

/* What would need the program that was recorded. */
static bool
is_of_the_past(const struct screen *screen, enum command_kind kind)
{
	return screen->has_replay &&
	       (kind == COMMAND_STAGE || kind == COMMAND_NEW_STAGE);
}

static void
obey(struct screen *screen, const struct command *command)
{
	if (is_of_the_past(screen, command->kind)) {
		screen_say(screen, "This is a recording: it can be looked at, "
		                   "nothing can be started in it.");
		return;
	}
	switch (command->kind) {
	case COMMAND_STAGE:
		tell_stage(screen, command);
		break;
	case COMMAND_SIGNAL:
		send_signal(screen, command);
		break;
	case COMMAND_NEW_STAGE:
		screen_new_stage(screen);
		break;
	case COMMAND_SEEK:
		seek(screen, command);
		break;
	case COMMAND_SAVE:
		screen_save(screen);
		break;
	case COMMAND_REDRAW:
		term_redraw();
		break;
	case COMMAND_SUSPEND:
		term_suspend();
		break;
	case COMMAND_MOUSE:
		term_mouse(screen->ui.mouse);
		break;
	case COMMAND_THEME:
		term_theme(screen->ui.theme);
		break;
	case COMMAND_QUIT:
		screen_quit(screen);
		break;
	case COMMAND_MARK:
		answer_mark(screen, command);
		break;
	case COMMAND_NONE:
		break;
	}
}

/* ---- keys ---- */

static void
take_keys(struct screen *screen, bool final)
{
	size_t at = 0;

	while (at < screen->input_size) {
		struct command command;
		struct key key;
		size_t took = key_parse(screen->input + at,
		                        screen->input_size - at, final, &key);

		if (!took)
			break;
		at += took;
		ui_key(&screen->ui, &screen->session.model, &key, &command);
		obey(screen, &command);
	}
	screen->input_size -= at;
	memmove(screen->input, screen->input + at, screen->input_size);
	screen->dirty = true;
	screen_wake(screen);
}

/* Nothing followed the ESC: it was the key. */
static void
on_escape(uv_timer_t *timer)
{
	struct screen *screen = timer->data;

	take_keys(screen, true);
	screen_draw(screen);
}

static void
on_tty(uv_poll_t *poll, int status, int events)
{
	struct screen *screen = poll->data;
	ssize_t got;

	(void)status;
	(void)events;
	got = term_read(screen->input + screen->input_size,
	                SCREEN_INPUT - screen->input_size);
	if (got < 0) {
		uv_poll_stop(poll);
		screen->exit_code = EXIT_SIGNAL + SIGHUP;
		screen_quit(screen);
		return;
	}
	screen->input_size += (size_t)got;
	take_keys(screen, screen->input_size == SCREEN_INPUT);
	uv_timer_stop(&screen->escape_timer);
	if (screen->input_size)
		uv_timer_start(&screen->escape_timer, on_escape, ESCAPE_MS, 0);
	if (!screen->quitting)
		screen_draw(screen);
}

void
screen_open_keys(struct screen *screen)
{
	uv_loop_t *uv = &screen->session.loop.uv;

	uv_poll_init(uv, &screen->tty, term_fd());
	uv_timer_init(uv, &screen->escape_timer);
	screen->tty.data = screen->escape_timer.data = screen;
	uv_poll_start(&screen->tty, UV_READABLE, on_tty);
}
