/*
 * probe: what this machine permits the observer to see, found out by trying it.
 */
#ifndef OBSERVE_PROBE_H
#define OBSERVE_PROBE_H

#include <stdbool.h>

struct probe {
	const char *name;  /* of the ability */
	const char *gives; /* what is seen by it */
	bool works;
	char why[80];     /* why not, or how it is used; may be "" */
	const char *cure; /* how to get it; NULL: nothing to be done */
};

/* Tries all; returns how many there are, at most `room`. Takes some
 * milliseconds, starts and ends processes of its own. */
int probe_all(struct probe *probes, int room);

#endif
