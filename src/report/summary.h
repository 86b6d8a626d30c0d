/*
 * summary: what a watch came to, as the last JSON line or as a table.
 */
#ifndef REPORT_SUMMARY_H
#define REPORT_SUMMARY_H

#include "core/model.h"

#include <stdio.h>

/* What the model cannot know: looptop's own cost. */
struct own_cost {
	double cpu_ms;
	uint64_t rss_kb;
	uint64_t damaged; /* bytes of the stream that were no record */
};

void summary_json(FILE *file, const struct model *model,
                  const struct own_cost *cost);
void summary_table(FILE *file, const struct model *model,
                   const struct own_cost *cost);

#endif
