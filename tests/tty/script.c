#include "script_parts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <wordexp.h>

int
script_fail(struct script *script, int error, const char *format, ...)
{
	va_list list;
	int used = snprintf(script->error, SCRIPT_ERROR,
	                    "%s:%d: ", script->path, script->line);

	if (used < 0 || used >= SCRIPT_ERROR)
		return error;
	va_start(list, format);
	vsnprintf(script->error + used, SCRIPT_ERROR - (size_t)used, format,
	          list);
	va_end(list);
	return error;
}

int
script_check(struct script *script, int error, const char *what,
             const char *text)
{
	if (error == -ETIMEDOUT)
		return script_fail(script, error,
		                   "waited %d s to %s%s, in vain.",
		                   LIMIT_MS / 1000, what, text);
	if (error == -EPIPE)
		return script_fail(script, error,
		                   "the program ended while waiting to %s%s.",
		                   what, text);
	if (error)
		return script_fail(script, error, "could not %s%s: %s.", what,
		                   text, strerror(-error));
	return 0;
}

static int
command_size(struct script *script, char *rest)
{
	int cols, rows, end = 0;

	if (sscanf(rest, "%dx%d%n", &cols, &rows, &end) < 2 || rest[end] ||
	    cols < 1 || rows < 1 || cols > SIZE_MAX_CELLS ||
	    rows > SIZE_MAX_CELLS)
		return script_fail(script, -EINVAL,
		                   "\"%s\" is not a size like 120x40.", rest);
	script->cols = cols;
	script->rows = rows;
	if (!script->is_running)
		return 0;
	return script_check(script, tty_resize(&script->tty, rows, cols),
	                    "resize", "");
}

static int
command_env(struct script *script, char *rest)
{
	int count = 0;

	if (!strchr(rest, '=') || *rest == '=')
		return script_fail(script, -EINVAL, "\"%s\" is not NAME=VALUE.",
		                   rest);
	while (script->env[count])
		count++;
	if (count == ENV_MAX)
		return script_fail(script, -ENOSPC, "more than %d variables.",
		                   ENV_MAX);
	script->env[count] = strdup(rest);
	return script->env[count]
	           ? 0
	           : script_fail(script, -ENOMEM, "out of memory.");
}

static int
command_theme(struct script *script, char *rest)
{
	if (theme_named(rest, &script->theme))
		return 0;
	return script_fail(script, -EINVAL,
	                   "\"%s\" is not a theme of looptop's.", rest);
}

static int
start(struct script *script, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	struct tty_options options = {
	    .argv = (const char *const *)argv,
	    .env = (const char *const *)script->env,
	    .rows = script->rows,
	    .cols = script->cols,
	};
	int error = tty_start(&script->tty, &options);

	if (error)
		return script_fail(script, error,
		                   "%s could not be started: %s.", argv[0],
		                   strerror(-error));
	script->is_running = true;
	snprintf(script->title, sizeof(script->title), "%s",
	         slash ? slash + 1 : argv[0]);
	return 0;
}

static int
command_run(struct script *script, char *rest)
{
	wordexp_t words;
	int error;

	if (script->is_running)
		return script_fail(script, -EBUSY, "a program runs already.");
	if (wordexp(rest, &words, WRDE_NOCMD | WRDE_UNDEF) != 0)
		return script_fail(script, -EINVAL,
		                   "\"%s\" is not a list of words.", rest);
	error = words.we_wordc ? start(script, words.we_wordv)
	                       : script_fail(script, -EINVAL, "run what?");
	wordfree(&words);
	return error;
}

static int
command_wait(struct script *script, char *rest)
{
	return script_check(script, tty_wait_text(&script->tty, rest, LIMIT_MS),
	                    "see ", rest);
}

static int
command_gone(struct script *script, char *rest)
{
	return script_check(script, tty_wait_gone(&script->tty, rest, LIMIT_MS),
	                    "see the end of ", rest);
}

/* Where `\` and the character behind it stand for one byte, the byte; -1:
 * nowhere. *at is moved behind it. */
static int
unescape(const char **at)
{
	static const char names[] = "ertn\\", bytes[] = "\033\r\t\n\\";
	const char *name = strchr(names, (*at)[1]);
	unsigned byte;

	if ((*at)[1] == 'x' && sscanf(*at + 2, "%2x", &byte) == 1 &&
	    strspn(*at + 2, "0123456789abcdefABCDEF") >= 2) {
		*at += 4;
		return (int)byte;
	}
	if (!(*at)[1] || !name)
		return -1;
	*at += 2;
	return bytes[name - names];
}

