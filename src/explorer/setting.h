/*
 * setting: what the command line and the config file both can say.
 */
#ifndef EXPLORER_SETTING_H
#define EXPLORER_SETTING_H

#include "options.h"

/* Gives the setting `name` a value: "fps", "30". 0; -ENOENT: there is no such
 * setting; -EINVAL: it cannot have that value, and `error` holds a sentence
 * that begins with `where` and the name. */
int setting_take(struct options *options, const char *where, const char *name,
                 const char *value, char *error, size_t room);

#endif
