/*
 * script: runs a program on a terminal as a list of commands says, to take
 * pictures of its screen. One command a line; empty lines and lines that begin
 * with # are skipped.
 *
 *   size COLSxROWS       80x24 if not given; while a program runs: resizes
 *   env NAME=VALUE       for the programs run after it
 *   theme NAME           the terminal's own colours in pictures: of this theme
 *   run PROGRAM ARGS...  words as in a shell, with quotes and $NAME
 *   wait TEXT            until the screen shows it
 *   gone TEXT            until it does not
 *   keys TEXT            types; \e \r \n \t \\ and \xNN as in C
 *   settle MS            until nothing was written for so long
 *   play MS              moves the clock of a replay in test mode (env
 *                        LOOPTOP_TEST=1), until all before it is drawn
 *   shot PATH            writes PATH.svg and PATH.txt
 *   film PATH MS FRAMES  writes PATH0000.svg, plays MS, writes PATH0001.svg...
 *   end KEYS             types, then waits for the program to end well
 *
 * What is waited for must come within ten seconds. TEXT and KEYS are the rest
 * of the line, without blanks at its end (\x20 is one).
 */
#ifndef TTY_SCRIPT_H
#define TTY_SCRIPT_H

enum { SCRIPT_ERROR = 512 };

/* Runs the script in a file. 0; -errno, and `error` holds a sentence that
 * names the file and the line. */
int script_run(const char *path, char error[SCRIPT_ERROR]);

#endif
