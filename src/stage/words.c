#include "words.h"

#include <stdlib.h>
#include <string.h>

static const char blanks[] = " \t\n";

/* Copies what stands in quotes, from behind the first one on; returns where
 * the other one is, or NULL. */
static const char *
take_quoted(const char *at, char **to)
{
	char quote = *at++;

	for (; *at && *at != quote; at++) {
		if (quote == '"' && *at == '\\' && strchr("\\\"", at[1]) &&
		    at[1])
			at++;
		*(*to)++ = *at;
	}
	return *at ? at : NULL;
}

/* Copies a word and returns what is behind it; NULL: it is none. */
static const char *
take_word(const char *at, char **to)
{
	for (; *at && !strchr(blanks, *at); at++) {
		if (strchr("|&;<>", *at))
			return NULL;
		if (*at == '\'' || *at == '"') {
			at = take_quoted(at, to);
			if (!at)
				return NULL;
			continue;
		}
		if (*at == '\\' && at[1])
			at++;
		*(*to)++ = *at;
	}
	*(*to)++ = '\0';
	return at;
}

/* No word is longer than its text, and every second character begins one at
 * most. */
char **
words_split(const char *text)
{
	size_t size = strlen(text) + 1, count = 0;
	char **words = malloc((size / 2 + 2) * sizeof(*words) + size);
	char *to = words ? (char *)(words + size / 2 + 2) : NULL;

	while (words && *(text += strspn(text, blanks))) {
		words[count++] = to;
		text = take_word(text, &to);
		if (!text)
			break;
	}
	if (words && count && text) {
		words[count] = NULL;
		return words;
	}
	free(words);
	return NULL;
}
