/*
 * lesson_words: the text of a step, word by word, with the keys as they are
 * bound now.
 */
#ifndef UI_LESSON_WORDS_H
#define UI_LESSON_WORDS_H

#include "menu.h"

enum { LESSON_WORDS = 64, LESSON_WORD = 40, LESSON_PRESSES = 64 };

/* What a text may name besides keys and menus: the loads, in the order of their
 * menu. */
struct lesson_names {
	const struct key_table *keys; /* NULL: those of keys.def */
	const char *const *loads;
	int load_count;
};

enum lesson_word_kind {
	LESSON_PLAIN,
	LESSON_KEY,    /* the name of a key, to be pressed */
	LESSON_TYPED,  /* letters, to be typed one by one */
	LESSON_TIMES,  /* all of the braces before it, `times` times */
	LESSON_STRONG, /* no text has it */
};

struct lesson_word {
	enum lesson_word_kind kind;
	bool glued; /* no blank before it */
	int times;
	char text[LESSON_WORD];
};

/* Splits a text; returns how many of `room` words it has. A word in braces that
 * means nothing makes it -EINVAL, and is then in words[0].text; -E2BIG: there
 * is no room. */
int lesson_words(const char *text, const struct lesson_names *names,
                 struct lesson_word *words, int room);

/* The names of the keys to press for it, "c", "Enter", in their order; the same
 * errors. */
int lesson_presses(const char *text, const struct lesson_names *names,
                   char presses[LESSON_PRESSES][LESSON_WORD]);

#endif
