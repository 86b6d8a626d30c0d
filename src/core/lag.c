#include "lag.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t classes[LAG_CLASSES + 1] = {
    0, 1000000, 5000000, 20000000, 100000000, 300000000, UINT64_MAX};

uint64_t
lag_class(int n)
{
	return classes[n];
}

size_t
lag_write(char into[LAG_TEXT], const struct histogram *lengths, uint64_t window)
{
	double above = (double)window;
	size_t used = 0;

	for (int i = 0; i < LAG_CLASSES; i++) {
		double next = i + 1 < LAG_CLASSES
		                  ? histogram_excess(lengths, classes[i + 1])
		                  : 0;
		double us = above > next ? (above - next) / 1000 : 0;

		used += (size_t)snprintf(
		    into + used, LAG_TEXT - used, "%s%" PRIu32, i ? " " : "",
		    us < UINT32_MAX ? (uint32_t)us : UINT32_MAX);
		above = next;
	}
	return used;
}

void
lag_read(struct lags *lags, const char *text, uint64_t worst)
{
	uint32_t us[LAG_CLASSES], *row;
	char *end;

	for (int i = 0; i < LAG_CLASSES; i++) {
		unsigned long value = strtoul(text, &end, 10);

		if (end == text)
			return;
		us[i] = value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
		text = end;
	}
	row = lags->us[lags->count % LAG_GAUGES];
	memcpy(row, us, sizeof(us));
	worst /= 1000;
	lags->worst_us[lags->count % LAG_GAUGES] =
	    worst < UINT32_MAX ? (uint32_t)worst : UINT32_MAX;
	lags->count++;
}

/* A block of length d holds moments of every lag up to d, equally many. */
static void
add_block(uint64_t blocked, double sums[LAG_CLASSES])
{
	for (int i = 0; i < LAG_CLASSES && classes[i] < blocked; i++) {
		uint64_t end =
		    blocked < classes[i + 1] ? blocked : classes[i + 1];

		sums[i] += (double)(end - classes[i]);
	}
}

void
lag_sum(const struct lags *lags, uint64_t blocked, struct lag_shares *shares)
{
	uint32_t kept = lags->count < LAG_GAUGES ? lags->count : LAG_GAUGES;
	double sums[LAG_CLASSES] = {0}, all = 0;

	memset(shares, 0, sizeof(*shares));
	shares->worst = blocked;
	for (uint32_t i = 0; i < kept; i++) {
		uint64_t worst = lags->worst_us[i] * 1000ull;

		if (worst > shares->worst)
			shares->worst = worst;
		for (int n = 0; n < LAG_CLASSES; n++)
			sums[n] += lags->us[i][n] * 1000.0;
	}
	add_block(blocked, sums);
	for (int n = 0; n < LAG_CLASSES; n++)
		all += sums[n];
	if (!kept || all < 1)
		return;
	shares->window = (uint64_t)all;
	for (int n = 0; n < LAG_CLASSES; n++)
		shares->share[n] = sums[n] / all;
}
