/* The observer's abilities, and the explorer's own: terminal and Node. */
#include "doctor.h"

#include "stage_path.h"

#include "observe/probe.h"

#include <jansson.h>
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { PROBES = 32 };

static struct probe
probe_terminal(void)
{
	const char *type = getenv("TERM");
	struct probe probe = {
	    .name = "terminal",
	    .gives = "the screen; --json and --summary need none",
	    .works = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && type &&
	             strcmp(type, "dumb") != 0,
	    .cure = "run it in a terminal, with TERM set",
	};

	snprintf(probe.why, sizeof(probe.why), "TERM is %.60s",
	         type ? type : "not set");
	return probe;
}

static struct probe
probe_letters(void)
{
	struct probe probe = {
	    .name = "UTF-8",
	    .gives = "fine bars and lines, else ASCII",
	    .cure = "export LC_ALL=C.UTF-8",
	};

	setlocale(LC_ALL, "");
	probe.works = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	snprintf(probe.why, sizeof(probe.why), "the locale's letters are %.50s",
	         nl_langinfo(CODESET));
	return probe;
}

/* The program itself is asked: a wrapper may be all there is. */
static struct probe
probe_node(void)
{
	struct probe probe = {
	    .name = "node",
	    .gives = "something to look at; looptop needs none",
	    .cure = "apt install nodejs",
	};
	FILE *node = popen("node --version 2>/dev/null", "re");

	if (node && fgets(probe.why, sizeof(probe.why), node))
		probe.works = probe.why[0] == 'v';
	if (node)
		pclose(node);
	probe.why[strcspn(probe.why, "\n")] = '\0';
	if (!probe.works)
		snprintf(probe.why, sizeof(probe.why), "not found in PATH");
	return probe;
}

static struct probe
probe_stage(void)
{
	struct probe probe = {
	    .name = STAGE_PROGRAM,
	    .gives = "the lab; run, attach and replay need none",
	    .cure = STAGE_CURE,
	};
	char path[PATH_MAX];

	probe.works = stage_path_find(path, sizeof(path)) == 0;
	if (!probe.works)
		snprintf(probe.why, sizeof(probe.why), "%s", STAGE_MISSING);
	return probe;
}

static void
print_table(const struct probe *probes, int count)
{
	struct utsname name;

	uname(&name);
	printf("looptop %s, Linux %s, uid %d\n\n", LOOPTOP_VERSION,
	       name.release, (int)geteuid());
	printf("%-32s %-4s %s\n", "ability", "here", "what it shows");
	for (int i = 0; i < count; i++) {
		const struct probe *probe = &probes[i];

		printf("%-32s %-4s %s\n", probe->name,
		       probe->works ? "yes" : "NO", probe->gives);
		if (probe->works)
			continue;
		printf("%-32s      why not: %s\n", "", probe->why);
		if (probe->cure)
			printf("%-32s      to get it: %s\n", "", probe->cure);
	}
}

static void
print_json(const struct probe *probes, int count)
{
	for (int i = 0; i < count; i++) {
		const struct probe *probe = &probes[i];
		json_t *line = json_pack(
		    "{s:s,s:s,s:b,s:s}", "ability", probe->name, "gives",
		    probe->gives, "works", probe->works, "why", probe->why);

		if (!line)
			continue;
		if (probe->cure && !probe->works)
			json_object_set_new(line, "cure",
			                    json_string(probe->cure));
		json_dumpf(line, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(line);
	}
}

int
doctor_main(const struct options *options)
{
	struct probe probes[PROBES];
	int count = probe_all(probes, PROBES - 4);

	probes[count++] = probe_terminal();
	probes[count++] = probe_letters();
	probes[count++] = probe_node();
	probes[count++] = probe_stage();
	if (options->mode == OUTPUT_JSON)
		print_json(probes, count);
	else
		print_table(probes, count);
	return 0;
}
