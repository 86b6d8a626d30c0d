/*
 * shot SCRIPT: takes pictures of a program's screen, see script.h.
 */
#include "script.h"

#include <stdio.h>

int
main(int argc, char **argv)
{
	char error[SCRIPT_ERROR];

	if (argc != 2) {
		fprintf(stderr, "usage: shot SCRIPT\n");
		return 2;
	}
	if (script_run(argv[1], error) < 0) {
		fprintf(stderr, "shot: %s\n", error);
		return 1;
	}
	return 0;
}
