/*
 * looptop-stage: what is studied. The stage, and all that it forks, are this
 * program in one of its roles.
 *
 * It is a program of its own so that a fork on the stage costs what a fork
 * costs: none of the explorer's libraries is loaded for it. The Makefile links
 * it statically where it can.
 */
#include "stage/role.h"

#include <stdio.h>
#include <string.h>

enum { EXIT_NO_ROLE = 125 };

static const struct {
	const char *name;
	int (*main)(int argc, char **argv);
} roles[] = {
    {"@stage", stage_main},
    {"@child", child_main},
    {"@cluster-worker", cluster_worker_main},
    {"@client", client_main},
    {"@compare", compare_main},
    {"@compare-worker", compare_worker_main},
};

int
main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(roles) / sizeof(*roles); i++)
		if (strcmp(argv[1], roles[i].name) == 0)
			return roles[i].main(argc, argv);
	fprintf(stderr, "looptop-stage: it is looptop that starts this. Run "
	                "looptop.\n");
	return EXIT_NO_ROLE;
}
