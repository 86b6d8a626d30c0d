/*
 * Every form is written by one function over the same open recording. Pictures
 * are of the screen: the panes draw what the model knows at that moment.
 */
#include "export.h"

#include "lab.h"
#include "replay.h"

#include "report/perfetto.h"
#include "ui/canvas_svg.h"
#include "ui/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROWS = 40, COLS = 120, FRAME_BYTES = 1 << 20, CAST_VERSION = 2 };

struct exporter {
	struct options options;
	struct session session;
	struct replay replay;
	struct perfetto perfetto;
	struct ui ui;
	struct ui_status status;
	struct canvas canvas;
	int rows, cols;
	char error[512];
	char bytes[FRAME_BYTES];
};

/* ---- the screen at a moment ---- */

static void
draw(struct exporter *exporter)
{
	canvas_reset(&exporter->canvas, exporter->rows, exporter->cols);
	ui_draw(&exporter->ui, &exporter->session.model, &exporter->status,
	        &exporter->canvas);
	if (exporter->options.ascii)
		canvas_to_ascii(&exporter->canvas);
}

static void
open_screen(struct exporter *exporter)
{
	struct ui_setup setup = {
	    .read_only = true,
	    .theme = exporter->options.theme,
	    .keys = &exporter->options.keys,
	};

	if (strcmp(exporter->replay.trace.verb, "lab") == 0)
		lab_setup(&setup);
	ui_init(&exporter->ui, &setup);
	exporter->status.is_replay = true;
	exporter->status.fps = (unsigned)exporter->options.fps;
}

/* ---- the forms ---- */

static int
write_jsonl(struct exporter *exporter)
{
	return replay_seek(&exporter->replay, &exporter->session,
	                   exporter->error, sizeof(exporter->error));
}

static int
write_perfetto(struct exporter *exporter)
{
	struct perfetto *perfetto = &exporter->perfetto;
	int code;

	perfetto->file = exporter->session.json.file;
	perfetto->model = &exporter->session.model;
	code = stream_add(&exporter->session.stream, perfetto_put, perfetto);
	if (code)
		return code;
	perfetto_begin(perfetto);
	code = replay_seek(&exporter->replay, &exporter->session,
	                   exporter->error, sizeof(exporter->error));
	perfetto_end(perfetto);
	return code;
}

static int
write_svg(struct exporter *exporter)
{
	int code = replay_seek(&exporter->replay, &exporter->session,
	                       exporter->error, sizeof(exporter->error));

	if (code)
		return code;
	model_tick(&exporter->session.model,
	           exporter->options.at_ns
	               ? exporter->replay.first + exporter->options.at_ns
	               : exporter->session.model.now);
	open_screen(exporter);
	draw(exporter);
	return canvas_svg(exporter->session.json.file, &exporter->canvas,
	                  exporter->options.theme, DEPTH_256, "looptop");
}

/* One line of asciicast v2: [seconds, "o", what the terminal gets]. */
static void
put_cast(FILE *file, uint64_t at, const char *bytes, size_t size)
{
	json_t *line =
	    json_pack("[f, s, s%]", (double)at / 1e9, "o", bytes, size);

	json_dumpf(line, file, JSON_COMPACT | JSON_REAL_PRECISION(9));
	fputc('\n', file);
	json_decref(line);
}

static int
begin_cast(struct exporter *exporter)
{
	static const char clear[] = "\033[?25l\033[2J";
	json_t *head =
	    json_pack("{s:i, s:i, s:i, s:s, s:{s:s}}", "version", CAST_VERSION,
	              "width", exporter->cols, "height", exporter->rows,
	              "title", "looptop", "env", "TERM", "xterm-256color");
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* The film is UTF-8 whatever this terminal is. */
	setlocale(LC_CTYPE, "C.UTF-8");
	if (fd < 0 ||
	    !frame_open("xterm-256color", fd, exporter->rows, exporter->cols)) {
		json_decref(head);
		snprintf(exporter->error, sizeof(exporter->error),
		         "export: terminfo does not know xterm-256color. "
		         "Install ncurses-base or ncurses-term.");
		return -ENOENT;
	}
	frame_theme(exporter->options.theme);
	json_dumpf(head, exporter->session.json.file, JSON_COMPACT);
	fputc('\n', exporter->session.json.file);
	json_decref(head);
	put_cast(exporter->session.json.file, 0, clear, strlen(clear));
	return 0;
}

