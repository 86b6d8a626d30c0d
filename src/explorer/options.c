#include "options.h"

#include "config.h"
#include "lesson_list.h"
#include "setting.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	OPTION_JSON = 256,
	OPTION_SUMMARY,
	OPTION_FOR,
	OPTION_AT,
	OPTION_RECORD,
	OPTION_OUTPUT,
	OPTION_FORMAT,
	OPTION_SIZE,
	OPTION_SETTING, /* of setting.h, by its name */
	OPTION_BIRTHS,
	OPTION_NO_MOUSE,
	OPTION_NO_CONFIG,
	OPTION_READ_ONLY,
	OPTION_NO_AGENT,
	OPTION_STACKS,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option long_options[] = {
    {"json", no_argument, NULL, OPTION_JSON},
    {"summary", no_argument, NULL, OPTION_SUMMARY},
    {"for", required_argument, NULL, OPTION_FOR},
    {"at", required_argument, NULL, OPTION_AT},
    {"record", required_argument, NULL, OPTION_RECORD},
    {"output", required_argument, NULL, OPTION_OUTPUT},
    {"format", required_argument, NULL, OPTION_FORMAT},
    {"size", required_argument, NULL, OPTION_SIZE},
    {"rate", required_argument, NULL, OPTION_SETTING},
    {"fps", required_argument, NULL, OPTION_SETTING},
    {"preview", required_argument, NULL, OPTION_SETTING},
    {"port", required_argument, NULL, OPTION_SETTING},
    {"births", required_argument, NULL, OPTION_BIRTHS},
    {"theme", required_argument, NULL, OPTION_SETTING},
    {"ascii", optional_argument, NULL, OPTION_SETTING},
    {"mouse", optional_argument, NULL, OPTION_SETTING},
    {"no-mouse", no_argument, NULL, OPTION_NO_MOUSE},
    {"no-config", no_argument, NULL, OPTION_NO_CONFIG},
    {"read-only", no_argument, NULL, OPTION_READ_ONLY},
    {"no-agent", no_argument, NULL, OPTION_NO_AGENT},
    {"stacks", no_argument, NULL, OPTION_STACKS},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

static int fail(char *error, size_t room, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int
fail(char *error, size_t room, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(error, room, format, list);
	va_end(list);
	return -EINVAL;
}

bool
options_duration(const char *text, uint64_t *ns)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = {{"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
	char *rest;
	double value = strtod(text, &rest);

	if (rest == text || !(value > 0) || value > 1e6)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strcmp(rest, units[i].unit) == 0) {
			*ns = (uint64_t)(value * units[i].ns);
			return true;
		}
	return false;
}

static int
births(const char *text, enum births_source *into, char *error, size_t room)
{
	static const char *const ways[] = {
	    [BIRTHS_NONE] = "looking",
	    [BIRTHS_CONNECTOR] = "connector",
	    [BIRTHS_TREE] = "perf",
	    [BIRTHS_MACHINE] = "machine",
	};

	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (strcmp(text, ways[i]) == 0) {
			*into = (enum births_source)i;
			return 0;
		}
	return fail(error, room,
	            "--births: \"%s\" is no way to see births. Say looking, "
	            "connector, perf or machine.",
	            text);
}

/* Without a value a switch is on. */
static int
take_setting(struct options *options, const char *name, char *error,
             size_t room)
{
	return setting_take(options, "--", name, optarg ? optarg : "yes", error,
	                    room);
}

static int
take_option(struct options *options, int option, char *error, size_t room)
{
	switch (option) {
	case OPTION_JSON:
		options->mode = OUTPUT_JSON;
		return 0;
	case OPTION_SUMMARY:
		options->mode = OUTPUT_SUMMARY;
		return 0;
	case OPTION_FOR:
		if (options_duration(optarg, &options->for_ns))
			return 0;
		return fail(error, room,
		            "--for: \"%s\" is no duration. Write it as "
		            "500ms, 10s or 2m.",
		            optarg);
	case OPTION_AT:
		if (options_duration(optarg, &options->at_ns))
			return 0;
		return fail(error, room,
		            "--at: \"%s\" is no moment of a recording. Write "
		            "it as 500ms, 3.2s or 2m.",
		            optarg);
	case OPTION_RECORD:
		options->record = optarg;
		return 0;
	case OPTION_OUTPUT:
		options->output = optarg;
		return 0;
	case OPTION_FORMAT:
		options->format = optarg;
		return 0;
	case OPTION_SIZE:
		options->size = optarg;
		return 0;
	case OPTION_BIRTHS:
		return births(optarg, &options->births, error, room);
	case OPTION_NO_MOUSE:
		options->mouse = false;
		return 0;
	case OPTION_NO_CONFIG:
		options->no_config = true;
		return 0;
	case OPTION_READ_ONLY:
		options->read_only = true;
		return 0;
	case OPTION_NO_AGENT:
		options->no_agent = true;
		return 0;
	case OPTION_STACKS:
		options->stacks = true;
		return 0;
	case OPTION_HELP:
		options->help = true;
		return 0;
	default:
		options->version = true;
		return 0;
	}
}

static int
take_verb(struct options *options, const char *verb, char *error, size_t room)
{
	static const struct {
		const char *name;
		enum command_verb verb;
	} verbs[] = {{"run", VERB_RUN},       {"attach", VERB_ATTACH},
	             {"lesson", VERB_LESSON}, {"compare", VERB_COMPARE},
	             {"replay", VERB_REPLAY}, {"export", VERB_EXPORT},
	             {"doctor", VERB_DOCTOR}};

	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (strcmp(verb, verbs[i].name) == 0) {
			options->verb = verbs[i].verb;
			return 0;
		}
	return fail(error, room,
	            "%s: there is no such command. Try looptop --help.", verb);
}

/* With a name it is the lab that starts, with that lesson. */
static int
take_lesson(struct options *options, int argc, char **argv, char *error,
            size_t room)
{
	char names[128];

	if (argc == 0)
		return 0;
	options->lesson = lesson_named(argv[0], strlen(argv[0]));
	options->has_lesson = true;
	options->verb = VERB_LAB;
	if (argc == 1 && options->lesson < LESSONS)
		return 0;
	return fail(error, room, "lesson: %s: there is no such lesson. Say %s.",
	            argc == 1 ? argv[0] : argv[1],
	            lesson_list_names(names, sizeof(names)));
}

/* What stands behind the options, for each verb. */
static int
take_rest(struct options *options, int argc, char **argv, char *error,
          size_t room)
{
	char *rest;
	long pid;

	switch (options->verb) {
	case VERB_RUN:
		if (argc == 0)
			return fail(error, room,
			            "run: there is no command to run. Write "
			            "looptop run -- CMD.");
		options->command = argv;
		return 0;
	case VERB_ATTACH:
		/* On the screen it can be picked. */
		if (argc == 0 && options->mode == OUTPUT_SCREEN &&
		    isatty(STDIN_FILENO))
			return 0;
		pid = argc == 1 ? strtol(argv[0], &rest, 10) : 0;
		if (argc != 1 || *rest || pid <= 0 || pid > 1 << 22)
			return fail(error, room,
			            "attach: %s is no process id. Write "
			            "looptop attach PID.",
			            argc == 1 ? argv[0] : "nothing");
		options->pid = (pid_t)pid;
		return 0;
	case VERB_REPLAY:
		if (argc != 1)
			return fail(error, room,
			            "replay: it takes one recording. Write "
			            "looptop replay FILE.");
		options->file = argv[0];
		return 0;
	case VERB_EXPORT:
		if (argc != 1)
			return fail(error, room,
			            "export: it takes one recording. Write "
			            "looptop export --format F FILE.");
		options->file = argv[0];
		return 0;
	case VERB_LESSON:
		return take_lesson(options, argc, argv, error, room);
	case VERB_LAB:
	case VERB_COMPARE:
	case VERB_DOCTOR:
		break;
	}
	if (argc)
		return fail(error, room,
		            "%s: there is no such argument. Try looptop "
		            "--help.",
		            argv[0]);
	return 0;
}

/* NO_COLOR (no-color.org): a wish of the user's for all programs, which one for
 * this program alone overrides. */
static void
set_defaults(struct options *options)
{
	const char *no_colour = getenv("NO_COLOR");

	memset(options, 0, sizeof(*options));
	options->rate = 50;
	options->fps = 30;
	options->preview = 60;
	options->births = BIRTHS_MACHINE;
	options->mouse = true;
	options->theme = no_colour && *no_colour ? THEME_MONO : THEME_DARK;
	key_table_init(&options->keys);
}

static int
take_options(struct options *options, int argc, char **argv, char *error,
             size_t room)
{
	int option, index = 0, result = 0;

	/* '+': options end at the first word, which is CMD or PID. */
	while (!result && (option = getopt_long(argc, argv, "+:", long_options,
	                                        &index)) != -1) {
		if (option == ':')
			return fail(error, room,
			            "%s: it needs a value. Try looptop "
			            "--help.",
			            argv[optind - 1]);
		if (option == '?')
			return fail(error, room,
			            "%s: there is no such option. Try "
			            "looptop --help.",
			            argv[optind - 1]);
		result = option == OPTION_SETTING
		             ? take_setting(options, long_options[index].name,
		                            error, room)
		             : take_option(options, option, error, room);
	}
	return result;
}

static int
take_all(struct options *options, int argc, char **argv, char *error,
         size_t room)
{
	int result = 0;

	opterr = 0;
	optind = 1;
	if (argc > 1 && argv[1][0] != '-') {
		result = take_verb(options, argv[1], error, room);
		optind = 2;
	}
	if (!result)
		result = take_options(options, argc, argv, error, room);
	if (result || options->help || options->version)
		return result;
	if ((options->verb == VERB_LAB || options->verb == VERB_LESSON) &&
	    options->mode != OUTPUT_SCREEN)
		return fail(error, room,
		            "--json and --summary need something to watch. "
		            "Write looptop run --json -- CMD.");
	if (options->at_ns && options->verb != VERB_REPLAY &&
	    options->verb != VERB_EXPORT)
		return fail(error, room,
		            "--at: only a recording has moments. Write looptop "
		            "replay --at 3.2s FILE.");
	return take_rest(options, argc - optind, argv + optind, error, room);
}

/* Twice: the first time says whether the config file is to be read. What it
 * says is then overridden. */
int
options_parse(struct options *options, int argc, char **argv, char *error,
              size_t room)
{
	int result;

	set_defaults(options);
	result = take_all(options, argc, argv, error, room);
	if (result || options->help || options->version || options->no_config ||
	    options->verb == VERB_DOCTOR)
		return result;
	set_defaults(options);
	result = config_read(options, error, room);
	return result ? result : take_all(options, argc, argv, error, room);
}
