/*
 * The explorer's loop on a terminal: keys, frames, the session's events.
 *
 * In a test (LOOPTOP_TEST set) a mark (OSC 7777 ; n ; ms) is answered when all
 * that came before it has been handled and drawn; a replay's clock then moves
 * by marks alone.
 */
#include "screen.h"

#include "lab.h"
#include "replay.h"

#include "ui/term.h"

#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { INPUT_BYTES = 4096, ESCAPE_MS = 30, EXIT_SIGNAL = 128 };
#define SECOND_NS 1000000000ull

struct screen {
	struct session session;
	struct replay replay;
	bool has_replay, virtual_clock, quitting, dirty;
	uint64_t elapsed; /* of a replay, ns */
	uint64_t drawn;   /* when the last frame was, ns */
	uint64_t due;     /* when the next one is */
	struct ui ui;
	struct ui_status status;
	struct canvas canvas;
	uv_poll_t tty;
	uv_timer_t frame_timer, escape_timer;
	uv_signal_t signals[4];
	char input[INPUT_BYTES];
	size_t input_size;
	int exit_code;
	char over[240], error[256];
	/* for the numbers in the bar */
	uint64_t second, frames, requests;
	double cpu_ms;
};

static void
say(struct screen *screen, const char *text)
{
	ui_say(&screen->ui, &screen->session.model, text);
}

/* ---- frames ---- */

static void
count_second(struct screen *screen, uint64_t now)
{
	struct own_cost cost = session_cost(&screen->session);
	uint64_t requests = screen->session.model.totals.requests;
	double seconds = (double)(now - screen->second) / 1e9;

	screen->status.fps =
	    (unsigned)((double)(term_frames() - screen->frames) / seconds +
	               0.5);
	screen->status.own_cpu =
	    (unsigned)((cost.cpu_ms - screen->cpu_ms) / seconds);
	screen->status.own_rss_kb = cost.rss_kb;
	screen->status.requests =
	    (unsigned)((double)(requests - screen->requests) / seconds + 0.5);
	screen->status.damaged = cost.damaged;
	screen->second = now;
	screen->frames = term_frames();
	screen->cpu_ms = cost.cpu_ms;
	screen->requests = requests;
}

static void
draw(struct screen *screen)
{
	int rows, cols;

	term_size(&rows, &cols);
	canvas_reset(&screen->canvas, rows, cols);
	ui_draw(&screen->ui, &screen->session.model, &screen->status,
	        &screen->canvas);
	if (term_show(&screen->canvas))
		screen->dirty = false;
}

/* Lets the recording go on to where its clock is. */
static void
play(struct screen *screen)
{
	struct session *session = &screen->session;
	int more;

	if (!screen->has_replay)
		return;
	more = replay_until(&screen->replay, session, screen->elapsed);
	model_tick(&session->model,
	           more > 0 ? screen->replay.first + screen->elapsed
	                    : session->model.now);
	if (more > 0 || screen->status.over)
		return;
	snprintf(screen->over, sizeof(screen->over),
	         "THE RECORDING ENDS HERE%s%s   [q] quit",
	         more < 0 ? "   " : "",
	         more < 0 ? screen->replay.trace.error : "");
	screen->status.over = screen->over;
}

static void on_frame(uv_timer_t *timer);

/* The next frame is due a period after the last one was due, not after it was
 * drawn: so the rate holds although a timer counts whole milliseconds. A frame
 * that comes late is not made up for. */
static void
await_frame(struct screen *screen, uint64_t now)
{
	uint64_t period =
	    SECOND_NS / (uint64_t)screen->session.options->fps;

	screen->due += period;
	if (screen->due < now || screen->due > now + period)
		screen->due = now + period;
	uv_timer_start(&screen->frame_timer, on_frame,
	               (screen->due - now + 500000) / 1000000, 0);
}

