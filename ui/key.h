/*
 * key: what a terminal sends, as keys. Pure, so that it can be fuzzed; ncurses'
 * own reader waits a second for what may follow an ESC.
 */
#ifndef UI_KEY_H
#define UI_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Codes beyond Unicode; a character is its own code, ^A is 1. */
enum key_code {
	KEY_CODES = 0x110000,
	KEY_CODE_UP,
	KEY_CODE_DOWN,
	KEY_CODE_RIGHT,
	KEY_CODE_LEFT,
	KEY_CODE_HOME,
	KEY_CODE_END,
	KEY_CODE_PAGE_UP,
	KEY_CODE_PAGE_DOWN,
	KEY_CODE_INSERT,
	KEY_CODE_DELETE,
	KEY_CODE_BACKTAB,
	KEY_CODE_F1,
	KEY_CODE_F12 = KEY_CODE_F1 + 11,
	KEY_CODE_MOUSE,
	KEY_CODE_WHEEL_UP,
	KEY_CODE_WHEEL_DOWN,
	KEY_CODE_PASTE_BEGIN,
	KEY_CODE_PASTE_END,
	KEY_CODE_MARK, /* OSC 7777: a test wants to know we are here */
	KEY_CODE_NONE, /* a sequence we do not know */
};

enum {
	KEY_ESC = 27,
	KEY_CODE_ENTER = '\r',
	KEY_CODE_BACKSPACE = 127,
	KEY_SHIFT = 1,
	KEY_ALT = 2,
	KEY_CTRL = 4,
};

struct key {
	uint32_t code;
	uint8_t modifiers;
	int row, col;           /* of a mouse event, from 0 */
	uint64_t mark, mark_ms; /* of a mark: its number, time to add */
};

/* Reads one key from bytes[0..size), size > 0. Returns the bytes it took; 0:
 * more are needed, unless `final` (nothing came for a while), when a lone ESC
 * is the key Esc. */
size_t key_parse(const char *bytes, size_t size, bool final, struct key *key);

/* The key that a name means: "q", "^L", "F1", "Space", "PgUp", "ShiftLeft", any
 * character. false: it is no name of a key. */
bool key_read(const char *name, size_t length, struct key *key);

/* The same for names that are known to be right, as those in keys.def. */
struct key key_named(const char *name, size_t length);

#endif
