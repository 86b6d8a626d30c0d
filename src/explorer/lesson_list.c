#include "lesson_list.h"

#include "ui/lesson.h"

#include <stdio.h>
#include <string.h>

enum { COLS = 80, INDENT = 10 };

/* The words in lines, each behind an indent. */
static void
print_words(const char *words)
{
	while (*words) {
		size_t length = strlen(words), room = COLS - INDENT - 2;

		if (length > room)
			for (length = room; length > 1 && words[length] != ' ';)
				length--;
		printf("%*s%.*s\n", INDENT, "", (int)length, words);
		words += length;
		words += strspn(words, " ");
	}
}

int
lesson_list_main(void)
{
	printf("looptop lesson NAME starts the lab with a lesson. There are:\n"
	       "\n");
	for (int i = 0; i < LESSONS; i++) {
		printf("  %-*s%s\n", INDENT - 2, lessons[i].name,
		       lessons[i].title);
		print_words(lessons[i].teaches);
	}
	return fflush(stdout) ? 1 : 0;
}

const char *
lesson_list_names(char *into, size_t room)
{
	size_t used = 0;

	for (int i = 0; i < LESSONS && used < room; i++)
		used += (size_t)snprintf(into + used, room - used, "%s%s",
		                         i == 0             ? ""
		                         : i == LESSONS - 1 ? " or "
		                                            : ", ",
		                         lessons[i].name);
	return into;
}
