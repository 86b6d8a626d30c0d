/*
 * words: a command line as the words that spawn and execFile take. Blanks
 * separate them, quotes and backslashes hold them together as in sh(1). Nothing
 * is expanded: "$HOME" and "*" are what the program is given, as in Node.
 */
#ifndef STAGE_WORDS_H
#define STAGE_WORDS_H

/* The words of a text, and NULL behind them: one block, to be freed. NULL:
 * there is none, a quote is open, it has what only a shell knows (| & ; < >),
 * or there is no memory. */
char **words_split(const char *text);

#endif
