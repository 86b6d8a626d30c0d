/*
 * What the rules share; not for other modules.
 */
#ifndef CORE_FINDINGS_PARTS_H
#define CORE_FINDINGS_PARTS_H

#include "findings.h"
#include "model.h"

#define FINDINGS_SECOND_NS 1000000000ull

static inline uint64_t
findings_ago(uint64_t time, uint64_t length)
{
	return time > length ? time - length : 0;
}

static inline bool
findings_is_older(const struct row *row, uint64_t time, uint64_t age)
{
	return row->born + age <= time;
}

#endif
