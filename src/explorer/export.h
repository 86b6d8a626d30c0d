/*
 * export: a recording in a form that others read: JSON lines, a trace for
 * ui.perfetto.dev, a picture (SVG), a film of the screen for asciinema.
 */
#ifndef EXPLORER_EXPORT_H
#define EXPLORER_EXPORT_H

#include "options.h"

/* `looptop export`: writes to options->output, or to standard output; a
 * sentence on stderr says what was wrong. Returns the exit status. */
int export_main(const struct options *options);

#endif
