/* The dead: zombies until their parent has waited for them, then forgotten. */
#include "nursery.h"

enum { GONE_NS = 10000000, ZOMBIE_NS = 100000000 };

/* Most are waited for at once, and nothing is said of them. */
static void
tell_zombie(struct observe *observe, struct watched *process, bool zombie,
            uint64_t now)
{
	struct event event = {
	    .kind = EVENT_PROCESS_ZOMBIE,
	    .time = now,
	    .pid = (uint32_t)process->pid,
	    .tid = (uint32_t)process->pid,
	    .number = zombie,
	};
	struct fact fact;

	if (process->zombie == zombie || !process->announced)
		return;
	if (zombie && facts_glance(observe->facts, process->pid, &fact) == 0)
		event.other_pid = (uint32_t)fact.ppid;
	process->zombie = zombie;
	observe_tell(observe, &event, NULL);
}

/* Whether nobody can speak of it any more: a zombie is listed among the
 * children until its parent fetches it, and the record of a birth may come
 * after the death has been seen. */
static bool
is_over(struct observe *observe, struct watched *process, uint64_t now)
{
	if (!process->dead)
		return false;
	if (!process->gone && watched_lasts(process)) {
		if (now >= process->ended + ZOMBIE_NS)
			tell_zombie(observe, process, true, now);
		return false;
	}
	if (!process->gone) {
		tell_zombie(observe, process, false, now);
		process->gone = now;
		watched_let_go(observe, process);
	}
	return now - process->gone >= GONE_NS;
}

/* The others stay, lest they be found again. */
void
observe_remove_gone(struct observe *observe, uint64_t now)
{
	int kept = 0;

	for (int i = 0; i < observe->count; i++) {
		if (is_over(observe, observe->rows[i], now)) {
			nursery_forget(observe->nursery, observe->rows[i]->pid);
			watched_free(observe, observe->rows[i]);
		} else {
			observe->rows[kept++] = observe->rows[i];
		}
	}
	observe->count = kept;
}