static void
on_frame(uv_timer_t *timer)
{
	struct screen *screen = timer->data;
	uint64_t now = session_now();

	uv_update_time(&screen->session.loop.uv);
	await_frame(screen, now);

	if (!screen->virtual_clock && !screen->ui.paused)
		screen->elapsed += now - screen->drawn;
	screen->drawn = now;
	if (!screen->has_replay)
		model_tick(&screen->session.model, now);
	play(screen);
	if (now - screen->second >= SECOND_NS && !screen->virtual_clock)
		count_second(screen, now);
	if (!screen->ui.paused || screen->dirty)
		draw(screen);
	else
		(void)term_flush();
}

/* ---- commands ---- */

static void
quit(struct screen *screen)
{
	screen->quitting = true;
	if (screen->session.has_program)
		session_end(&screen->session);
	else
		uv_stop(&screen->session.loop.uv);
}

static void
send_signal(struct screen *screen, const struct command *command)
{
	const char *name = sigabbrev_np(command->signal);
	char text[128];
	int error;

	error = screen->has_replay
	                ? -ESRCH
	                : observe_signal(screen->session.observe,
	                                 (pid_t)command->pid, command->since,
	                                 command->signal);
	if (error)
		snprintf(text, sizeof(text), "SIG%s to %u: %s.", name,
		         command->pid,
		         error == -ESRCH ? "that process has ended"
		                         : strerror(-error));
	else
		snprintf(text, sizeof(text), "SIG%s was sent to %u.", name,
		         command->pid);
	say(screen, text);
}

static void
save(struct screen *screen)
{
	char path[64], text[96], *dump;
	FILE *file = NULL;

	for (int i = 1; i < 1000 && !file; i++) {
		snprintf(path, sizeof(path), "looptop-%d.txt", i);
		file = fopen(path, "wxe");
		if (!file && errno != EEXIST)
			break;
	}
	draw(screen);
	dump = canvas_dump(&screen->canvas, false);
	if (file && dump) {
		fputs(dump, file);
		snprintf(text, sizeof(text), "The screen is in %s.", path);
	} else {
		snprintf(text, sizeof(text), "%s: cannot be written: %s.",
		         path, strerror(errno));
	}
	if (file)
		fclose(file);
	free(dump);
	say(screen, text);
}

static void
new_stage(struct screen *screen)
{
	int error;

	if (!screen->ui.setup.lab)
		return;
	error = session_start_stage(&screen->session);
	if (error == -EBUSY)
		say(screen, "The stage is there already.");
	else if (error)
		say(screen, "A new stage cannot be started.");
	else
		screen->status.over = NULL;
}

static void
answer_mark(struct screen *screen, const struct command *command)
{
	char mark[64];
	int size;

	if (screen->virtual_clock)
		screen->elapsed += command->mark_ms * 1000000;
	play(screen);
	draw(screen);
	size = snprintf(mark, sizeof(mark), "\033]7777;%" PRIu64 ";0\a",
	                command->mark);
	term_send(mark, (size_t)size);
}

static void
tell_stage(struct screen *screen, const struct command *command)
{
	if (lab_command(&screen->session, command) == -EPIPE)
		say(screen, "There is no stage. N starts a new one.");
}

static void
obey(struct screen *screen, const struct command *command)
{
	switch (command->kind) {
	case COMMAND_STAGE:
		tell_stage(screen, command);
		break;
	case COMMAND_SIGNAL:
		send_signal(screen, command);
		break;
	case COMMAND_NEW_STAGE:
		new_stage(screen);
		break;
	case COMMAND_SAVE:
		save(screen);
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
	case COMMAND_QUIT:
		quit(screen);
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
		size_t took =
		    key_parse(screen->input + at, screen->input_size - at,
		              final, &key);

		if (!took)
			break;
		at += took;
		ui_key(&screen->ui, &screen->session.model, &key, &command);
		obey(screen, &command);
	}
	screen->input_size -= at;
	memmove(screen->input, screen->input + at, screen->input_size);
	screen->dirty = true;
}

