/*
 * doctor: `looptop doctor`: what this machine permits looptop to see, and how
 * to permit more.
 */
#ifndef EXPLORER_DOCTOR_H
#define EXPLORER_DOCTOR_H

#include "options.h"

/* Prints the table, or with --json a line for each ability. Returns the exit
 * status: 0. */
int doctor_main(const struct options *options);

#endif
