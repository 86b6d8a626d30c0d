#include "load.h"

#include <stdio.h>
#include <string.h>

/* Loads know nothing of the thread they run on. */
static _Thread_local const uint32_t *watched;

void
load_watch(const uint32_t *stop)
{
	watched = stop;
}

bool
load_should_stop(void)
{
	return watched && __atomic_load_n(watched, __ATOMIC_RELAXED);
}

const struct load loads[] = {
#define LOAD(function, name, unit, usual, least, most, help) \
	{function, name, unit, usual, least, most, help},
#include "loads.def"
#undef LOAD
};

const size_t load_count = sizeof(loads) / sizeof(*loads);

const struct load *
load_find(const char *name)
{
	for (size_t i = 0; i < load_count; i++)
		if (strcmp(loads[i].name, name) == 0)
			return &loads[i];
	return NULL;
}

const char *
load_label(const struct load *load, long argument, char *into, size_t room)
{
	snprintf(into, room, "%s(%ld)", load->name, argument);
	return into;
}
