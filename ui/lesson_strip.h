/*
 * lesson_strip: a lesson at the bottom of the screen: what was seen, what to do
 * next and with which keys.
 */
#ifndef UI_LESSON_STRIP_H
#define UI_LESSON_STRIP_H

#include "lesson.h"
#include "lesson_words.h"

/* How many rows it wants on a terminal that is so wide; 0: no lesson runs. */
int lesson_strip_rows(const struct lesson_run *run, int cols);

/* In one row: what was seen for some seconds, then what to do. */
void lesson_strip_draw(const struct lesson_run *run,
                       const struct lesson_names *names, uint64_t now,
                       const struct area *area);

#endif
