/*
 * histogram: how often which duration came, within 12 %: eight buckets for
 * each doubling. Plain data, like everything in the model.
 */
#ifndef CORE_HISTOGRAM_H
#define CORE_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_BUCKETS = 8 * 45 };

struct histogram {
	uint64_t count;
	uint64_t sum;
	uint64_t most;
	uint32_t buckets[HISTOGRAM_BUCKETS];
};

/* Adds one value (any unit; ns here). */
void histogram_add(struct histogram *histogram, uint64_t value);

/* The value below which `share` (0..1) of all lie; 0 when there are none. The
 * largest is exact. */
uint64_t histogram_quantile(const struct histogram *histogram, double share);

/* By how much the values that are above `limit` are above it, in sum. */
double histogram_excess(const struct histogram *histogram, uint64_t limit);

#endif
