/*
 * The watch ends when the program has ended, or the process attached to, or
 * the time of --for is over, or a signal comes. Then what is left of the
 * program's descendants is ended too, what they still say is read, and the
 * summary is written.
 */
#include "headless.h"

#include "session.h"

#include "observe/permit.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

struct headless {
	struct session session;
	uv_timer_t for_timer;
	uv_signal_t signals[3];
	int exit_code;
	bool done; /* the exit code is known */
};

static void
say(const char *what, const char *why)
{
	fprintf(stderr, "looptop: %s: %s.\n", what, why);
}

static void
finish(struct headless *headless, int code)
{
	if (!headless->done)
		headless->exit_code = code;
	headless->done = true;
	if (headless->session.has_program)
		session_end(&headless->session);
	else
		uv_stop(&headless->session.loop.uv);
}

/* ---- the program ---- */

static void
on_failed(struct session *session, int error)
{
	struct headless *headless = session->front_data;

	say(session->options->command[0], strerror(-error));
	finish(headless, error == -ENOENT ? EXIT_NO_FILE : EXIT_NO_EXEC);
}

static void
on_ended(struct session *session, int status)
{
	struct headless *headless = session->front_data;
	int left = observe_alive(session->observe);

	if (left && !headless->done)
		fprintf(stderr,
		        "looptop: %s has ended; %d of its descendants still "
		        "ran and %s ended too.\n",
		        session->options->command[0], left,
		        left == 1 ? "is" : "are");
	finish(headless, WIFSIGNALED(status) ? 128 + WTERMSIG(status)
	                                     : WEXITSTATUS(status));
}

static void
on_alone(struct session *session)
{
	uv_stop(&session->loop.uv);
}

static void
on_sampled(struct session *session)
{
	/* Attached: nobody tells us of the end but the observer. */
	if (session->options->verb == VERB_ATTACH &&
	    !observe_alive(session->observe))
		finish(session->front_data, 0);
}

static const struct session_front front = {
    .failed = on_failed,
    .ended = on_ended,
    .alone = on_alone,
    .sampled = on_sampled,
};

/* ---- time and signals ---- */

static void
on_time_over(uv_timer_t *timer)
{
	finish(timer->data, 0);
}

/* The program in the foreground gets a SIGINT of its own from the terminal;
 * it decides, and we wait for it. */
static void
on_signal(uv_signal_t *handle, int signum)
{
	struct headless *headless = handle->data;

	if (signum == SIGINT && headless->session.has_program &&
	    !headless->done) {
		headless->done = true;
		headless->exit_code = 128 + SIGINT;
		return;
	}
	headless->done = true;
	headless->exit_code = 128 + signum;
	finish(headless, 128 + signum);
}

static void
open_handles(struct headless *headless)
{
	static const int caught[] = {SIGINT, SIGTERM, SIGHUP};
	uv_loop_t *uv = &headless->session.loop.uv;
	uint64_t for_ns = headless->session.options->for_ns;

	for (int i = 0; i < 3; i++) {
		uv_signal_init(uv, &headless->signals[i]);
		headless->signals[i].data = headless;
		uv_signal_start(&headless->signals[i], on_signal, caught[i]);
	}
	uv_timer_init(uv, &headless->for_timer);
	headless->for_timer.data = headless;
	if (for_ns)
		uv_timer_start(&headless->for_timer, on_time_over,
		               (for_ns + 999999) / 1000000, 0);
}

/* Pipes and FIFO may hold more than one round's worth. */
static void
read_rest(struct session *session)
{
	for (int i = 0; i < 1000 && (session->out.open || session->err.open);
	     i++)
		uv_run(&session->loop.uv, UV_RUN_NOWAIT);
	session_drain(session);
}

static void
write_summary(struct session *session)
{
	struct own_cost cost = session_cost(session);

	if (session->options->mode == OUTPUT_JSON)
		summary_json(session->json.file, &session->model, &cost);
	else
		summary_table(session->json.file, &session->model, &cost);
	fflush(session->json.file);
}

/* On the screen the observer's note is seen; here it is one line of many. */
static void
say_permission(pid_t pid)
{
	char why[160];

	if (!permit_process(pid, NULL, why, sizeof(why)))
		fprintf(stderr, "looptop: attach: %d: %s\n", (int)pid, why);
}

static int
start(struct headless *headless)
{
	const struct options *options = headless->session.options;
	char pid[32];
	int error;

	error = options->verb == VERB_ATTACH
	            ? session_attach(&headless->session, options->pid, 0)
	            : session_run(&headless->session);
	if (!error && options->verb == VERB_ATTACH)
		say_permission(options->pid);
	if (!error)
		return 0;
	if (error == -ESRCH) {
		snprintf(pid, sizeof(pid), "attach: %d", (int)options->pid);
		say(pid, "there is no such process");
	} else {
		say("run", strerror(-error));
	}
	return EXIT_LOOPTOP;
}

int
headless_main(const struct options *options)
{
	static struct headless headless;
	struct session *session = &headless.session;
	char error[256] = "";
	int code = session_open(session, options, &front, &headless, error,
	                        sizeof(error));

	if (code) {
		fprintf(stderr, "looptop: %s\n",
		        *error ? error : strerror(-code));
		return EXIT_LOOPTOP;
	}
	open_handles(&headless);
	code = start(&headless);
	if (!code) {
		uv_run(&session->loop.uv, UV_RUN_DEFAULT);
		read_rest(session);
		if (headless.exit_code != EXIT_NO_FILE &&
		    headless.exit_code != EXIT_NO_EXEC)
			write_summary(session);
		code = headless.exit_code;
	}
	if (session_close(session)) {
		say(options->record ? options->record : options->output,
		    "could not be written whole");
		return EXIT_LOOPTOP;
	}
	return code;
}
