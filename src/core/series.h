/*
 * series: the last stretch of time in bins, as a ring of bytes.
 *
 * Bin n holds the time [n * bin_ns, (n + 1) * bin_ns). A ring holds the newest
 * `count` bins; older ones are forgotten, bins of the future are 0.
 */
#ifndef CORE_SERIES_H
#define CORE_SERIES_H

#include <stdint.h>

struct series {
	uint64_t bin_ns;
	uint32_t count;  /* length of the rings that go with it */
	uint64_t newest; /* number of the newest bin written */
};

/* What a stretch of time looks like when it is one column on the screen. */
struct column {
	uint8_t busy;    /* 0..255: share of the time */
	uint8_t flags;   /* of any bin in it */
	uint8_t waiting; /* most in any bin in it */
};

/* Makes bins up to `time` exist: those passed over become 0 in each of the
 * `rings`. A step back in time changes nothing. */
void series_advance(struct series *series, uint8_t *const *rings, int rings_n,
                    uint64_t time);

/* Spreads `busy` ns evenly over [begin, end), as shares of each bin in 255ths.
 * The series must have been advanced to `end`. */
void series_add(const struct series *series, uint8_t *ring, uint64_t begin,
                uint64_t end, uint64_t busy);

/* Ors `flags` into the bins that [begin, end) touches. */
void series_mark(const struct series *series, uint8_t *ring, uint64_t begin,
                 uint64_t end, uint8_t flags);

/* Adds one to the bins that [begin, end) touches, up to 255. */
void series_count(const struct series *series, uint8_t *ring, uint64_t begin,
                  uint64_t end);

/* Mean (0..255) and most over the bins that begin in [begin, end), or over the
 * one that holds `begin` when none begins there. */
uint8_t series_mean(const struct series *series, const uint8_t *ring,
                    uint64_t begin, uint64_t end);
uint8_t series_most(const struct series *series, const uint8_t *ring,
                    uint64_t begin, uint64_t end);
uint8_t series_union(const struct series *series, const uint8_t *ring,
                     uint64_t begin, uint64_t end);

#endif