/* Nothing followed the ESC: it was the key. */
static void
on_escape(uv_timer_t *timer)
{
	struct screen *screen = timer->data;

	take_keys(screen, true);
	draw(screen);
}

static void
on_tty(uv_poll_t *poll, int status, int events)
{
	struct screen *screen = poll->data;
	ssize_t got;

	(void)status;
	(void)events;
	got = term_read(screen->input + screen->input_size,
	                INPUT_BYTES - screen->input_size);
	if (got < 0) {
		uv_poll_stop(poll);
		screen->exit_code = EXIT_SIGNAL + SIGHUP;
		quit(screen);
		return;
	}
	screen->input_size += (size_t)got;
	take_keys(screen, screen->input_size == INPUT_BYTES);
	uv_timer_stop(&screen->escape_timer);
	if (screen->input_size)
		uv_timer_start(&screen->escape_timer, on_escape, ESCAPE_MS, 0);
	if (!screen->quitting)
		draw(screen);
}

/* ---- the program ---- */

static void
on_started(struct session *session)
{
	if (session->is_stage)
		lab_begin(session);
}

static void
on_failed(struct session *session, int error)
{
	struct screen *screen = session->front_data;

	snprintf(screen->error, sizeof(screen->error), "%s: %s.",
	         session->options->command[0], strerror(-error));
	screen->exit_code = error == -ENOENT ? EXIT_NO_FILE : EXIT_NO_EXEC;
	quit(screen);
}

static void
on_ended(struct session *session, int status)
{
	struct screen *screen = session->front_data;
	const char *name =
	    WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : NULL;
	char how[32];

	if (screen->quitting)
		return;
	if (name)
		snprintf(how, sizeof(how), "killed by SIG%s", name);
	else
		snprintf(how, sizeof(how), "exit code %d",
		         WEXITSTATUS(status));
	if (session->is_stage) {
		snprintf(screen->over, sizeof(screen->over),
		         "THE STAGE IS GONE: %s   what it had started is ended "
		         "too   [N] a new stage",
		         how);
		session_end(session);
	} else {
		snprintf(screen->over, sizeof(screen->over),
		         "THE PROGRAM HAS ENDED: %s after %.1f s   [q] quit",
		         how,
		         (double)(session->model.now - session->model.start) /
		                 1e9);
		screen->exit_code = WIFSIGNALED(status)
		                            ? EXIT_SIGNAL + WTERMSIG(status)
		                            : WEXITSTATUS(status);
	}
	screen->status.over = screen->over;
}

static void
on_alone(struct session *session)
{
	struct screen *screen = session->front_data;

	if (screen->quitting)
		uv_stop(&session->loop.uv);
}

static void
on_sampled(struct session *session)
{
	struct screen *screen = session->front_data;

	if (session->options->verb != VERB_ATTACH || screen->status.over ||
	    observe_alive(session->observe))
		return;
	snprintf(screen->over, sizeof(screen->over),
	         "THE PROCESS HAS ENDED   [q] quit");
	screen->status.over = screen->over;
}

static const struct session_front front = {
    .started = on_started,
    .failed = on_failed,
    .ended = on_ended,
    .alone = on_alone,
    .sampled = on_sampled,
};

/* ---- life ---- */

static void
on_signal(uv_signal_t *handle, int signum)
{
	struct screen *screen = handle->data;

	if (signum == SIGWINCH) {
		screen->dirty = true;
		return;
	}
	screen->exit_code = EXIT_SIGNAL + signum;
	quit(screen);
}

static void
on_time_over(uv_timer_t *timer)
{
	quit(timer->data);
}

