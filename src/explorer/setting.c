#include "setting.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Who is being given what; where a sentence goes if that cannot be. */
struct giving {
	struct options *options;
	const char *where, *name, *value;
	char *error;
	size_t room;
};

struct setting {
	const char *name;
	int (*take)(const struct giving *giving, const struct setting *setting);
	size_t offset;
	long least, most; /* of a number */
};

static int
refuse(const struct giving *giving, const char *why)
{
	snprintf(giving->error, giving->room, "%s%s: \"%s\" %s", giving->where,
	         giving->name, giving->value, why);
	return -EINVAL;
}

static int
take_number(const struct giving *giving, const struct setting *setting)
{
	char why[80], *rest;
	long value = strtol(giving->value, &rest, 10);

	if (rest == giving->value || *rest || value < setting->least ||
	    value > setting->most) {
		snprintf(why, sizeof(why),
		         "is no number from %ld to %ld. Give one.",
		         setting->least, setting->most);
		return refuse(giving, why);
	}
	*(int *)((char *)giving->options + setting->offset) = (int)value;
	return 0;
}

static int
take_switch(const struct giving *giving, const struct setting *setting)
{
	bool *into = (bool *)((char *)giving->options + setting->offset);

	if (strcmp(giving->value, "yes") == 0)
		*into = true;
	else if (strcmp(giving->value, "no") == 0)
		*into = false;
	else
		return refuse(giving, "is neither yes nor no. Say one of "
		                      "them.");
	return 0;
}

static int
take_theme(const struct giving *giving, const struct setting *setting)
{
	char why[128] = "is no theme. Say";

	(void)setting;
	if (theme_named(giving->value, &giving->options->theme))
		return 0;
	for (int i = 0; i < THEMES; i++)
		snprintf(why + strlen(why), sizeof(why) - strlen(why), "%s %s",
		         i == 0            ? ""
		         : i == THEMES - 1 ? " or"
		                           : ",",
		         themes[i].name);
	strncat(why, ".", sizeof(why) - strlen(why) - 1);
	return refuse(giving, why);
}

static const struct setting settings[] = {
    {"theme", take_theme, 0, 0, 0},
    {"ascii", take_switch, offsetof(struct options, ascii), 0, 0},
    {"mouse", take_switch, offsetof(struct options, mouse), 0, 0},
    {"fps", take_number, offsetof(struct options, fps), 1, 120},
    {"rate", take_number, offsetof(struct options, rate), 1, 1000},
    {"preview", take_number, offsetof(struct options, preview), 0, 900},
    {"port", take_number, offsetof(struct options, port), 0, 65535},
};

int
setting_take(struct options *options, const char *where, const char *name,
             const char *value, char *error, size_t room)
{
	struct giving giving = {options, where, name, value, error, room};

	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		if (strcmp(settings[i].name, name) == 0)
			return settings[i].take(&giving, &settings[i]);
	return -ENOENT;
}
