#include "native_stack.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { FRAMES = 16, DETAILED = 127, NAME = 80 };

/* Node-API (node_api.h); its values are V8's. */
int napi_get_value_string_utf8(void *env, void *value, char *into, size_t room,
                               size_t *length);

struct location {
	int line, column;
};

static struct {
	const char *script;
	/* v8.h; a Local<T> is a pointer to where the object is kept */
	void *(*current)(void);
	void (*interrupt)(void *isolate, void (*call)(void *, void *),
	                  void *data);
	void *(*stack)(void *isolate, int frames, int options);
	int (*count)(void *stack);
	void *(*frame)(void *stack, void *isolate, uint32_t index);
	void *(*function)(void *frame);
	void *(*script_of)(void *frame);
	struct location (*location)(void *frame);
} v8;

bool
stack_find(const char *script)
{
	const struct {
		void *into;
		const char *name;
	} functions[] = {
	    {&v8.current, "_ZN2v87Isolate10GetCurrentEv"},
	    {&v8.interrupt, "_ZN2v87Isolate16RequestInterruptEPFvPS0_PvES2_"},
	    {&v8.stack, "_ZN2v810StackTrace17CurrentStackTraceEPNS_7Isolate"
	                "EiNS0_17StackTraceOptionsE"},
	    {&v8.count, "_ZNK2v810StackTrace13GetFrameCountEv"},
	    {&v8.frame, "_ZNK2v810StackTrace8GetFrameEPNS_7IsolateEj"},
	    {&v8.function, "_ZNK2v810StackFrame15GetFunctionNameEv"},
	    {&v8.script_of, "_ZNK2v810StackFrame13GetScriptNameEv"},
	    {&v8.location, "_ZNK2v810StackFrame11GetLocationEv"},
	};

	v8.script = script;
	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
		void *found = dlsym(RTLD_DEFAULT, functions[i].name);

		if (!found)
			return false;
		memcpy(functions[i].into, &found, sizeof(found));
	}
	return true;
}

void *
stack_isolate(void)
{
	return v8.current();
}

void
stack_interrupt(void *isolate, void (*call)(void *isolate, void *data),
                void *data)
{
	v8.interrupt(isolate, call, data);
}

/* ---- a frame ---- */

struct spot {
	char function[NAME], script[PATH_MAX];
	int line;
};

static void
copy(void *env, void *value, char *into, size_t room)
{
	into[0] = '\0';
	if (value)
		(void)napi_get_value_string_utf8(env, value, into, room, NULL);
	/* A property's name may be anything; its text is one line. */
	for (; *into; into++)
		if (*into == '\n')
			*into = ' ';
}

static void
read_spot(void *env, void *frame, struct spot *spot)
{
	copy(env, v8.function(frame), spot->function, NAME);
	copy(env, v8.script_of(frame), spot->script, PATH_MAX);
	spot->line = v8.location(frame).line + 1;
}

static bool
ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), size = strlen(end);

	return length >= size && strcmp(text + length - size, end) == 0;
}

/* What a program calls is Node's: "node:fs" and the like, and the agent. */
static bool
is_nodes(const struct spot *spot)
{
	return strncmp(spot->script, "node:", 5) == 0 || !spot->script[0] ||
	       ends_with(spot->script, v8.script);
}

/* "hashPassword (auth.js:41)", and which of Node's functions it is in; then
 * the same for programs (core/place.h). */
static void
describe(char text[EVENT_TEXT_MAX], const struct spot *own, const char *inside)
{
	const char *file = own->script, *slash, *function = own->function;

	if (strncmp(file, "file://", 7) == 0)
		file += 7;
	slash = strrchr(file, '/');
	if (!*function)
		function = "anonymous";
	snprintf(text, EVENT_TEXT_MAX, "%s (%.160s:%d)%s%s\n%d\n%s\n%.480s",
	         function, slash ? slash + 1 : file, own->line,
	         *inside ? " in " : "", inside, own->line, function, file);
}

enum stack_found
stack_describe(void *env, void *isolate, char text[EVENT_TEXT_MAX])
{
	void *stack = v8.stack(isolate, FRAMES, DETAILED);
	int count = stack ? v8.count(stack) : 0;
	char inside[NAME] = "";
	struct spot spot = {.line = 0};

	for (int i = 0; i < count; i++) {
		read_spot(env, v8.frame(stack, isolate, (uint32_t)i), &spot);
		if (!is_nodes(&spot)) {
			describe(text, &spot, inside);
			return STACK_OWN;
		}
		if (spot.function[0])
			memcpy(inside, spot.function, NAME);
	}
	if (count > 0)
		describe(text, &spot, "");
	return count > 0 ? STACK_NODES : STACK_EMPTY;
}
