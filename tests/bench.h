/*
 * bench: figures side by side in one run. A row is measured in ROUNDS rounds;
 * in each round Node, looptop's runtime and the raw system calls take turns, so
 * that a slow second of the machine is everybody's. Medians are printed, with
 * the ratios and the goal.
 */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { BENCH_ROUNDS = 5, BENCH_SAMPLES = 4096 };

/* What is compared with the goal. */
enum bench_goal {
	BENCH_VS_NODE, /* times better than Node, at least */
	BENCH_VS_RAW,  /* times the raw cost, at most */
	BENCH_AT_MOST, /* the figure itself */
	BENCH_AT_LEAST,
	BENCH_SHOWN, /* no goal */
};

struct bench_row {
	const char *what, *unit;
	bool more_is_better; /* a rate, not a cost */
	/* Each measures once; NULL: nothing to compare with. */
	const char *node; /* argument of tests/bench_node.js */
	double (*ours)(void);
	double (*raw)(void);
	enum bench_goal kind;
	double goal;
	/* A second goal, if also > 0. */
	enum bench_goal also_kind;
	double also;
	double (*untraced)(void); /* ours with tracing off, or NULL */
};

/* Nanoseconds of CLOCK_MONOTONIC. */
uint64_t bench_now(void);

/* Collects samples of one measurement. */
struct bench_samples {
	double values[BENCH_SAMPLES];
	size_t count;
};

void bench_add(struct bench_samples *samples, double value);

/* The sample below which `share` of them lie; sorts them. */
double bench_quantile(struct bench_samples *samples, double share);

/* Forks the one who reads the stream, as the explorer would; a FIFO opened for
 * reading and writing, not blocking. The caller kills it. */
pid_t bench_reader(int fd);

/* Runs `measure` in a process of its own, so that memory and descriptors of
 * the others do not count; with the stream open if `traced`. */
double bench_apart(double (*measure)(void), bool traced);

/* `measure` apart, without the stream, or with it open and without. */
#define BENCH_ALONE(measure) \
	static double measure##_untraced(void) \
	{ \
		return bench_apart(measure, false); \
	}
#define BENCH_BOTH(measure) \
	BENCH_ALONE(measure) \
	static double measure##_traced(void) \
	{ \
		return bench_apart(measure, true); \
	}

/* Measures and prints; the number of goals that were not held. ROW in the
 * environment: only rows with that in their name. */
int bench_rows(const struct bench_row *rows, size_t count);

#endif
