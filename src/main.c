/* looptop: the explorer, or the guard that it forks itself as. */
#include "explorer/compare.h"
#include "explorer/doctor.h"
#include "explorer/export.h"
#include "explorer/guard.h"
#include "explorer/headless.h"
#include "explorer/lesson_list.h"
#include "explorer/options.h"
#include "explorer/replay.h"
#include "explorer/screen.h"
#include "ui/term.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

enum { EXIT_BAD_OPTION = 125 };

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
	char error[1024];

	if (argc > 1 && strcmp(argv[1], "@guard") == 0)
		return guard_main(argc, argv);
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
	if (options.verb == VERB_EXPORT)
		return export_main(&options);
	if (options.verb == VERB_COMPARE)
		return compare_main_table(&options);
	if (options.verb == VERB_LESSON)
		return lesson_list_main();
	if (options.mode != OUTPUT_SCREEN && options.verb == VERB_REPLAY)
		return replay_main(&options);
	if (options.mode != OUTPUT_SCREEN)
		return headless_main(&options);
	return screen_main(&options);
}
