/*
 * agent: real Node programs with looptop's agent in them, for the end-to-end
 * tests. Each run is one struct seen: what the program said and how it ended,
 * and all that looptop told of it.
 */
#ifndef TESTS_AGENT_H
#define TESTS_AGENT_H

#include "program.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

struct seen {
	json_t *lines;
	char *out; /* what the program itself printed, and how it ended */
};

/* What a user gets, said by the shell: output, exit status, errors. */
static inline char *
output_of(const char *command)
{
	const char *errors = program_file("errors", "");
	char line[2048], *text = NULL;
	size_t size = 0;
	FILE *pipe;

	snprintf(line, sizeof(line),
	         "{ timeout %d %s; } 2>%s; echo \"exit $?\"; cat %s",
	         getenv("SOAK") ? 900 : 300, command, errors, errors);
	pipe = popen(line, "r");
	assert_non_null(pipe);
	assert_true(getdelim(&text, &size, '\0', pipe) > 0);
	pclose(pipe);
	return text;
}

static inline json_t *
read_lines(const char *path)
{
	struct program file = {0};
	size_t size = 0;
	FILE *stream = fopen(path, "r");
	json_t *lines;

	assert_non_null(stream);
	assert_true(getdelim(&file.out, &size, '\0', stream) > 0);
	fclose(stream);
	lines = program_lines(&file);
	free(file.out);
	return lines;
}

static inline void
watch(struct seen *seen, const char *options, const char *script)
{
	char command[1024];
	const char *path = program_file("agent.json", "");

	if (!program_has_agents_node())
		skip_because("there is no node of version 20 or newer");
	snprintf(command, sizeof(command),
	         "%s run --json --output %s %s -- node tests/agent/%s",
	         program_path(), path, options, script);
	free(seen->out);
	json_decref(seen->lines);
	seen->out = output_of(command);
	seen->lines = read_lines(path);
}

/* The program says the same and ends the same without looptop. */
static inline void
same_alone(struct seen *seen, const char *script)
{
	char command[512], *alone;

	snprintf(command, sizeof(command), "node tests/agent/%s", script);
	alone = output_of(command);
	assert_string_equal(seen->out, alone);
	free(alone);
}

static inline void
is_the_same(struct seen *seen, const char *script)
{
	watch(seen, "", script);
	same_alone(seen, script);
}

static inline int
setup(void **state)
{
	*state = calloc(1, sizeof(struct seen));
	return *state ? 0 : -1;
}

static inline int
teardown(void **state)
{
	struct seen *seen = *state;

	json_decref(seen->lines);
	free(seen->out);
	free(seen);
	return 0;
}

static inline const char *
string(json_t *line, const char *name)
{
	const char *value = json_string_value(json_object_get(line, name));

	return value ? value : "";
}

static inline json_int_t
integer(json_t *line, const char *name)
{
	return json_integer_value(json_object_get(line, name));
}

/* Lines of a kind whose field begins with `start`. */
static inline int
count(struct seen *seen, const char *kind, const char *field, const char *start)
{
	json_t *line;
	int found = 0;

	for (size_t n = 0; (line = program_line(seen->lines, kind, n)); n++)
		found +=
		    strncmp(string(line, field), start, strlen(start)) == 0;
	return found;
}

/* The key of a message, the same at both ends. */
static inline const char *
message_key(json_t *line, char key[96])
{
	snprintf(key, 96, "%" JSON_INTEGER_FORMAT " %s %" JSON_INTEGER_FORMAT,
	         integer(line, "channel"), string(line, "direction"),
	         integer(line, "number"));
	return key;
}

/* Messages by their key; none is there twice. */
static inline json_t *
messages_of(struct seen *seen, const char *kind)
{
	json_t *messages = json_object(), *line;
	char key[96];
	size_t n;

	json_array_foreach(seen->lines, n, line)
	{
		if (strcmp(string(line, "kind"), kind) != 0)
			continue;
		message_key(line, key);
		if (json_object_get(messages, key))
			fail_msg("twice: %s", json_dumps(line, JSON_COMPACT));
		json_object_set(messages, key, line);
	}
	return messages;
}

/* Each message that was sent was received, once; and nothing was lost. */
static inline void
both_ends_are_paired(struct seen *seen, const char *send, const char *recv)
{
	json_t *sent = messages_of(seen, send),
	       *received = messages_of(seen, recv), *line;
	const char *key;

	assert_null(program_line(seen->lines, "lost", 0));
	json_object_foreach(sent, key, line)
	{
		if (!json_object_get(received, key))
			fail_msg("no other end: %s",
			         json_dumps(line, JSON_COMPACT));
	}
	assert_int_equal(json_object_size(sent), json_object_size(received));
	json_decref(sent);
	json_decref(received);
}

#define with_seen(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

#endif
