/*
 * lane: what one event loop did, drawn along the time axis.
 */
#ifndef UI_LANE_H
#define UI_LANE_H

#include "axis.h"

/* Draws the lane of a thread into `rows` rows of the area from `row` on: with
 * more there are taller bars, then the hill. Returns the row behind it. */
int lane_draw(const struct view *view, const struct area *area,
              const struct axis *axis, const struct thread *thread, int row,
              int rows);

#endif
