/* The rules of child_process (Node's documentation: "Child process"). */
#include "rules.h"

#include "runtime/child.h"

#include <stdio.h>
#include <string.h>

/* ---- a child that says what happens to it ---- */

static void
on_spawn(struct child *child)
{
	(void)child;
	rules_say("spawn");
}

static void
on_error(struct child *child, int error)
{
	(void)child;
	rules_say("error %s", uv_err_name(error));
}

static void
on_output(struct child *child, int fd, const char *bytes, size_t size)
{
	(void)child;
	rules_say("fd %d: %.*s", fd, (int)strcspn(bytes, "\n"), bytes);
	(void)size;
}

static void
on_ended(struct child *child, int code, int signal)
{
	(void)child;
	rules_say("exit %d %d", code, signal);
}

static void
on_close(struct child *child)
{
	(void)child;
	rules_say("close");
}

static const struct child_events events = {
    .spawn = on_spawn,
    .error = on_error,
    .output = on_output,
    .exit = on_ended,
    .close = on_close,
};

/* Spawns one child and runs the loop until all is over. */
static void
spawn_and_run(const char *const *args)
{
	const struct child_options options = {.file = args[0], .args = args};
	static struct loop loop;
	static struct child child;

	loop_open(&loop, ROLE_MAIN, 0, "rule");
	child_spawn(&child, &loop, &options, &events);
	rules_say("returned");
	loop_run(&loop);
	loop_close(&loop);
}

static void
spawn_returns_at_once(void)
{
	spawn_and_run((const char *const[]){"true", NULL});
}

static void
spawn_of_nothing(void)
{
	spawn_and_run((const char *const[]){"/no/such/file", NULL});
}

static const struct rule rules[] = {
    {
	.number = "child 1",
	.text = "spawn returns at once; spawn, exit, close follow in order",
	.expect = "returned\nspawn\nexit 0 0\nclose\n",
	.node = "const c = cp.spawn('true');\n"
		"c.on('spawn', () => say('spawn'));\n"
		"c.on('exit', (code, s) => say('exit', code, s ?? 0));\n"
		"c.on('close', () => say('close'));\n"
		"say('returned');\n",
	.play = spawn_returns_at_once,
    },
    {
	.number = "child 5",
	.text = "a missing file: error ENOENT and close, no spawn, no exit",
	.expect = "returned\nerror ENOENT\nclose\n",
	.node = "const c = cp.spawn('/no/such/file');\n"
		"c.on('spawn', () => say('spawn'));\n"
		"c.on('error', (e) => say('error', e.code));\n"
		"c.on('exit', () => say('exit'));\n"
		"c.on('close', () => say('close'));\n"
		"say('returned');\n",
	.play = spawn_of_nothing,
    },
};

int
main(int argc, char **argv)
{
	return rules_main(argc, argv, rules, sizeof(rules) / sizeof(*rules),
	                  NULL);
}
