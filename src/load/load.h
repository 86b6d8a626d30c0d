/*
 * load: work for the runtime to do, on whichever thread it is put.
 */
#ifndef LOAD_LOAD_H
#define LOAD_LOAD_H

#include <stddef.h>

struct load {
	/* Does the work on the calling thread and writes a short result. */
	void (*run)(long argument, char *result, size_t room);
	const char *name;
	const char *unit; /* of the argument */
	long argument, least, most;
	const char *help;
};

/* All loads, in the order of loads.def. */
extern const struct load loads[];
extern const size_t load_count;

/* The load with that name; NULL: there is none. */
const struct load *load_find(const char *name);

/* The load and its argument as a call: "fib(42)". */
const char *load_label(const struct load *load, long argument, char *into,
                       size_t room);

#define LOAD(function, name, unit, usual, least, most, help) \
	void function(long argument, char *result, size_t room);
#include "loads.def"
#undef LOAD

#endif
