/*
 * command: what the user wants done, for the explorer to do. The screen does
 * nothing itself.
 */
#ifndef UI_COMMAND_H
#define UI_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

enum { COMMAND_FIELDS = 3, FIELD_BYTES = 256 };

enum command_kind {
	COMMAND_NONE,
	COMMAND_STAGE,  /* the fields are a message for the stage */
	COMMAND_SIGNAL, /* signal to pid, if it was there at `since`; with a
	                   group to all of that, if pid is in it */
	COMMAND_NEW_STAGE,
	COMMAND_SEEK, /* show the moment `since` */
	COMMAND_SAVE,
	COMMAND_REDRAW,
	COMMAND_SUSPEND,
	COMMAND_MOUSE,
	COMMAND_THEME,
	COMMAND_QUIT,
	COMMAND_MARK, /* a test's mark is to be echoed */
};

struct command_field {
	const char *name;
	bool is_number;
	char value[FIELD_BYTES];
};

struct command {
	enum command_kind kind;
	struct command_field fields[COMMAND_FIELDS];
	int field_count;
	uint32_t pid;
	uint64_t since; /* event time at which pid was chosen; to go to */
	int signal;
	uint32_t group; /* 0: to the process alone */
	uint64_t mark, mark_ms;
};

#endif
