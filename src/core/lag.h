/*
 * lag: how late a timer would be, as shares of the time.
 *
 * A moment in an iteration of length d is followed by up to d of lag. So a
 * loop that knows how long its iterations were knows for how much of the time
 * a timer would have come less than 1 ms late, 1 to 5 ms late and so on. It
 * says so once a second, in the text of loop-gauge.
 */
#ifndef CORE_LAG_H
#define CORE_LAG_H

#include "histogram.h"

#include <stddef.h>
#include <stdint.h>

enum { LAG_CLASSES = 6, LAG_GAUGES = 16, LAG_TEXT = 80 };

/* The last LAG_GAUGES gauges of a loop. Plain data. */
struct lags {
	uint32_t count; /* gauges that came; the newest at count - 1 */
	uint32_t us[LAG_GAUGES][LAG_CLASSES];
	uint32_t worst_us[LAG_GAUGES];
};

/* What all that is known comes to. */
struct lag_shares {
	uint64_t window;           /* ns that it is of; 0: nothing known */
	uint64_t worst;            /* ns */
	double share[LAG_CLASSES]; /* 0..1 */
};

/* The lag from which on a class counts, ns: 0, 1 ms, 5 ms, 20, 100, 300. */
uint64_t lag_class(int n);

/* Writes the microseconds of `window` ns that each class takes, for
 * iterations of these lengths: the text of a loop-gauge. Returns its bytes. */
size_t lag_write(char into[LAG_TEXT], const struct histogram *lengths,
                 uint64_t window);

/* Takes such a text, from anywhere; what is none changes nothing. */
void lag_read(struct lags *lags, const char *text, uint64_t worst);

/* `blocked`: the loop has been blocked for so long by now, ns, which no gauge
 * has told yet. */
void lag_sum(const struct lags *lags, uint64_t blocked,
             struct lag_shares *shares);

#endif