static void
open_handles(struct screen *screen)
{
	static const int caught[] = {SIGTERM, SIGHUP, SIGINT, SIGWINCH};
	static uv_timer_t for_timer;
	const struct options *options = screen->session.options;
	uv_loop_t *uv = &screen->session.loop.uv;

	for (int i = 0; i < 4; i++) {
		uv_signal_init(uv, &screen->signals[i]);
		screen->signals[i].data = screen;
		uv_signal_start(&screen->signals[i], on_signal, caught[i]);
	}
	uv_poll_init(uv, &screen->tty, term_fd());
	uv_timer_init(uv, &screen->frame_timer);
	uv_timer_init(uv, &screen->escape_timer);
	uv_timer_init(uv, &for_timer);
	screen->tty.data = screen->frame_timer.data =
	    screen->escape_timer.data = for_timer.data = screen;
	uv_poll_start(&screen->tty, UV_READABLE, on_tty);
	uv_timer_start(&screen->frame_timer, on_frame, 0, 0);
	if (options->for_ns)
		uv_timer_start(&for_timer, on_time_over,
		               (options->for_ns + 999999) / 1000000, 0);
}

/* Before the terminal is touched: what can fail without it. */
static int
open_session(struct screen *screen, const struct options *options)
{
	char *error = screen->error;
	size_t room = sizeof(screen->error);
	int code;

	if (options->verb != VERB_REPLAY)
		return session_open(&screen->session, options, &front, screen,
		                    error, room);
	code = replay_open(&screen->replay, options->file, error, room);
	if (code)
		return code;
	screen->has_replay = screen->status.is_replay = true;
	screen->virtual_clock = getenv("LOOPTOP_TEST") != NULL;
	return session_open_replay(&screen->session, options, &front, screen,
	                           error, room);
}

static int
start(struct screen *screen, const struct options *options)
{
	switch (options->verb) {
	case VERB_LAB:
		lab_announce();
		return session_start_stage(&screen->session);
	case VERB_RUN:
		return session_run(&screen->session);
	case VERB_ATTACH:
		return session_attach(&screen->session, options->pid);
	default:
		return 0;
	}
}

static int
complain(const struct screen *screen, const char *fallback)
{
	fprintf(stderr, "looptop: %s\n",
	        screen->error[0] ? screen->error : fallback);
	return EXIT_LOOPTOP;
}

static int
run(struct screen *screen, const struct options *options)
{
	struct term_options term = {options->ascii, options->no_mouse};
	int code;

	/* A process that does not exist needs no screen to say so. */
	if (options->verb == VERB_ATTACH && kill(options->pid, 0) &&
	    errno == ESRCH) {
		snprintf(screen->error, sizeof(screen->error),
		         "attach: %d: there is no such process.",
		         (int)options->pid);
		return complain(screen, "");
	}
	if (term_open(&term, screen->error, sizeof(screen->error)))
		return complain(screen, "");
	open_handles(screen);
	code = start(screen, options);
	if (!code) {
		screen->drawn = screen->second = session_now();
		uv_run(&screen->session.loop.uv, UV_RUN_DEFAULT);
	}
	term_close();
	if (code || screen->error[0]) {
		complain(screen, strerror(-code));
		return code ? EXIT_LOOPTOP : screen->exit_code;
	}
	return screen->exit_code;
}

int
screen_main(const struct options *options)
{
	static struct screen screen;
	struct ui_setup setup = {
	    .own_pid = (uint32_t)getpid(),
	    .read_only = options->read_only,
	};
	int code;

	setlocale(LC_ALL, "");
	if (open_session(&screen, options))
		return complain(&screen, "cannot start");
	if (options->verb == VERB_LAB)
		lab_setup(&setup);
	if (options->verb == VERB_REPLAY || options->verb == VERB_ATTACH)
		setup.own_pid = 0;
	ui_init(&screen.ui, &setup);
	code = run(&screen, options);
	if (screen.has_replay)
		replay_close(&screen.replay);
	if (session_close(&screen.session)) {
		fprintf(stderr,
		        "looptop: %s: could not be written whole.\n",
		        options->record);
		return EXIT_LOOPTOP;
	}
	return code;
}
