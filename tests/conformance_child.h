/*
 * What the scenarios of child processes stand on: a child whose events are
 * said, in C and in JavaScript with the same words.
 *
 *   spawn | error NAME | exit CODE SIGNAL | disconnect | drain
 *   FD: what it wrote, lines joined by | (said at close)
 *   close CODE SIGNAL
 */
#ifndef TESTS_CONFORMANCE_CHILD_H
#define TESTS_CONFORMANCE_CHILD_H

#include "rules.h"

#include "runtime/child_exec.h"
#include "runtime/child_stdio.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* `watch(child)` says the same; `one(text)` is a text in one line. */
#define JS_WATCH \
	"const one = (t) =>" \
	" String(t).replace(/\\n+$/, '').replace(/\\n/g, '|');\n" \
	"const watch = (c) => {\n" \
	"  const t = {};\n" \
	"  c.stdio?.forEach((s, i) =>" \
	"    i && s?.on('data', (d) => t[i] = (t[i] ?? '') + d));\n" \
	"  for (const name of ['spawn', 'disconnect'])\n" \
	"    c.on(name, () => say(name));\n" \
	"  c.on('error', (e) => say('error', e.code));\n" \
	"  c.on('exit', (n, s) => say('exit', `${n}`, `${s}`));\n" \
	"  c.on('close', (n, s) => {\n" \
	"    for (const i in t) say(`${i}: ${one(t[i])}`);\n" \
	"    say('close', `${n}`, `${s}`);\n" \
	"  });\n" \
	"  return c;\n" \
	"};\n"

/* One child after the other. */
#define JS_EACH \
	"const each = (first, ...rest) => first &&\n" \
	"  watch(first()).on('close', () => each(...rest));\n"

/* A shell that ends and leaves somebody behind who holds all it had, until he
 * reads a line from 4: it is written when the shell's exit is told. */
#define LATE "(read x <&4; echo late) & exit 3"
#define JS_LATE \
	"const late = (stdio) => {\n" \
	"  const c = watch(cp.spawn('sh', ['-c', '" LATE "'], {stdio}));\n" \
	"  return c.on('exit', () => c.stdio[4].write('x\\n'));\n" \
	"};\n"

enum { FDS = 8, TEXT_BYTES = 4096 };

static struct loop loop;
static struct child child;
static char texts[FDS][TEXT_BYTES];

/* A file that is there or not, to talk with a shell that has no channel; its
 * name is in MARK. */
static inline const char *
mark_name(void)
{
	static char name[64];

	snprintf(name, sizeof(name), "/tmp/looptop-mark-%d", getpid());
	setenv("MARK", name, 1);
	return name;
}

/* ---- words ---- */

static inline const char *
number_word(int code, char word[16])
{
	if (code == -1)
		return "null";
	snprintf(word, 16, "%d", code);
	return word;
}

static inline const char *
signal_word(int signal, char word[16])
{
	if (!signal)
		return "null";
	snprintf(word, 16, "SIG%s", sigabbrev_np(signal));
	return word;
}

static inline void
say_end(const char *what, int code, int signal)
{
	char number[16], name[16];

	rules_say("%s %s %s", what, number_word(code, number),
	          signal_word(signal, name));
}

/* In one line, at most TEXT_BYTES of it. */
static inline const char *
one_line(const char *text)
{
	static char line[TEXT_BYTES];
	size_t size = text ? strlen(text) : 0;

	if (size >= sizeof(line))
		size = sizeof(line) - 1;
	if (size)
		memcpy(line, text, size);
	while (size && line[size - 1] == '\n')
		size--;
	line[size] = '\0';
	for (char *at = line; *at; at++)
		if (*at == '\n')
			*at = '|';
	return line;
}

/* ---- events ---- */

static inline void
say_spawn(struct child *of)
{
	(void)of;
	rules_say("spawn");
}

static inline void
say_error(struct child *of, int error)
{
	(void)of;
	rules_say("error %s",
	          error == -ECANCELED ? "ABORT_ERR" : uv_err_name(error));
}

static inline void
take_output(struct child *of, int fd, const char *bytes, size_t size)
{
	size_t used = strlen(texts[fd]);

	(void)of;
	snprintf(texts[fd] + used, TEXT_BYTES - used, "%.*s", (int)size, bytes);
}

static inline void
say_disconnect(struct child *of)
{
	(void)of;
	rules_say("disconnect");
}

static inline void
say_exit(struct child *of, int code, int signal)
{
	(void)of;
	say_end("exit", code, signal);
}

static inline void
say_close(struct child *of)
{
	for (int fd = 0; fd < FDS; fd++)
		if (*texts[fd])
			rules_say("%d: %s", fd, one_line(texts[fd]));
	memset(texts, 0, sizeof(texts));
	say_end("close", of->code, of->signal);
}

static const struct child_events watch = {
    .spawn = say_spawn,
    .error = say_error,
    .output = take_output,
    .disconnect = say_disconnect,
    .exit = say_exit,
    .close = say_close,
};

/* ---- running ---- */

static inline void
open_loop(void)
{
	signal(SIGPIPE, SIG_IGN);
	if (loop_open(&loop, ROLE_MAIN, 0, "rule"))
		abort();
}

/* Until all is over. */
static inline void
run_loop(void)
{
	loop_run(&loop);
	loop_close(&loop);
}

/* One child, and runs until it is over. */
static inline void
run_child(const struct child_options *options,
          const struct child_events *events)
{
	int error;

	open_loop();
	error = child_spawn(&child, &loop, options, events);
	if (error)
		rules_say("throws %s", uv_err_name(error));
	run_loop();
}

/* `sh -c script`, and the options for it; the words live in `words`. */
static inline struct child_options
shell(const char *words[4], const char *script)
{
	words[0] = "sh";
	words[1] = "-c";
	words[2] = script;
	words[3] = NULL;
	return (struct child_options){.file = "sh", .args = words};
}

/* `sh -c script` and all that is seen of it. */
static inline void
watch_shell(const char *script)
{
	const char *words[4];
	struct child_options options = shell(words, script);

	run_child(&options, &watch);
}

static inline void
free_late(struct child *of, int code, int signal)
{
	say_exit(of, code, signal);
	child_write(of, 4, "x\n", 2);
}

/* LATE with descriptors 0, 1, 3 as said, 2 ignored. */
static inline void
watch_late(enum child_stdio in, enum child_stdio out, enum child_stdio three,
           struct child_events events)
{
	const char *words[4];
	struct child_options options = shell(words, LATE);
	const struct child_descriptor stdio[] = {
	    {.mode = in},    {.mode = out},        {.mode = CHILD_IGNORE},
	    {.mode = three}, {.mode = CHILD_PIPE},
	};

	events.exit = free_late;
	options.stdio = stdio;
	options.stdio_count = 5;
	run_child(&options, &events);
}

#define RULES_MAIN(rules, roles) \
	int main(int argc, char **argv) \
	{ \
		return rules_main(argc, argv, rules, \
		                  sizeof(rules) / sizeof(*(rules)), roles); \
	}

#endif
