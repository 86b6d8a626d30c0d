#include "lesson_words.h"

#include "lesson.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A text that is being split. */
struct split {
	const struct lesson_names *names;
	struct lesson_word *words;
	int count, room;
	bool glued;
};

static int
add(struct split *split, enum lesson_word_kind kind, const char *text,
    size_t length)
{
	struct lesson_word *word = &split->words[split->count];

	if (split->count == split->room || length >= sizeof(word->text))
		return -E2BIG;
	memset(word, 0, sizeof(*word));
	word->kind = kind;
	word->glued = split->glued;
	memcpy(word->text, text, length);
	split->count++;
	split->glued = false;
	return 0;
}

static int
add_letter(struct split *split, char letter)
{
	return add(split, LESSON_KEY, &letter, 1);
}

/* ---- between braces ---- */

static enum menu_id
menu_named(const char *name, size_t length)
{
	int i = 0;

	while (i < MENUS && (strlen(menus[i].name) != length ||
	                     memcmp(menus[i].name, name, length) != 0))
		i++;
	return (enum menu_id)i;
}

/* The letter of an item: it is what is named, or it stands at the place in its
 * menu that the load or the lesson of that name has. 0: there is none. */
static char
letter_of(const struct lesson_names *names, enum menu_id menu, const char *name,
          size_t length)
{
	const struct menu_item *item;
	enum lesson lesson = lesson_named(name, length);

	if (menu == MENU_LESSON)
		return lesson < LESSONS ? (char)('1' + lesson) : 0;
	for (int i = 0; menu == MENU_LOAD && i < names->load_count; i++)
		if (strlen(names->loads[i]) == length &&
		    memcmp(names->loads[i], name, length) == 0)
			return (char)('1' + i);
	for (int i = 0; (item = menu_item(menu, i)) != NULL; i++)
		if (length == 1 && item->letter == *name)
			return item->letter;
	return 0;
}

static int
add_item(struct split *split, const char *word, size_t length)
{
	const char *slash = memchr(word, '/', length);
	size_t menu_length = (size_t)(slash - word);
	enum menu_id menu = menu_named(word, menu_length);
	char letter = 0;
	int error;

	if (menu != MENUS)
		letter = letter_of(split->names, menu, slash + 1,
		                   length - menu_length - 1);
	if (!letter)
		return -EINVAL;
	error = add_letter(split, menus[menu].letter);
	return error ? error : add_letter(split, letter);
}

static int
add_request(struct split *split, enum request request)
{
	char key[KEYS_BYTES];

	key_first(split->names->keys, request, key);
	return add(split, LESSON_KEY, key, strlen(key));
}

static int
add_times(struct split *split, const char *word)
{
	int error = add(split, LESSON_TIMES, "", 0);
	struct lesson_word *times = &split->words[split->count - 1];

	if (error)
		return error;
	times->times = atoi(word);
	snprintf(times->text, sizeof(times->text), "%d times", times->times);
	return 0;
}

/* A number without "times" is what is typed into a prompt. */
static int
add_key(struct split *split, const char *word, size_t length)
{
	size_t digits = strspn(word, "0123456789");
	enum request request = request_named(word, length);
	struct key key;

	if (memchr(word, '/', length))
		return add_item(split, word, length);
	if (digits && digits + 5 == length &&
	    memcmp(word + digits, "times", 5) == 0)
		return add_times(split, word);
	if (digits >= length)
		return add(split, LESSON_TYPED, word, length);
	if (request != REQUEST_NONE)
		return add_request(split, request);
	if (!key_read(word, length, &key))
		return -EINVAL;
	return add(split, LESSON_KEY, word, length);
}

/* The words of one pair of braces, up to `end`. */
static int
add_keys(struct split *split, const char *at, const char *end)
{
	int error = 0;

	while (!error && (at += strspn(at, " ")) < end) {
		bool typed = *at == '\'';
		size_t length = strcspn(at + typed, typed ? "'" : " }");

		error = typed ? add(split, LESSON_TYPED, at + 1, length)
		              : add_key(split, at, length);
		if (error == -EINVAL)
			snprintf(split->words[0].text, LESSON_WORD, "%.*s",
			         (int)length, at);
		at += length + (typed ? 2 : 0);
	}
	return error;
}

/* ---- the text ---- */

int
lesson_words(const char *text, const struct lesson_names *names,
             struct lesson_word *words, int room)
{
	struct split split = {.names = names, .words = words, .room = room};
	int error = 0;

	while (!error && *text) {
		const char *end = strchr(text, '}');
		size_t length = strcspn(text, " {");

		if (*text == ' ') {
			split.glued = false;
			text++;
		} else if (*text == '{' && end) {
			error = add_keys(&split, text + 1, end);
			split.glued = true;
			text = end + 1;
		} else {
			error = add(&split, LESSON_PLAIN, text, length);
			split.glued = true;
			text += length;
		}
	}
	return error ? error : split.count;
}

static int
press(char presses[LESSON_PRESSES][LESSON_WORD], int count,
      const struct lesson_word *word)
{
	if (word->kind == LESSON_KEY) {
		snprintf(presses[count], LESSON_WORD, "%s", word->text);
		return count + 1;
	}
	for (const char *at = word->text; *at; at++)
		snprintf(presses[count++], LESSON_WORD, "%s",
		         *at == ' ' ? "Space" : (char[]){*at, '\0'});
	return count;
}

/* All that was pressed since `from`, so often in all. */
static int
repeat(char presses[LESSON_PRESSES][LESSON_WORD], int from, int count,
       int times)
{
	int size = count - from;

	for (int i = 0; i < size * (times - 1); i++)
		memcpy(presses[count + i], presses[from + i], LESSON_WORD);
	return count + size * (times - 1);
}

int
lesson_presses(const char *text, const struct lesson_names *names,
               char presses[LESSON_PRESSES][LESSON_WORD])
{
	struct lesson_word words[LESSON_WORDS];
	int count = lesson_words(text, names, words, LESSON_WORDS);
	int pressed = 0, from = 0;

	if (count == -EINVAL)
		memcpy(presses[0], words[0].text, LESSON_WORD);
	for (int i = 0; i < count; i++) {
		const struct lesson_word *word = &words[i];
		int size = word->kind == LESSON_TIMES ? word->times - 1 : 1;
		int room = LESSON_PRESSES - pressed;

		if (word->kind == LESSON_TIMES &&
		    (pressed - from) * size <= room) {
			pressed = repeat(presses, from, pressed, word->times);
		} else if (word->kind == LESSON_PLAIN) {
			from = pressed;
		} else if (word->kind == LESSON_TIMES ||
		           (int)strlen(word->text) > room) {
			return -E2BIG;
		} else {
			pressed = press(presses, pressed, word);
		}
	}
	return count < 0 ? count : pressed;
}
