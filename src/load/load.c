#include "load.h"

#include <stdio.h>
#include <string.h>

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
