/* looptop: which role am I, and what was asked for. */
#include "explorer/doctor.h"
#include "explorer/guard.h"
#include "explorer/headless.h"
#include "explorer/options.h"
#include "explorer/replay.h"
#include "explorer/screen.h"
#include "stage/role.h"
#include "ui/term.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

enum { EXIT_BAD_OPTION = 125 };

/* What this program forks itself as. */
static const struct {
	const char *name;
	int (*main)(int argc, char **argv);
} roles[] = {
    {"@guard", guard_main},   {"@stage", stage_main},
    {"@child", child_main},   {"@cluster-worker", cluster_worker_main},
    {"@client", client_main},
};

static int
print_version(void)
{
	printf("looptop %s\nlibuv %s\n%s\nlibproc2 %s\n", LOOPTOP_VERSION,
	       uv_version_string(), term_version(), PROCPS_VERSION);
	return 0;
}

int
main(int argc, char **argv)
{
	struct options options;
	char error[256];

	for (size_t i = 0; argc > 1 && i < sizeof(roles) / sizeof(*roles); i++)
		if (strcmp(argv[1], roles[i].name) == 0)
			return roles[i].main(argc, argv);
	if (options_parse(&options, argc, argv, error, sizeof(error))) {
		fprintf(stderr, "looptop: %s\n", error);
		return EXIT_BAD_OPTION;
	}
	if (options.help) {
		fputs(options_help, stdout);
		return 0;
	}
	if (options.version)
		return print_version();
	if (options.verb == VERB_DOCTOR)
		return doctor_main(&options);
	if (options.mode != OUTPUT_SCREEN && options.verb == VERB_REPLAY)
		return replay_main(&options);
	if (options.mode != OUTPUT_SCREEN)
		return headless_main(&options);
	return screen_main(&options);
}
