/* The explorer's loop on a terminal: its life and its frames. */
#include "screen.h"

#include "group.h"
#include "pick.h"
#include "screen_parts.h"
#include "stage_path.h"

#include "ui/term.h"

#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SECOND_NS 1000000000ull

void
screen_say(struct screen *screen, const char *text)
{
	ui_say(&screen->ui, &screen->session.model, text);
}

const char *
screen_key(const struct screen *screen, enum request request,
           char into[KEYS_BYTES])
{
	return key_first(&screen->ui.keys, request, into);
}

void
screen_quit(struct screen *screen)
{
	screen->quitting = true;
	if (screen->session.has_program)
		session_end(&screen->session);
	else
		uv_stop(&screen->session.loop.uv);
}

/* ---- frames ---- */

/* What the numbers of the next second are counted from. */
static void
begin_second(struct screen *screen, uint64_t now)
{
	screen->second = now;
	screen->frames = term_frames();
	screen->cpu_ms = session_cost(&screen->session).cpu_ms;
	screen->requests = screen->session.model.totals.requests;
}

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
	begin_second(screen, now);
}

void
screen_draw(struct screen *screen)
{
	int rows, cols;

	term_size(&rows, &cols);
	canvas_reset(&screen->canvas, rows, cols);
	ui_watch(&screen->ui, &screen->session.model);
	ui_draw(&screen->ui, &screen->session.model, &screen->status,
	        &screen->canvas);
	if (term_show(&screen->canvas))
		screen->dirty = false;
}

/* Lets the recording go on to where its clock is. */
void
screen_play(struct screen *screen)
{
	struct session *session = &screen->session;
	char key[KEYS_BYTES];
	int more;

	if (!screen->has_replay)
		return;
	more = replay_until(&screen->replay, session, screen->elapsed);
	model_tick(&session->model, more > 0
	                                ? screen->replay.first + screen->elapsed
	                                : session->model.now);
	if (more > 0 || screen->status.over)
		return;
	snprintf(screen->over, sizeof(screen->over),
	         "THE RECORDING ENDS HERE%s%s   [%s] quit",
	         more < 0 ? "   " : "",
	         more < 0 ? screen->replay.trace.error : "",
	         screen_key(screen, REQUEST_QUIT, key));
	screen->status.over = screen->over;
}

static void on_frame(uv_timer_t *timer);

/* The next frame is due a period after the last one was due, not after it was
 * drawn: so the rate holds although a timer counts whole milliseconds. A frame
 * that comes late is not made up for. */
static void
await_frame(struct screen *screen, uint64_t now)
{
	uint64_t period = SECOND_NS / (uint64_t)screen->session.options->fps;

	screen->due += period;
	if (screen->due < now || screen->due > now + period)
		screen->due = now + period;
	uv_timer_start(&screen->frame_timer, on_frame,
	               (screen->due - now + 500000) / 1000000, 0);
}

/* While paused nothing changes, and nothing is woken up for it: the timer
 * stops until a key, a new size or the end of the pause. */
static void
on_paused_frame(struct screen *screen)
{
	if (screen->dirty)
		screen_draw(screen);
	else if (term_flush())
		uv_timer_stop(&screen->frame_timer);
}

static void
on_frame(uv_timer_t *timer)
{
	struct screen *screen = timer->data;
	uint64_t now = session_now();

	uv_update_time(&screen->session.loop.uv);
	await_frame(screen, now);
	if (screen->ui.paused) {
		on_paused_frame(screen);
		return;
	}
	if (!screen->virtual_clock)
		screen->elapsed += now - screen->drawn;
	screen->drawn = now;
	if (!screen->has_replay)
		session_beat(&screen->session, now);
	screen_play(screen);
	if (now - screen->second >= SECOND_NS && !screen->virtual_clock)
		count_second(screen, now);
	screen_draw(screen);
}

void
screen_wake(struct screen *screen)
{
	if (uv_is_active((uv_handle_t *)&screen->frame_timer))
		return;
	screen->drawn = session_now();
	begin_second(screen, screen->drawn);
	uv_timer_start(&screen->frame_timer, on_frame, 0, 0);
}

/* ---- life ---- */

static void
on_signal(uv_signal_t *handle, int signum)
{
	struct screen *screen = handle->data;

	if (signum == SIGWINCH) {
		screen->dirty = true;
		screen_wake(screen);
		return;
	}
	screen->exit_code = EXIT_SIGNAL + signum;
	screen_quit(screen);
}

static void
on_time_over(uv_timer_t *timer)
{
	screen_quit(timer->data);
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
	uv_timer_init(uv, &screen->frame_timer);
	uv_timer_init(uv, &for_timer);
	screen->frame_timer.data = for_timer.data = screen;
	screen_open_keys(screen);
	uv_timer_start(&screen->frame_timer, on_frame, 0, 0);
	if (options->for_ns)
		uv_timer_start(&for_timer, on_time_over,
		               (options->for_ns + 999999) / 1000000, 0);
}

