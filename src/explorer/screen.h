/*
 * screen: the lab, `run`, `attach` and `replay` on the terminal.
 */
#ifndef EXPLORER_SCREEN_H
#define EXPLORER_SCREEN_H

#include "options.h"

/* Runs until the user quits; returns the exit status. */
int screen_main(const struct options *options);

#endif
