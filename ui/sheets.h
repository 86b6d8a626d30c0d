/*
 * sheets: what is written on a sheet. Pure: from a view of the model to words.
 */
#ifndef UI_SHEETS_H
#define UI_SHEETS_H

#include "pane.h"
#include "sheet.h"

/* All that is known of a thing. */
void details_sheet(struct sheet *sheet, const struct view *view,
                   const struct selection *thing);

/* Its part for what goes from one to another: messages, channels, output,
 * births and ends. */
void details_talk(struct sheet *sheet, const struct view *view,
                  const struct selection *thing);

/* Seconds since the start of the watch. */
double details_seconds(const struct view *view, uint64_t time);

/* What is wrong, with number and cure; the cursor is on the one numbered
 * `chosen`. Returns how many there are. */
int findings_sheet(struct sheet *sheet, const struct view *view, int chosen);

/* What finding `n` of that list is about, and when it was last so (0: it is
 * now). false: there is none. */
bool findings_evidence(const struct view *view, int n, struct selection *thing,
                       uint64_t *time);

#endif
