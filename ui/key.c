/*
 * Sequences: CSI (ESC [) with parameters, SS3 (ESC O) with one letter, OSC
 * 7777 (ESC ]) for tests, ESC and a character for Alt. Whatever else comes is
 * taken off the input as a whole and means nothing.
 */
#include "key.h"

#include "core/text.h"

#include <string.h>

enum { SEQUENCE_MAX = 64, PARAMETERS = 4 };

struct sequence {
	int parameters[PARAMETERS];
	int count;
	char prefix; /* '<' or '?' or 0 */
	char final;
};

static void
set(struct key *key, uint32_t code)
{
	memset(key, 0, sizeof(*key));
	key->code = code;
}

/* xterm: the second parameter is 1 + Shift 1, Alt 2, Ctrl 4. */
static void
set_modified(struct key *key, uint32_t code, const struct sequence *sequence)
{
	set(key, code);
	if (sequence->count > 1 && sequence->parameters[1] > 1)
		key->modifiers = (uint8_t)((sequence->parameters[1] - 1) & 7);
}

static uint32_t
letter_code(char letter)
{
	switch (letter) {
	case 'A':
		return KEY_CODE_UP;
	case 'B':
		return KEY_CODE_DOWN;
	case 'C':
		return KEY_CODE_RIGHT;
	case 'D':
		return KEY_CODE_LEFT;
	case 'H':
		return KEY_CODE_HOME;
	case 'F':
		return KEY_CODE_END;
	case 'Z':
		return KEY_CODE_BACKTAB;
	case 'P':
	case 'Q':
	case 'R':
	case 'S':
		return KEY_CODE_F1 + (uint32_t)(letter - 'P');
	case 'M':
		return KEY_CODE_ENTER; /* of the keypad */
	default:
		return KEY_CODE_NONE;
	}
}