/* The model and its history are filled from end to end: large pages are a
 * five-hundredth of the faults, at the start too. A kernel without them says
 * no. */
static void
use_large_pages(struct screen *screen)
{
	enum { LARGE = 1 << 21 };
	uintptr_t begin = (uintptr_t)screen / LARGE * LARGE + LARGE;
	uintptr_t end = (uintptr_t)screen + sizeof(*screen);

	(void)madvise((void *)begin, end - begin, MADV_HUGEPAGE);
}

/* Before the terminal is touched: what can fail without it. */
static int
open_session(struct screen *screen, const struct options *options)
{
	char *error = screen->error, path[PATH_MAX];
	size_t room = sizeof(screen->error);
	int code;

	use_large_pages(screen);
	history_init(&screen->history, &screen->session.model);
	if (options->verb == VERB_LAB && stage_path_find(path, sizeof(path))) {
		snprintf(error, room, "stage: %s. Run %s.", STAGE_MISSING,
		         STAGE_CURE);
		return -ENOENT;
	}
	if (options->verb != VERB_REPLAY)
		return session_open(&screen->session, options, &screen_front,
		                    screen, error, room);
	code = replay_open(&screen->replay, options->file, error, room);
	if (code)
		return code;
	screen->has_replay = screen->status.is_replay = true;
	screen->virtual_clock = getenv("LOOPTOP_TEST") != NULL;
	return session_open_replay(&screen->session, options, &screen_front,
	                           screen, error, room);
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
		return session_attach(&screen->session, screen->pid,
		                      screen->pid_start);
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
	struct term_options term = {.ascii = options->ascii,
	                            .no_mouse = !options->mouse,
	                            .theme = screen->ui.theme};
	int code;

	/* A process that does not exist needs no screen to say so. */
	if (options->verb == VERB_ATTACH && options->pid &&
	    kill(options->pid, 0) && errno == ESRCH) {
		snprintf(screen->error, sizeof(screen->error),
		         "attach: %d: there is no such process.",
		         (int)options->pid);
		return complain(screen, "");
	}
	if (term_open(&term, screen->error, sizeof(screen->error)))
		return complain(screen, "");
	screen->pid = options->pid;
	if (options->verb == VERB_ATTACH && !options->pid) {
		code = pick_process(&screen->pid, &screen->pid_start);
		if (code) {
			term_close();
			return code == -ECANCELED
			           ? 0
			           : complain(screen, strerror(-code));
		}
	}
	open_handles(screen);
	/* What is started takes its time; the screen is there at once. */
	screen_draw(screen);
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

/* Brings a replay to the moment that was asked for, and stops there. */
static int
begin_at(struct screen *screen)
{
	struct command command;
	int code;

	screen->elapsed = screen->session.options->at_ns;
	code = replay_seek(&screen->replay, &screen->session, screen->error,
	                   sizeof(screen->error));
	if (code)
		return code;
	model_tick(&screen->session.model,
	           screen->replay.first + screen->elapsed);
	ui_request(&screen->ui, &screen->session.model, REQUEST_PAUSE,
	           &command);
	screen->dirty = true;
	return 0;
}

int
screen_main(const struct options *options)
{
	static struct screen screen;
	struct ui_setup setup = {
	    .own_pid = (uint32_t)getpid(),
	    .read_only = options->read_only,
	    .theme = options->theme,
	    .keys = &options->keys,
	    .lesson = options->lesson,
	    .has_lesson = options->has_lesson,
	};
	int code;

	setlocale(LC_ALL, "");
	if (open_session(&screen, options))
		return complain(&screen, "cannot start");
	/* A recording is shown as it was seen: with the menus of the lab. */
	if (options->verb == VERB_LAB ||
	    strcmp(screen.replay.trace.verb, "lab") == 0)
		lab_setup(&setup);
	if (options->verb == VERB_REPLAY || options->verb == VERB_ATTACH)
		setup.own_pid = 0;
	if (options->verb != VERB_REPLAY)
		setup.find_group = group_find;
	ui_init(&screen.ui, &setup);
	screen.ui.mouse = options->mouse;
	if (options->at_ns && begin_at(&screen))
		return complain(&screen, "cannot start");
	code = run(&screen, options);
	if (screen.has_replay)
		replay_close(&screen.replay);
	if (session_close(&screen.session)) {
		fprintf(stderr, "looptop: %s: could not be written whole.\n",
		        options->record);
		return EXIT_LOOPTOP;
	}
	return code;
}
