/*
 * A child that stays a zombie for a while, to be looked at: nobody waits for it
 * (wait(2), "zombie").
 *
 * Its pidfd is readable when it has ended. A copy of that descriptor is watched
 * here, so that its time begins then; spawn_keep_zombie() keeps it meanwhile.
 * To everybody else it is a child that ended later.
 */
#include "child_life.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct child_reaper {
	struct child_life *life;
	uv_poll_t poll; /* of the copy */
	uv_timer_t timer;
	int pidfd; /* the copy */
	uint64_t delay_ms;
	int open; /* of the two handles */
};

static void
on_closed(uv_handle_t *handle)
{
	struct child_reaper *reaper = handle->data;
	struct child_life *life = reaper->life;

	if (--reaper->open == 0) {
		close(reaper->pidfd);
		free(reaper);
	}
	child_closed_one(life);
}

void
child_reaper_close(struct child_reaper *reaper)
{
	reaper->life->reaper = NULL;
	uv_close((uv_handle_t *)&reaper->timer, on_closed);
	uv_close((uv_handle_t *)&reaper->poll, on_closed);
}

static void
reap(uv_timer_t *timer)
{
	struct child_reaper *reaper = timer->data;

	spawn_keep_zombie(&reaper->life->process, false);
	child_reaper_close(reaper);
}

static void
on_ended(uv_poll_t *poll, int status, int what)
{
	struct child_reaper *reaper = poll->data;

	(void)status;
	(void)what;
	uv_poll_stop(poll);
	uv_timer_start(&reaper->timer, reap, reaper->delay_ms, 0);
}

/* Without a copy of the descriptor it is a child like others. */
void
child_reaper_open(struct child_life *life, uint64_t delay_ms)
{
	uv_loop_t *loop = &life->child->loop->uv;
	struct child_reaper *reaper = calloc(1, sizeof(*reaper));
	int pidfd = fcntl(life->process.pidfd, F_DUPFD_CLOEXEC, 3);

	if (!reaper || pidfd < 0 || uv_poll_init(loop, &reaper->poll, pidfd)) {
		if (pidfd >= 0)
			close(pidfd);
		free(reaper);
		return;
	}
	uv_timer_init(loop, &reaper->timer);
	reaper->poll.data = reaper->timer.data = reaper;
	reaper->life = life;
	reaper->pidfd = pidfd;
	reaper->delay_ms = delay_ms;
	reaper->open = 2;
	life->reaper = reaper;
	life->open += 2;
	spawn_keep_zombie(&life->process, true);
	uv_poll_start(&reaper->poll, UV_READABLE, on_ended);
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
