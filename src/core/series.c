#include "series.h"

#include <stdbool.h>

void
series_advance(struct series *series, uint8_t *const *rings, int rings_n,
               uint64_t time)
{
	uint64_t bin = time / series->bin_ns;
	uint64_t steps;

	if (bin <= series->newest)
		return;
	steps = bin - series->newest;
	if (steps > series->count)
		steps = series->count;
	for (uint64_t i = 0; i < steps; i++)
		for (int r = 0; r < rings_n; r++)
			rings[r][(bin - i) % series->count] = 0;
	series->newest = bin;
}

/* The bins of [first, last] that the ring still holds; false: none. */
static bool
clip(const struct series *series, uint64_t *first, uint64_t *last)
{
	uint64_t oldest = series->newest >= series->count
	                      ? series->newest - series->count + 1
	                      : 0;

	if (*first < oldest)
		*first = oldest;
	if (*last > series->newest)
		*last = series->newest;
	return *first <= *last;
}

static uint8_t
saturate(uint64_t value)
{
	return value > 255 ? 255 : (uint8_t)value;
}

void
series_add(const struct series *series, uint8_t *ring, uint64_t begin,
           uint64_t end, uint64_t busy)
{
	uint64_t first, last, window = end - begin;

	if (end <= begin)
		return;
	if (busy > window)
		busy = window;
	first = begin / series->bin_ns;
	last = (end - 1) / series->bin_ns;
	if (!clip(series, &first, &last))
		return;
	for (uint64_t bin = first; bin <= last; bin++) {
		uint64_t from = bin * series->bin_ns;
		uint64_t to = from + series->bin_ns;
		uint8_t *at = &ring[bin % series->count];
		double share;

		if (from < begin)
			from = begin;
		if (to > end)
			to = end;
		share = (double)busy / (double)window * (double)(to - from) /
		        (double)series->bin_ns;
		*at = saturate(*at + (uint64_t)(share * 255 + 0.5));
	}
}

void
series_mark(const struct series *series, uint8_t *ring, uint64_t begin,
            uint64_t end, uint8_t flags)
{
	uint64_t first = begin / series->bin_ns;
	uint64_t last = end > begin ? (end - 1) / series->bin_ns : first;

	if (!clip(series, &first, &last))
		return;
	for (uint64_t bin = first; bin <= last; bin++)
		ring[bin % series->count] |= flags;
}

void
series_count(const struct series *series, uint8_t *ring, uint64_t begin,
             uint64_t end)
{
	uint64_t first = begin / series->bin_ns;
	uint64_t last = end > begin ? (end - 1) / series->bin_ns : first;

	if (!clip(series, &first, &last))
		return;
	for (uint64_t bin = first; bin <= last; bin++) {
		uint8_t *at = &ring[bin % series->count];

		*at = saturate(*at + 1ull);
	}
}

/* The bins a column of [begin, end) is made of; returns how many. Each bin
 * belongs to one column, so that neighbours do not show the same bin twice. */
static uint64_t
column_bins(const struct series *series, uint64_t begin, uint64_t end,
            uint64_t *first, uint64_t *last)
{
	*first = (begin + series->bin_ns - 1) / series->bin_ns;
	*last = (end + series->bin_ns - 1) / series->bin_ns;
	if (*last > *first)
		--*last;
	else
		*first = *last = begin / series->bin_ns;
	return *last - *first + 1;
}

/* The place in the ring behind `at`. A division for each bin would be most of
 * what a frame costs. */
static uint32_t
next_place(const struct series *series, uint32_t at)
{
	return at + 1 == series->count ? 0 : at + 1;
}

uint8_t
series_mean(const struct series *series, const uint8_t *ring, uint64_t begin,
            uint64_t end)
{
	uint64_t first, last, sum = 0;
	uint64_t count = column_bins(series, begin, end, &first, &last);
	uint32_t at;

	if (!clip(series, &first, &last))
		return 0;
	at = (uint32_t)(first % series->count);
	for (uint64_t bin = first; bin <= last; bin++) {
		sum += ring[at];
		at = next_place(series, at);
	}
	return (uint8_t)((sum + count / 2) / count);
}

uint8_t
series_most(const struct series *series, const uint8_t *ring, uint64_t begin,
            uint64_t end)
{
	uint64_t first, last;
	uint32_t at;
	uint8_t most = 0;

	column_bins(series, begin, end, &first, &last);
	if (!clip(series, &first, &last))
		return 0;
	at = (uint32_t)(first % series->count);
	for (uint64_t bin = first; bin <= last; bin++) {
		if (ring[at] > most)
			most = ring[at];
		at = next_place(series, at);
	}
	return most;
}

uint8_t
series_union(const struct series *series, const uint8_t *ring, uint64_t begin,
             uint64_t end)
{
	uint64_t first, last;
	uint32_t at;
	uint8_t flags = 0;

	column_bins(series, begin, end, &first, &last);
	if (!clip(series, &first, &last))
		return 0;
	at = (uint32_t)(first % series->count);
	for (uint64_t bin = first; bin <= last; bin++) {
		flags |= ring[at];
		at = next_place(series, at);
	}
	return flags;
}
