/* What becomes of the program or the stage, in words on the screen. */
#include "screen_parts.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

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
	screen_quit(screen);
}

static void
on_ended(struct session *session, int status)
{
	struct screen *screen = session->front_data;
	const char *name =
	    WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : NULL;
	char how[32], key[KEYS_BYTES];

	if (screen->quitting)
		return;
	if (name)
		snprintf(how, sizeof(how), "killed by SIG%s", name);
	else
		snprintf(how, sizeof(how), "exit code %d", WEXITSTATUS(status));
	if (session->is_stage) {
		snprintf(screen->over, sizeof(screen->over),
		         "THE STAGE IS GONE: %s   what it had started is ended "
		         "too   [%s] a new stage",
		         how, screen_key(screen, REQUEST_NEW_STAGE, key));
		session_end(session);
	} else {
		snprintf(
		    screen->over, sizeof(screen->over),
		    "THE PROGRAM HAS ENDED: %s after %.1f s   [%s] quit", how,
		    (double)(session->model.now - session->model.start) / 1e9,
		    screen_key(screen, REQUEST_QUIT, key));
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
	else if (screen->wants_stage)
		screen_new_stage(screen);
}

static void
on_sampled(struct session *session)
{
	struct screen *screen = session->front_data;
	char key[KEYS_BYTES];

	if (session->options->verb != VERB_ATTACH || screen->status.over ||
	    observe_alive(session->observe))
		return;
	snprintf(screen->over, sizeof(screen->over),
	         "THE PROCESS HAS ENDED   [%s] quit",
	         screen_key(screen, REQUEST_QUIT, key));
	screen->status.over = screen->over;
}

static void
on_heard(struct session *session, const struct event *event, const char *text)
{
	struct screen *screen = session->front_data;

	history_put(&screen->history, event, text);
}

const struct session_front screen_front = {
    .heard = on_heard,
    .started = on_started,
    .failed = on_failed,
    .ended = on_ended,
    .alone = on_alone,
    .sampled = on_sampled,
};
