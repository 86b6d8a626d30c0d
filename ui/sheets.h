/*
 * sheets: what is written on a sheet. Pure: from a view of the model to words.
 */
#ifndef UI_SHEETS_H
#define UI_SHEETS_H

#include "pane.h"
#include "sheet.h"

/* All that is known of what the cursor of `pane` is on. */
void details_sheet(struct sheet *sheet, const struct view *view,
                   enum pane_id pane);

/* What is wrong, with number and cure. */
void findings_sheet(struct sheet *sheet, const struct view *view);

#endif