/* CSI number ~ */
static uint32_t
number_code(int number)
{
	static const struct {
		int number;
		uint32_t code;
	} codes[] = {
	    {1, KEY_CODE_HOME},          {2, KEY_CODE_INSERT},
	    {3, KEY_CODE_DELETE},        {4, KEY_CODE_END},
	    {5, KEY_CODE_PAGE_UP},       {6, KEY_CODE_PAGE_DOWN},
	    {7, KEY_CODE_HOME},          {8, KEY_CODE_END},
	    {11, KEY_CODE_F1},           {12, KEY_CODE_F1 + 1},
	    {13, KEY_CODE_F1 + 2},       {14, KEY_CODE_F1 + 3},
	    {15, KEY_CODE_F1 + 4},       {17, KEY_CODE_F1 + 5},
	    {18, KEY_CODE_F1 + 6},       {19, KEY_CODE_F1 + 7},
	    {20, KEY_CODE_F1 + 8},       {21, KEY_CODE_F1 + 9},
	    {23, KEY_CODE_F1 + 10},      {24, KEY_CODE_F12},
	    {200, KEY_CODE_PASTE_BEGIN}, {201, KEY_CODE_PASTE_END},
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		if (codes[i].number == number)
			return codes[i].code;
	return KEY_CODE_NONE;
}

/* SGR mouse: CSI < button ; col ; row M (pressed) or m (released). */
static void
set_mouse(struct key *key, const struct sequence *sequence)
{
	int button = sequence->parameters[0];

	set(key, KEY_CODE_NONE);
	/* Places are counted from 1. */
	if (sequence->final != 'M' || sequence->count < 3 ||
	    sequence->parameters[1] < 1 || sequence->parameters[2] < 1)
		return;
	if ((button & 0x43) == 0x40)
		key->code = KEY_CODE_WHEEL_UP;
	else if ((button & 0x43) == 0x41)
		key->code = KEY_CODE_WHEEL_DOWN;
	else if ((button & 0x63) == 0)
		key->code = KEY_CODE_MOUSE;
	key->col = sequence->parameters[1] - 1;
	key->row = sequence->parameters[2] - 1;
}

/* Splits CSI into its parts. Returns the bytes up to the final one, 0: more
 * are needed. */
static size_t
split(const char *bytes, size_t size, struct sequence *sequence)
{
	size_t at = 2;

	memset(sequence, 0, sizeof(*sequence));
	if (at < size &&
	    (bytes[at] == '<' || bytes[at] == '?' || bytes[at] == '>'))
		sequence->prefix = bytes[at++];
	for (; at < size; at++) {
		char c = bytes[at];

		if (c >= '0' && c <= '9') {
			int *value = &sequence->parameters[sequence->count];

			if (*value < 100000)
				*value = *value * 10 + (c - '0');
		} else if (c == ';') {
			if (sequence->count < PARAMETERS - 1)
				sequence->count++;
		} else if (c >= 0x40 && c <= 0x7e) {
			sequence->final = c;
			sequence->count++;
			return at + 1;
		} else if (c < 0x20 || at > SEQUENCE_MAX) {
			return at; /* broken off */
		}
	}
	return 0;
}

static size_t
parse_csi(const char *bytes, size_t size, struct key *key)
{
	struct sequence sequence;
	size_t length = split(bytes, size, &sequence);

	set(key, KEY_CODE_NONE);
	if (!length)
		return 0;
	/* The Linux console's function keys: CSI [ A. */
	if (sequence.final == '[') {
		if (size <= length)
			return 0;
		if (bytes[length] >= 'A' && bytes[length] <= 'E')
			set(key, KEY_CODE_F1 + (uint32_t)(bytes[length] - 'A'));
		return length + 1;
	}
	/* X10 mouse: CSI M and three bytes. */
	if (sequence.final == 'M' && sequence.count == 1 && length == 3) {
		if (size < 6)
			return 0;
		sequence.parameters[0] = (unsigned char)bytes[3] - 32;
		sequence.parameters[1] = (unsigned char)bytes[4] - 32;
		sequence.parameters[2] = (unsigned char)bytes[5] - 32;
		sequence.count = 3;
		if (sequence.parameters[0] != 3)
			set_mouse(key, &sequence);
		return 6;
	}
	if (sequence.prefix == '<')
		set_mouse(key, &sequence);
	else if (sequence.prefix == 0 && sequence.final == '~')
		set_modified(key, number_code(sequence.parameters[0]),
		             &sequence);
	else if (sequence.prefix == 0 && sequence.final)
		set_modified(key, letter_code(sequence.final), &sequence);
	return length;
}

/* OSC 7777 ; number ; ms BEL. Other OSC are answers nobody asked for. */
static size_t
parse_osc(const char *bytes, size_t size, struct key *key)
{
	static const char head[] = "\033]7777;";
	uint64_t values[2] = {0, 0};
	size_t at, value = 0;

	set(key, KEY_CODE_NONE);
	for (at = 2; at < size && bytes[at] != '\a'; at++)
		if (at > SEQUENCE_MAX)
			return at;
	if (at == size)
		return 0;
	if (at < sizeof(head) || memcmp(bytes, head, sizeof(head) - 1) != 0)
		return at + 1;
	for (size_t i = sizeof(head) - 1; i < at; i++) {
		if (bytes[i] == ';' && value == 0)
			value = 1;
		else if (bytes[i] >= '0' && bytes[i] <= '9')
			values[value] =
			    values[value] * 10 + (uint64_t)(bytes[i] - '0');
	}
	key->code = KEY_CODE_MARK;
	key->mark = values[0];
	key->mark_ms = values[1];
	return at + 1;
}

/* Terminals send ^H and ^J for Backspace and Enter. */
static uint32_t
control_code(uint32_t code)
{
	return code == '\n' ? KEY_CODE_ENTER
	       : code == 8  ? KEY_CODE_BACKSPACE
	                    : code;
}

static size_t
parse_character(const char *bytes, size_t size, bool final, struct key *key)
{
	unsigned char first = (unsigned char)*bytes;
	size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
	uint32_t point;

	if (first < 0x80) {
		set(key, control_code(first));
		return 1;
	}
	if (first >= 0xc0 && size < length && !final)
		return 0;
	length = text_decode(bytes, size, &point);
	set(key, point == TEXT_REPLACEMENT ? KEY_CODE_NONE : point);
	return length;
}

static size_t
parse_escape(const char *bytes, size_t size, bool final, struct key *key)
{
	size_t length = 0;

	if (size > 1 && bytes[1] == '[')
		length = parse_csi(bytes, size, key);
	else if (size > 1 && bytes[1] == ']')
		length = parse_osc(bytes, size, key);
	else if (size > 2 && bytes[1] == 'O') {
		set(key, letter_code(bytes[2]));
		length = 3;
	} else if (size > 1 && bytes[1] != 'O' && bytes[1] != KEY_ESC) {
		length = parse_character(bytes + 1, size - 1, final, key);
		key->modifiers |= KEY_ALT;
		length += length > 0;
	} else if (size > 1 && bytes[1] == KEY_ESC) {
		set(key, KEY_ESC);
		length = 1;
	}
	if (length || !final)
		return length;
	set(key, KEY_ESC);
	return 1;
}

size_t
key_parse(const char *bytes, size_t size, bool final, struct key *key)
{
	if (*bytes == KEY_ESC)
		return parse_escape(bytes, size, final, key);
	return parse_character(bytes, size, final, key);
}

/* F1 to F12; 0: it is none. */
static uint32_t
function_code(const char *name, size_t length)
{
	uint32_t number = 0;

	if (length < 2 || length > 3 || *name != 'F')
		return 0;
	for (size_t i = 1; i < length; i++) {
		if (name[i] < '0' || name[i] > '9' ||
		    (i == 1 && name[i] == '0'))
			return 0;
		number = number * 10 + (uint32_t)(name[i] - '0');
	}
	return number <= 12 ? KEY_CODE_F1 + number - 1 : 0;
}

static uint32_t
word_code(const char *name, size_t length)
{
	static const struct {
		const char *name;
		uint32_t code;
	} names[] = {
	    {"Space", ' '},
	    {"Enter", KEY_CODE_ENTER},
	    {"Esc", KEY_ESC},
	    {"Tab", '\t'},
	    {"BackTab", KEY_CODE_BACKTAB},
	    {"Backspace", KEY_CODE_BACKSPACE},
	    {"Insert", KEY_CODE_INSERT},
	    {"Delete", KEY_CODE_DELETE},
	    {"Up", KEY_CODE_UP},
	    {"Down", KEY_CODE_DOWN},
	    {"Left", KEY_CODE_LEFT},
	    {"Right", KEY_CODE_RIGHT},
	    {"Home", KEY_CODE_HOME},
	    {"End", KEY_CODE_END},
	    {"PgUp", KEY_CODE_PAGE_UP},
	    {"PgDn", KEY_CODE_PAGE_DOWN},
	    {"WheelUp", KEY_CODE_WHEEL_UP},
	    {"WheelDown", KEY_CODE_WHEEL_DOWN},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strlen(names[i].name) == length &&
		    memcmp(names[i].name, name, length) == 0)
			return names[i].code;
	return function_code(name, length);
}

/* One character, or ^ and a letter. */
static uint32_t
character_code(const char *name, size_t length)
{
	uint32_t point;

	if (length == 2 && *name == '^' && name[1] >= '@' && name[1] <= '_')
		return control_code((uint32_t)(name[1] & 0x1f));
	if (!length || text_decode(name, length, &point) != length ||
	    point <= ' ' || (point >= 0x7f && point < 0xa0) ||
	    point == TEXT_REPLACEMENT)
		return 0;
	return point;
}

bool
key_read(const char *name, size_t length, struct key *key)
{
	uint32_t code;

	set(key, KEY_CODE_NONE);
	if (length > 5 && memcmp(name, "Shift", 5) == 0) {
		key->modifiers = KEY_SHIFT;
		code = word_code(name + 5, length - 5);
		/* A character has its shift in it. */
		if (code < KEY_CODES)
			return false;
	} else {
		code = word_code(name, length);
		if (!code)
			code = character_code(name, length);
	}
	if (code)
		key->code = code;
	return code != 0;
}

struct key
key_named(const char *name, size_t length)
{
	struct key key;

	(void)key_read(name, length, &key);
	return key;
}
