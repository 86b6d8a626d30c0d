#include "term_type.h"

#include <string.h>

const char *
term_type(const struct term_type_hints *hints)
{
	if (!hints->term || !*hints->term || strcmp(hints->term, "dumb") == 0)
		return NULL;
	if (strcmp(hints->term, "xterm") == 0 && hints->capable)
		return "xterm-256color";
	return hints->term;
}

bool
term_type_has_glyphs(const char *type)
{
	return strcmp(type, "linux") != 0 && strncmp(type, "linux-", 6) != 0;
}
