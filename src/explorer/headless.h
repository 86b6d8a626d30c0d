/*
 * headless: `looptop run` and `attach` with --json or --summary.
 */
#ifndef EXPLORER_HEADLESS_H
#define EXPLORER_HEADLESS_H

#include "options.h"

/* Runs the whole watch; returns the exit status. */
int headless_main(const struct options *options);

#endif
