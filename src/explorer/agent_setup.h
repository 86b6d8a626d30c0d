/*
 * agent_setup: the agent on its way into the Node programs below.
 *
 * The agent (src/agent: one CommonJS file and a small native part, both inside
 * this binary) is written into the session's private directory, and
 * NODE_OPTIONS, which every Node reads at its start, names it (Node: cli,
 * NODE_OPTIONS and --require). What the variable held before is kept.
 */
#ifndef EXPLORER_AGENT_SETUP_H
#define EXPLORER_AGENT_SETUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Made of src/agent by the Makefile. */
extern const unsigned char agent_text[], agent_native[];
extern const size_t agent_text_size, agent_native_size;

struct ask;

struct agent {
	const char *directory; /* NULL: not set up; the session's */
	struct ask *ask;       /* NULL: nobody can be asked */
};

/* What it is asked to do. */
struct agent_wishes {
	int preview; /* bytes of a message it may show */
	bool stacks; /* to know where a native call is made, before it is */
};

/* Writes the agent into `directory` (absolute, outlives the agent) and sets
 * NODE_OPTIONS for `command`, ended by NULL, which is started next. Where that
 * cannot be done, or the command asks for Node's permission model, nothing has
 * changed, and a note says so: the outside view goes on without, no reason not
 * to run the program. */
void agent_setup(struct agent *agent, char *const *command,
                 const char *directory, const struct agent_wishes *wishes);

/* Asks a Node thread, which seems to be blocked, where it is. The answer comes
 * as an EVENT_LOOP_CAUSE, or never. */
void agent_ask(struct agent *agent, uint32_t tid);

/* Removes the files and gives NODE_OPTIONS back what it held. Harmless when
 * nothing was set up. */
void agent_remove(struct agent *agent);

/* Removes the files alone, for who cleans up after another process. */
void agent_remove_files(const char *directory);

/* The value of NODE_OPTIONS that names `file` before what `old` (NULL: unset)
 * says. Returns what snprintf(3) does. */
int agent_options(char *into, size_t room, const char *file, const char *old);

#endif