static int
command_keys(struct script *script, char *rest)
{
	const char *at = rest;
	char *to = rest;
	int error;

	while (*at) {
		int byte = *at == '\\' ? unescape(&at) : (unsigned char)*at++;

		if (byte == -1)
			return script_fail(
			    script, -EINVAL,
			    "\"%s\" is no escape: \\e \\r \\n \\t "
			    "\\\\ and \\xNN are.",
			    at);
		*to++ = (char)byte;
	}
	error = tty_send(&script->tty, rest, (size_t)(to - rest));
	return script_check(script, error, "type", "");
}

int
script_ms(struct script *script, const char *text)
{
	char *end;
	long ms = strtol(text, &end, 10);

	if (end == text || *end || ms < 0 || ms > LIMIT_MS)
		return script_fail(script, -EINVAL,
		                   "\"%s\" is not a number of ms up to %d.",
		                   text, LIMIT_MS);
	return (int)ms;
}

static int
command_settle(struct script *script, char *rest)
{
	int ms = script_ms(script, rest);

	if (ms < 0)
		return ms;
	return script_check(script, tty_settle(&script->tty, ms, LIMIT_MS),
	                    "see nothing new", "");
}

static int
command_end(struct script *script, char *rest)
{
	int error = command_keys(script, rest), status;

	if (error)
		return error;
	error =
	    script_check(script, tty_wait_exit(&script->tty, LIMIT_MS, &status),
	                 "see the program end", "");
	if (error)
		return error;
	tty_close(&script->tty);
	script->is_running = false;
	if (WIFSIGNALED(status))
		return script_fail(script, -ECHILD,
		                   "the program was ended by signal %d.",
		                   WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		return script_fail(script, -ECHILD,
		                   "the program ended with status %d.",
		                   WEXITSTATUS(status));
	return 0;
}

static const struct command {
	const char *name;
	int (*run)(struct script *script, char *rest);
	bool needs_program, needs_rest;
} commands[] = {
    {"size", command_size, false, true},
    {"env", command_env, false, true},
    {"theme", command_theme, false, true},
    {"run", command_run, false, true},
    {"wait", command_wait, true, true},
    {"gone", command_gone, true, true},
    {"keys", command_keys, true, true},
    {"settle", command_settle, true, true},
    {"play", script_play, true, true},
    {"shot", script_shot, true, true},
    {"film", script_film, true, true},
    {"end", command_end, true, false},
};

static int
run_command(struct script *script, const char *name, char *rest)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		const struct command *command = &commands[i];

		if (strcmp(command->name, name) != 0)
			continue;
		if (command->needs_rest && !*rest)
			return script_fail(script, -EINVAL,
			                   "%s needs something behind it.",
			                   name);
		if (command->needs_program && !script->is_running)
			return script_fail(script, -EINVAL,
			                   "%s, but no program runs.", name);
		return command->run(script, rest);
	}
	return script_fail(script, -EINVAL, "there is no command \"%s\".",
	                   name);
}

static int
run_line(struct script *script, char *line)
{
	size_t size = strlen(line), name;

	while (size && strchr(" \t\r\n", line[size - 1]))
		line[--size] = '\0';
	line += strspn(line, " \t");
	if (!*line || *line == '#')
		return 0;
	name = strcspn(line, " \t");
	if (!line[name])
		return run_command(script, line, line + name);
	line[name] = '\0';
	line += name + 1;
	return run_command(script, line - name - 1, line + strspn(line, " \t"));
}

static int
run_lines(struct script *script, FILE *file)
{
	char *line = NULL;
	size_t room = 0;
	int error = 0;

	while (!error && getline(&line, &room, file) >= 0) {
		script->line++;
		error = run_line(script, line);
	}
	if (!error && ferror(file))
		error =
		    script_fail(script, -EIO, "it could not be read further.");
	free(line);
	return error;
}

int
script_run(const char *path, char error[SCRIPT_ERROR])
{
	struct script script = {.path = path, .error = error};
	FILE *file = fopen(path, "re");
	int result;

	if (!file) {
		result = -errno;
		snprintf(error, SCRIPT_ERROR, "%s could not be opened: %s.",
		         path, strerror(-result));
		return result;
	}
	result = run_lines(&script, file);
	fclose(file);
	tty_close(&script.tty);
	for (int i = 0; script.env[i]; i++)
		free(script.env[i]);
	return result;
}
