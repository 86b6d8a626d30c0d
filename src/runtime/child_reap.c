/*
 * A child that stays a zombie for a while, to be looked at: nobody waits for it
 * (wait(2), "zombie").
 *
 * libuv reaps every child of a loop as soon as that loop hears SIGCHLD. So this
 * child's handle is on a loop of its own, which is run only when its time has
 * come; our loop watches that loop's descriptor to know when the child is dead.
 * To our loop it looks like a child that ended later.
 */
#include "child_life.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>

struct child_reaper {
	uv_loop_t loop; /* has the process and nothing else */
	struct child_life *life;
	uv_poll_t poll;   /* of that loop, on ours */
	uv_timer_t timer; /* the time as a zombie, on ours */
	uint64_t delay_ms;
	int open;     /* of these two */
	bool running; /* that loop: it cannot be closed now */
};

static void
on_closed(uv_handle_t *handle)
{
	struct child_reaper *reaper = handle->data;
	struct child_life *life = reaper->life;

	if (--reaper->open == 0)
		free(reaper);
	child_closed_one(life);
}

/* When its loop runs that is done after it. */
void
child_reaper_close(struct child_reaper *reaper)
{
	if (reaper->running)
		return;
	reaper->life->reaper = NULL;
	uv_close((uv_handle_t *)&reaper->timer, on_closed);
	uv_close((uv_handle_t *)&reaper->poll, on_closed);
	while (uv_loop_close(&reaper->loop) == UV_EBUSY)
		uv_run(&reaper->loop, UV_RUN_NOWAIT);
}

/* Whether it is over: `exit` has been told, or the child was forgotten. */
static bool
run(struct child_reaper *reaper)
{
	reaper->running = true;
	uv_run(&reaper->loop, UV_RUN_NOWAIT);
	reaper->running = false;
	if (reaper->life->ended)
		child_reaper_close(reaper);
	return reaper->life->ended;
}

static void
reap(uv_timer_t *timer)
{
	if (!run(timer->data))
		uv_timer_start(timer, reap, 1, 0);
}

static bool
is_dead(pid_t pid)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) ==
	           0 &&
	       info.si_pid == pid;
}

/* Some child of ours has ended; when it was another, that is forgotten. */
static void
on_signal(uv_poll_t *poll, int status, int what)
{
	struct child_reaper *reaper = poll->data;

	(void)status;
	(void)what;
	if (is_dead(reaper->life->process.pid)) {
		uv_poll_stop(poll);
		uv_timer_start(&reaper->timer, reap, reaper->delay_ms, 0);
		return;
	}
	run(reaper);
}

static void
on_registered(uv_timer_t *timer)
{
	uv_close((uv_handle_t *)timer, NULL);
}

/* A loop that has never been run has not told epoll(7) of its signals yet. To
 * run it when it has a child could be to reap that. */
static void
register_signals(struct child_reaper *reaper)
{
	uv_timer_t timer;

	uv_timer_init(&reaper->loop, &timer);
	uv_timer_start(&timer, on_registered, 0, 0);
	uv_run(&reaper->loop, UV_RUN_DEFAULT);
}

int
child_reaper_open(struct child_life *life, uv_loop_t *ours, uint64_t delay_ms)
{
	struct child_reaper *reaper = calloc(1, sizeof(*reaper));
	int error = reaper ? uv_loop_init(&reaper->loop) : -ENOMEM;

	if (!error) {
		error = uv_poll_init(ours, &reaper->poll,
		                     uv_backend_fd(&reaper->loop));
		if (error)
			uv_loop_close(&reaper->loop);
	}
	if (error) {
		free(reaper);
		return error;
	}
	uv_timer_init(ours, &reaper->timer);
	reaper->poll.data = reaper->timer.data = reaper;
	reaper->open = 2;
	reaper->life = life;
	register_signals(reaper);
	reaper->delay_ms = delay_ms;
	uv_poll_start(&reaper->poll, UV_READABLE, on_signal);
	life->reaper = reaper;
	life->open += 2;
	return 0;
}

uv_loop_t *
child_reaper_loop(struct child_reaper *reaper)
{
	return &reaper->loop;
}

void
child_reaper_ref(struct child_reaper *reaper, bool ref)
{
	uv_handle_t *handles[] = {
	    (uv_handle_t *)&reaper->poll,
	    (uv_handle_t *)&reaper->timer,
	};

	for (int i = 0; i < 2; i++)
		if (ref)
			uv_ref(handles[i]);
		else
			uv_unref(handles[i]);
}
