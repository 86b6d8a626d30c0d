#include "load.h"

#include <crypt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
load_sha(long argument, char *result, size_t room)
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	char setting[64];
	const char *hash;

	if (!data) {
		snprintf(result, room, "out of memory");
		return;
	}
	snprintf(setting, sizeof(setting), "$6$rounds=%ld$looptop$", argument);
	hash = crypt_r("correct horse battery staple", setting, data);
	snprintf(result, room, "..%s",
	         hash && strlen(hash) > 8 ? hash + strlen(hash) - 8 : "*");
	free(data);
}
