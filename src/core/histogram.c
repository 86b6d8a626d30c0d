#include "histogram.h"

/* Values below 8 have a bucket each; from there on the top bit picks the
 * octave and the three bits behind it the bucket in it. */
static unsigned
bucket_of(uint64_t value)
{
	unsigned octave, bucket;

	if (value < 8)
		return (unsigned)value;
	octave = 63 - (unsigned)__builtin_clzll(value);
	bucket = (octave - 2) * 8 + (unsigned)(value >> (octave - 3) & 7);
	return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

/* The middle of a bucket. */
static uint64_t
value_of(unsigned bucket)
{
	unsigned octave = bucket / 8 + 2;
	uint64_t width;

	if (bucket < 8)
		return bucket;
	width = 1ull << (octave - 3);
	return (8 + bucket % 8) * width + width / 2;
}

void
histogram_add(struct histogram *histogram, uint64_t value)
{
	histogram->count++;
	histogram->sum += value;
	if (value > histogram->most)
		histogram->most = value;
	histogram->buckets[bucket_of(value)]++;
}

uint64_t
histogram_quantile(const struct histogram *histogram, double share)
{
	uint64_t below = (uint64_t)(share * (double)histogram->count);
	uint64_t seen = 0;

	if (!histogram->count)
		return 0;
	if (below >= histogram->count)
		return histogram->most;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += histogram->buckets[i];
		if (seen > below)
			return value_of(i) < histogram->most ? value_of(i)
			                                     : histogram->most;
	}
	return histogram->most;
}

double
histogram_excess(const struct histogram *histogram, uint64_t limit)
{
	double sum = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t value = value_of(i);

		if (value > histogram->most)
			value = histogram->most;
		if (value > limit)
			sum += (double)(value - limit) * histogram->buckets[i];
	}
	return sum;
}
