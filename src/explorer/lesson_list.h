/*
 * lesson_list: what `looptop lesson` says.
 */
#ifndef EXPLORER_LESSON_LIST_H
#define EXPLORER_LESSON_LIST_H

#include <stddef.h>

/* Prints the lessons; returns the exit status. */
int lesson_list_main(void);

/* Their names, "block, spawn or fork", for a sentence. */
const char *lesson_list_names(char *into, size_t room);

#endif
