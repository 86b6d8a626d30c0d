/*
 * compare: `looptop compare`: child process, cluster, worker thread and pool,
 * measured on this machine: looptop's runtime, and Node if it is in PATH.
 */
#ifndef EXPLORER_COMPARE_H
#define EXPLORER_COMPARE_H

#include "options.h"

/* Prints the table, or with --json a line for each row. Returns the exit
 * status: 0; 125 when nothing could be measured. */
int compare_main_table(const struct options *options);

/* What Node is to run: it prints the lines that the stage's @compare does. */
extern const char compare_node[];

#endif