static int
write_cast(struct exporter *exporter)
{
	uint64_t period = 1000000000u / (uint64_t)exporter->options.fps, at = 0;
	uint64_t end =
	    exporter->options.at_ns ? exporter->options.at_ns : UINT64_MAX;
	struct model *model = &exporter->session.model;
	int more = begin_cast(exporter);

	if (more)
		return more;
	open_screen(exporter);
	do {
		size_t size;

		more = replay_until(&exporter->replay, &exporter->session, at);
		model_tick(model, exporter->replay.first + at);
		draw(exporter);
		size = frame_make(&exporter->canvas, exporter->bytes,
		                  sizeof(exporter->bytes));
		if (size)
			put_cast(exporter->session.json.file, at,
			         exporter->bytes, size);
		at += period;
	} while (more > 0 && at <= end);
	if (more < 0)
		snprintf(exporter->error, sizeof(exporter->error), "%s: %s.",
		         exporter->options.file, exporter->replay.trace.error);
	return more < 0 ? more : 0;
}

/* ---- the command ---- */

static const struct form {
	const char *name;
	int (*write)(struct exporter *exporter);
} forms[] = {
    {"jsonl", write_jsonl},
    {"perfetto", write_perfetto},
    {"svg", write_svg},
    {"cast", write_cast},
};

static const struct form *
find_form(const char *name)
{
	for (size_t i = 0; name && i < sizeof(forms) / sizeof(*forms); i++)
		if (strcmp(name, forms[i].name) == 0)
			return &forms[i];
	return NULL;
}

/* "120x40": columns and rows. */
static bool
read_size(struct exporter *exporter, const char *text)
{
	char behind;

	exporter->rows = ROWS;
	exporter->cols = COLS;
	if (!text)
		return true;
	return sscanf(text, "%dx%d%c", &exporter->cols, &exporter->rows,
	              &behind) == 2 &&
	       exporter->cols > 0 && exporter->cols <= CANVAS_COLS &&
	       exporter->rows > 0 && exporter->rows <= CANVAS_ROWS;
}

static int
complain(const char *text)
{
	fprintf(stderr, "looptop: %s\n", text);
	return EXIT_LOOPTOP;
}

static int
write_form(struct exporter *exporter, const struct form *form)
{
	static const struct session_front front;
	FILE *file;
	int code;

	exporter->options.mode =
	    form->write == write_jsonl ? OUTPUT_JSON : OUTPUT_SUMMARY;
	if (replay_open(&exporter->replay, exporter->options.file,
	                exporter->error, sizeof(exporter->error)))
		return complain(exporter->error);
	if (session_open_replay(&exporter->session, &exporter->options, &front,
	                        NULL, exporter->error, sizeof(exporter->error)))
		return complain(exporter->error);
	file = exporter->session.json.file;
	setvbuf(file, NULL, _IOFBF, BUFSIZ);
	code = form->write(exporter);
	if (fflush(file) || ferror(file)) {
		snprintf(exporter->error, sizeof(exporter->error),
		         "export: %s: cannot be written: %s.",
		         exporter->options.output ? exporter->options.output
		                                  : "standard output",
		         strerror(errno));
		code = -EIO;
	}
	replay_close(&exporter->replay);
	if (session_close(&exporter->session) && !code)
		code = -EIO;
	if (code)
		return complain(exporter->error[0] ? exporter->error
		                                   : strerror(-code));
	return 0;
}

int
export_main(const struct options *options)
{
	static struct exporter exporter;
	const struct form *form = find_form(options->format);

	exporter.options = *options;
	if (!form) {
		snprintf(exporter.error, sizeof(exporter.error),
		         "--format: %s%s%s. Say jsonl, perfetto, svg or cast.",
		         options->format ? "\"" : "export needs one",
		         options->format ? options->format : "",
		         options->format ? "\" is no form of a recording" : "");
		return complain(exporter.error);
	}
	if (!read_size(&exporter, options->size)) {
		snprintf(exporter.error, sizeof(exporter.error),
		         "--size: \"%.40s\" is no size. Write columns and rows "
		         "as 120x40.",
		         options->size);
		return complain(exporter.error);
	}
	return write_form(&exporter, form);
}
