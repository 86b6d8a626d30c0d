/*
 * options: the command line (../shared/CLI.md is the contract).
 */
#ifndef EXPLORER_OPTIONS_H
#define EXPLORER_OPTIONS_H

#include "observe/births.h"
#include "ui/lesson.h"
#include "ui/request.h"
#include "ui/theme.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum command_verb {
	VERB_LAB,
	VERB_RUN,
	VERB_ATTACH,
	VERB_REPLAY,
	VERB_EXPORT,
	VERB_LESSON, /* their list; a lesson itself is the lab's */
	VERB_COMPARE,
	VERB_DOCTOR,
};

/* What is printed instead of a screen. */
enum output_mode { OUTPUT_SCREEN, OUTPUT_JSON, OUTPUT_SUMMARY };

struct options {
	enum command_verb verb;
	enum output_mode mode;
	bool help, version;
	char **command;   /* run: CMD, ended by NULL */
	pid_t pid;        /* attach; 0: to be picked */
	const char *file; /* replay, export */
	uint64_t for_ns;  /* --for; 0: until it ends */
	uint64_t at_ns;   /* --at, of a replay; 0: from its beginning */
	enum lesson lesson;
	bool has_lesson;
	const char *record, *output;
	const char *format, *size; /* of an export, as given; or NULL */
	int rate;                  /* samples a second */
	int fps;
	int preview;
	int port;                  /* of the lab's server; 0: any */
	enum births_source births; /* --births: no better than this */
	bool ascii, mouse, read_only;
	enum theme theme;
	struct key_table keys;
	bool no_config; /* the config file is not read */
	bool no_agent;  /* stay out of Node programs */
	bool stacks;    /* tell where a loop is blocked while it is */
};

/* Reads the config file (config.h) and argv, which overrides it. 0, or -EINVAL
 * and a sentence in `error`: what was wrong and what to do. */
int options_parse(struct options *options, int argc, char **argv, char *error,
                  size_t room);

/* "500ms", "10s", "2m" in ns; false: it is no duration. */
bool options_duration(const char *text, uint64_t *ns);

extern const char options_help[];

#endif
