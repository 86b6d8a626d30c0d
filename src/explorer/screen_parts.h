/*
 * The parts of the screen's side of the explorer; not for other modules.
 *
 * screen.c opens and closes it and draws frames, screen_keys.c turns keys into
 * deeds, screen_save.c writes the screen into files, screen_program.c says what
 * became of the program.
 */
#ifndef EXPLORER_SCREEN_PARTS_H
#define EXPLORER_SCREEN_PARTS_H

#include "lab.h"
#include "replay.h"

#include "core/history.h"

enum { SCREEN_INPUT = 4096, EXIT_SIGNAL = 128 };

struct screen {
	struct session session;
	struct replay replay;
	struct history history;
	bool has_replay, virtual_clock, quitting, dirty;
	bool wants_stage; /* as soon as the old one is gone */
	uint64_t elapsed; /* of a replay, ns */
	uint64_t drawn;   /* when the last frame was, ns */
	uint64_t due;     /* when the next one is */
	struct ui ui;
	struct ui_status status;
	struct canvas canvas;
	uv_poll_t tty;
	uv_timer_t frame_timer, escape_timer;
	uv_signal_t signals[4];
	char input[SCREEN_INPUT];
	size_t input_size;
	pid_t pid;          /* attached to */
	uint64_t pid_start; /* 0: not known */
	int exit_code;
	char over[240], error[256];
	/* for the numbers in the bar */
	uint64_t second, frames, requests;
	double cpu_ms;
};

/* A sentence for the user, for some seconds. */
void screen_say(struct screen *screen, const char *text);

/* The key of a request, as it is now. */
const char *screen_key(const struct screen *screen, enum request request,
                       char into[KEYS_BYTES]);

/* Draws a frame now. */
void screen_draw(struct screen *screen);

/* Frames again, after a pause or a change that is to be seen. */
void screen_wake(struct screen *screen);

/* Writes the screen as text and as a picture; a sentence says where, or why
 * not. */
void screen_save(struct screen *screen);

/* Lets a replay go on to where its clock is. */
void screen_play(struct screen *screen);

/* A new stage, now or when the old one is gone. */
void screen_new_stage(struct screen *screen);

/* Ends the program, if one runs, and then the loop. */
void screen_quit(struct screen *screen);

/* Reads the terminal whenever it has something. */
void screen_open_keys(struct screen *screen);

/* What the session tells the screen. */
extern const struct session_front screen_front;

#endif
