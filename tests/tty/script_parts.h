/*
 * The parts of a script; not for others. script.c reads it and types,
 * script_shot.c takes the pictures.
 */
#ifndef TTY_SCRIPT_PARTS_H
#define TTY_SCRIPT_PARTS_H

#include "script.h"
#include "tty.h"

#include "ui/theme.h"

enum { LIMIT_MS = 10000, ENV_MAX = 32, SIZE_MAX_CELLS = 1000, TITLE_MAX = 64 };

struct script {
	const char *path;
	int line;
	char *error; /* SCRIPT_ERROR bytes */
	struct tty tty;
	bool is_running;
	int rows, cols;
	char *env[ENV_MAX + 1];
	char title[TITLE_MAX];
	enum theme theme;
	unsigned marks; /* sent, see script_play() */
};

/* Returns `error`, and puts the sentence behind the place. */
int script_fail(struct script *script, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What a wait, a send or a look at the screen came back with. */
int script_check(struct script *script, int error, const char *what,
                 const char *text);

/* A number of ms from text; -EINVAL: it is none, and the sentence is written.
 */
int script_ms(struct script *script, const char *text);

/* The commands play, shot and film. */
int script_play(struct script *script, char *rest);
int script_shot(struct script *script, char *rest);
int script_film(struct script *script, char *rest);

#endif
