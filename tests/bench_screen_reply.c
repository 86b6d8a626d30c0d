/*
 * How long somebody waits for the screen, and what it does while nobody waits
 * for it: from a key to its picture while 10,000 events a second come in, the
 * first frame, a terminal that stops reading, a pause.
 */
#include "bench.h"
#include "tty/gauge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEYS = 240, STARTS = 9, LIMIT_MS = 5000 };

static int missed;

static void
row(const char *what, double value, const char *unit, double most)
{
	missed += gauge_row(what, value, unit, most);
}

/* A number on the screen, in front of a word of its first line; 0: none. */
static double
number_before(const struct tty *tty, const char *word)
{
	VTermRect top = {.end_row = 1, .end_col = tty->cols};
	char line[1024];
	size_t size =
	    vterm_screen_get_text(tty->screen, line, sizeof(line) - 1, top);
	char *at;

	line[size < sizeof(line) ? size : sizeof(line) - 1] = '\0';
	at = strstr(line, word);
	if (!at)
		return 0;
	while (at > line && (at[-1] == ' ' || (at[-1] >= '0' && at[-1] <= '9')))
		at--;
	return strtod(at, NULL);
}

/* ---- from a key to its picture ---- */

/* A pane that gets the focus has another title: the only time that these words
 * are written again. */
static double
reply_of(struct tty *tty, int n)
{
	static const char *const titles[] = {"1 Processes", "2 Threads",
	                                     "3 Messages", "4 Event loops"};
	char key[2] = {(char)('1' + n % 4), '\0'};
	const char *title = titles[n % 4];
	double begin;

	tty_settle(tty, 0, 1000);
	tty_mark(tty);
	begin = gauge_now();
	tty_keys(tty, key);
	if (tty_wait_raw(tty, title, strlen(title), LIMIT_MS))
		return LIMIT_MS;
	return gauge_now() - begin;
}

/* 2500 requests a second are four records each, and what loops tell. */
static void
bench_keys(void)
{
	static struct bench_samples replies;
	const char *argv[] = {NULL, NULL};
	double until;
	struct tty tty;

	gauge_start(&tty, argv);
	gauge_expect(&tty, "200 pong");
	tty_keys(&tty, "vr2500\r");
	(void)gauge_take(&tty, 3);
	for (int i = 0; i < KEYS; i++) {
		/* At no fixed place between two frames. */
		until = gauge_now() + 20 + i * 7 % 40;
		while (gauge_now() < until)
			tty_pump(&tty, 5);
		bench_add(&replies, reply_of(&tty, i));
	}
	gauge_shown("events a second meanwhile, at least",
	            4 * number_before(&tty, "req/s"), "");
	gauge_quit(&tty);
	gauge_shown("from a key to its picture, p50 of 240",
	            bench_quantile(&replies, 0.5), "ms");
	row("from a key to its picture, p99 of 240",
	    bench_quantile(&replies, 0.99), "ms", 20);
}

/* ---- the first frame ---- */

static void
bench_start(void)
{
	static struct bench_samples starts;

	for (int i = 0; i < STARTS; i++) {
		const char *argv[] = {NULL, NULL};
		double begin = gauge_now();
		struct tty tty;

		gauge_start(&tty, argv);
		tty_mark(&tty);
		(void)tty_wait_raw(&tty, "\033[?2026l", 8, LIMIT_MS);
		bench_add(&starts, gauge_now() - begin);
		gauge_quit(&tty);
	}
	row("from start to the first frame, median of 9",
	    bench_quantile(&starts, 0.5), "ms", 100);
}

/* ---- a terminal that stops reading ---- */

/* It is made to draw all of the screen again and again, more than a terminal's
 * queue holds; frames that nobody takes are dropped. The loop goes on: wakes up
 * as before and uses hardly any CPU. */
static void
bench_stuck(void)
{
	const char *argv[] = {NULL, NULL};
	struct gauge stuck;
	double begin;
	struct tty tty;

	gauge_start(&tty, argv);
	gauge_expect(&tty, "200 pong");
	stuck = gauge_take_unread(&tty, 4, "\f", 50);
	begin = gauge_now();
	tty_settle(&tty, 20, 200);
	row("nobody reads for 4 s: between wake-ups of the loop",
	    stuck.seconds * 1e3 / (double)stuck.switches, "ms", 34.5);
	gauge_shown("  its CPU", stuck.cpu_ms / stuck.seconds / 10,
	            "% of a core");
	row("  from reading again to a picture of now",
	    reply_of(&tty, 0) + gauge_now() - begin, "ms", 1000);
	gauge_quit(&tty);
}

/* ---- paused ---- */

static void
show_paused(struct tty *tty, const char *what, double most)
{
	struct gauge paused;
	char text[80];

	/* What was on its way when it was stopped. */
	(void)gauge_take(tty, 1);
	paused = gauge_take(tty, 3);
	snprintf(text, sizeof(text), "%s: bytes in 3 s", what);
	row(text, (double)paused.bytes, "", 0);
	snprintf(text, sizeof(text), "%s: wake-ups in 3 s", what);
	row(text, (double)paused.switches, "", most);
	gauge_shown("  its CPU", paused.cpu_ms / paused.seconds / 10,
	            "% of a core");
}

/* In the lab what is watched goes on and so does the watch: ten looks a
 * second. */
static void
bench_paused(void)
{
	const char *replay[] = {
	    NULL, "replay", "--at", "2s", "screenshots/recordings/lab.trace",
	    NULL};
	const char *lab[] = {NULL, NULL};
	struct tty tty;

	gauge_start(&tty, replay);
	gauge_expect(&tty, "PAUSED");
	show_paused(&tty, "paused in a recording", 0);
	gauge_quit(&tty);
	gauge_start(&tty, lab);
	gauge_expect(&tty, "200 pong");
	tty_keys(&tty, " ");
	gauge_expect(&tty, "PAUSED");
	show_paused(&tty, "paused, the stage goes on", 36);
	gauge_quit(&tty);
}

int
main(void)
{
	double load = 0;

	(void)getloadavg(&load, 1);
	printf("screen, who waits for it: load average %.1f\n", load);
	bench_keys();
	bench_start();
	bench_stuck();
	bench_paused();
	printf("  %d not held\n", missed);
	return 0;
}
