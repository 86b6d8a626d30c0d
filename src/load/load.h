/*
 * load: work for the runtime to do, on whichever thread it is put.
 */
#ifndef LOAD_LOAD_H
#define LOAD_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* The word that is 1 when the calling thread is to end, NULL: there is none.
 * Loads look at it now and then and return early with no result of worth; a
 * password hash cannot, it is one call of the library. */
void load_watch(const uint32_t *stop);
bool load_should_stop(void);

#define LOAD(function, name, unit, usual, least, most, help) \
	void function(long argument, char *result, size_t room);
#include "loads.def"
#undef LOAD

#endif
