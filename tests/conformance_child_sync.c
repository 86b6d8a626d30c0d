/* The rules of spawnSync, execFileSync, execSync (Node's documentation:
 * "Synchronous process creation"). */
#include "conformance_child.h"

#include "runtime/child_sync.h"

/* ---- what a result says, in C and in JavaScript ---- */

static void
say_result(const struct child_result *result)
{
	char number[16], name[16];

	rules_say("%s %s %s %s", result->pid ? "pid" : "no pid",
	          number_word(result->status, number),
	          signal_word(result->signal, name),
	          result->error ? uv_err_name(result->error) : "-");
	rules_say("stdout %s", one_line(result->out.bytes));
	rules_say("stderr %s", one_line(result->err.bytes));
}

#define JS_RESULT \
	"const one = (t) =>" \
	" String(t ?? '').replace(/\\n+$/, '').replace(/\\n/g, '|');\n" \
	"const result = (r) => {\n" \
	"  say(r.pid ? 'pid' : 'no pid', `${r.status}`, `${r.signal}`,\n" \
	"    r.error?.code ?? '-');\n" \
	"  say('stdout', one(r.stdout));\n" \
	"  say('stderr', one(r.stderr));\n" \
	"};\n"

static void
run_sync(const struct child_options *options, const char *input)
{
	struct child_result result;

	signal(SIGPIPE, SIG_IGN);
	child_run_sync(NULL, options, input, input ? strlen(input) : 0,
	               &result);
	say_result(&result);
	child_result_close(&result);
}

/* ---- the scenarios ---- */

static void
a_result(void)
{
	const char *words[4];
	struct child_options options =
	    shell(words, "echo out; echo err >&2; exit 3");

	run_sync(&options, NULL);
	options = shell(words, "kill -KILL $$");
	run_sync(&options, NULL);
}

static void
say_thrown(const struct child_result *result, const char *command)
{
	struct child_failure failure;
	char number[16], name[16];

	if (child_failure_make_sync(result, command, &failure) != 1)
		return;
	rules_say("%s", one_line(failure.message));
	rules_say("%s %s", number_word(failure.code, number),
	          signal_word(failure.signal, name));
	child_failure_close(&failure);
}

static void
nothing_to_run(void)
{
	const struct child_options options = {.file = "/no/such"};
	struct child_result result;

	child_run_sync(NULL, &options, NULL, 0, &result);
	rules_say("pid %d", result.pid);
	rules_say("output %s", result.out.bytes ? "there" : "null");
	say_thrown(&result, "/no/such");
	child_result_close(&result);
}

static void
too_long_too_much(void)
{
	const char *const words[] = {"sleep", "1000", NULL};
	const char *const much[] = {"head", "-c", "100", "/dev/zero", NULL};
	struct child_options options = {
	    .file = "sleep",
	    .args = words,
	    .timeout_ms = 30,
	};
	struct child_result result;

	run_sync(&options, NULL);
	options = (struct child_options){
	    .file = "head",
	    .args = much,
	    .max_buffer = 10,
	};
	child_run_sync(NULL, &options, NULL, 0, &result);
	rules_say("%s %zu", uv_err_name(result.error), result.out.size);
	child_result_close(&result);
}

static void
both_outputs_together(void)
{
	const char *words[4];
	struct child_options options =
	    shell(words, "printf aaaaaa; printf bbbbbb >&2");
	struct child_result result;

	options.max_buffer = 11;
	child_run_sync(NULL, &options, NULL, 0, &result);
	rules_say("%s", uv_err_name(result.error));
	child_result_close(&result);
}

static void
an_input(void)
{
	const struct child_options cat = {.file = "cat"};
	const char *words[4];
	struct child_options options = shell(words, "echo oops >&2; exit 3");
	struct child_result result;

	run_sync(&cat, "hello");
	run_sync(&cat, NULL);
	child_run_sync(NULL, &options, NULL, 0, &result);
	say_thrown(&result, words[2]);
	rules_say("stderr %s", one_line(result.err.bytes));
	child_result_close(&result);
}

static void
an_input_not_read(void)
{
	const struct child_options options = {.file = "true"};
	static char big[1000001];

	memset(big, 'x', sizeof(big) - 1);
	run_sync(&options, big);
}

static const struct rule rules[] = {
    {
	.number = "child 45",
	.text = "spawnSync: pid, status, signal, stdout, stderr",
	.expect = "pid 3 null -\nstdout out\nstderr err\n"
		  "pid null SIGKILL -\nstdout \nstderr \n",
	.node =
	    JS_RESULT "result(cp.spawnSync('sh', ['-c',"
		      " 'echo out; echo err >&2; exit 3']));\n"
		      "result(cp.spawnSync('sh', ['-c', 'kill -KILL $$']));\n",
	.play = a_result,
    },
    {
	.number = "child 46",
	.text = "spawnSync of a missing file: pid 0, no output, error ENOENT",
	.expect = "pid 0\noutput null\nspawnSync /no/such ENOENT\n"
		  "null null\n",
	.node = "const r = cp.spawnSync('/no/such');\n"
		"say('pid', r.pid);\n"
		"say('output', r.output ? 'there' : 'null');\n"
		"say(r.error.message);\n"
		"say(`${r.status} ${r.signal}`);\n",
	.play = nothing_to_run,
    },
    {
	.number = "child 47",
	.text = "spawnSync: ETIMEDOUT and SIGTERM; ENOBUFS, not cut",
	.expect = "pid null SIGTERM ETIMEDOUT\nstdout \nstderr \n"
		  "ENOBUFS 100\n",
	.node = JS_RESULT
	"result(cp.spawnSync('sleep', ['1000'], {timeout: 30}));\n"
	"const r = cp.spawnSync('head', ['-c', '100', '/dev/zero'],\n"
	"  {maxBuffer: 10});\n"
	"say(r.error.code, r.stdout.length);\n",
	.play = too_long_too_much,
    },
    {
	.number = "child 47 sum",
	.text = "spawnSync: maxBuffer counts both outputs together",
	.expect = "ENOBUFS\n",
	.node = "say(cp.spawnSync('sh',\n"
		"  ['-c', 'printf aaaaaa; printf bbbbbb >&2'],\n"
		"  {maxBuffer: 11}).error.code);\n",
	.play = both_outputs_together,
    },
    {
	.number = "child 48",
	.text = "input is its stdin, else empty; execSync throws status and "
		"outputs",
	.expect = "pid 0 null -\nstdout hello\nstderr \n"
		  "pid 0 null -\nstdout \nstderr \n"
		  "Command failed: echo oops >&2; exit 3|oops\n3 null\n"
		  "stderr oops\n",
	.node = JS_RESULT
	"result(cp.spawnSync('cat', {input: 'hello'}));\n"
	"result(cp.spawnSync('cat'));\n"
	"try { cp.execSync('echo oops >&2; exit 3', {stdio: 'pipe'}); }\n"
	"catch (e) {\n"
	"  say(one(e.message));\n"
	"  say(`${e.status} ${e.signal}`);\n"
	"  say('stderr', one(e.stderr));\n"
	"}\n",
	.play = an_input,
	.reason = "that execSync shows stderr on ours is left to the caller",
    },
    {
	.number = "child 48 unread",
	.text = "input that is not read: error EPIPE beside the status",
	.expect = "pid 0 null EPIPE\nstdout \nstderr \n",
	.node = JS_RESULT
	"result(cp.spawnSync('true', {input: 'x'.repeat(1e6)}));\n",
	.play = an_input_not_read,
    },
};

RULES_MAIN(rules, NULL)
