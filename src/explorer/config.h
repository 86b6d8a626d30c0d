/*
 * config: what the user wants every time, from a file.
 *
 *   # a comment
 *   theme = light
 *   key.offload = o F5
 *
 * $XDG_CONFIG_HOME/looptop/config, or ~/.config/looptop/config (XDG Base
 * Directory Specification). A setting of setting.h, or key.NAME with the name
 * of a request: its keys, in the place of those it has.
 */
#ifndef EXPLORER_CONFIG_H
#define EXPLORER_CONFIG_H

#include "options.h"

/* Reads the file, if there is one, into the options. 0; -EINVAL, or why it
 * cannot be read, with a sentence in `error`: file, line, what, what to do. */
int config_read(struct options *options, char *error, size_t room);

#endif
