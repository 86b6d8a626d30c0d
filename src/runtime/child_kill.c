/*
 * Failures, before line one: it has ended, and its number may be somebody
 * else's by now (-ESRCH, nothing is sent); it is not ours to kill (-EPERM, also
 * told as `error`); it survives (nothing more is done).
 */
#include "child_life.h"

#include <errno.h>
#include <signal.h>

int
child_kill(struct child *child, int signal)
{
	int error;

	if (!child->life || !child->pid || child->life->ended)
		return -ESRCH;
	error = spawn_kill(&child->life->process, signal);
	if (!error)
		child->killed = true;
	if (error && error != -ESRCH && error != -EINVAL &&
	    child->events->error)
		child->events->error(child, error);
	return error;
}

int
child_kill_group(struct child *child, int signal)
{
	if (!child->pid || !child->detached)
		return -EINVAL;
	if (kill(-child->pid, signal) < 0)
		return -errno;
	if (child->life && !child->life->ended)
		child->killed = true;
	return 0;
}

void
child_give_up(struct child *child)
{
	child_kill(child, child->life->kill_signal);
	if (child->max_buffer)
		child_streams_destroy(child->life);
}

void
child_abort(struct child *child)
{
	struct child_life *life = child->life;

	if (!life || child->error == -ECANCELED ||
	    child_kill(child, life->kill_signal))
		return;
	child_note(child, NOTE_WARNING, "aborted with SIG%s",
	           child_signal_name(life->kill_signal));
	child->error = -ECANCELED;
	if (child->max_buffer)
		child_streams_destroy(life);
	child_tell_done(child);
	if (child->events->error)
		child->events->error(child, child->error);
}

void
child_on_timeout(uv_timer_t *timer)
{
	struct child_life *life = timer->data;

	child_note(life->child, NOTE_WARNING,
	           "its %llu ms are over, it is killed with SIG%s",
	           (unsigned long long)life->timeout_ms,
	           child_signal_name(life->kill_signal));
	child_give_up(life->child);
}
