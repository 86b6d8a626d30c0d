/* What can be asked of the observer itself. */
#include "nursery.h"

#include "pidfd.h"

enum { RATE_HURRY = 100 };

int
observe_fd(const struct observe *observe)
{
	return observe->epoll;
}

int
observe_alive(const struct observe *observe)
{
	int alive = 0;

	for (int i = 0; i < observe->count; i++)
		alive += !observe->rows[i]->dead;
	return alive;
}

int
observe_rate(const struct observe *observe)
{
	return observe->sampled < observe->hurry ? RATE_HURRY : 0;
}

bool
observe_is_told(const struct observe *observe)
{
	if (nursery_source(observe->nursery) == BIRTHS_NONE)
		return false;
	for (int i = 0; i < observe->count; i++)
		if (!observe->rows[i]->speaks && !observe->rows[i]->dead)
			return false;
	return true;
}

const char *
observe_loop_method(const struct observe *observe)
{
	return observe->perf ? "sampled at 50 to 100 Hz, may miss < 20 ms"
	                     : "perf switch records";
}

const char *
observe_method(const struct observe *observe)
{
	return observe->keeps_status || nursery_has_status(observe->nursery)
	           ? "deaths at once with their exit status"
	           : "deaths at once, exit status only while a zombie lasts";
}
