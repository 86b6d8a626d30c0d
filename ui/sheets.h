/*
 * sheets: what is written on a sheet. Pure: from a view of the model to words.
 */
#ifndef UI_SHEETS_H
#define UI_SHEETS_H

#include "pane.h"
#include "sheet.h"

/* What is wrong, with number and cure. */
void findings_sheet(struct sheet *sheet, const struct view *view);

#endif
