/*
 * native_stack: V8's own functions (v8.h), looked up in the Node we are loaded
 * into, and what they tell of a thread's stack.
 */
#ifndef AGENT_NATIVE_STACK_H
#define AGENT_NATIVE_STACK_H

#include "core/event.h"

/* Looks them all up; false: one is missing, nothing here may be called.
 * `script`: how the agent's own path ends, outlives this. */
bool stack_find(const char *script);

/* The isolate (v8.h, Isolate::GetCurrent) of the thread that calls. */
void *stack_isolate(void);

/* Has `call` called by the JavaScript of an isolate soon; from any thread. */
void stack_interrupt(void *isolate, void (*call)(void *isolate, void *data),
                     void *data);

enum stack_found {
	STACK_EMPTY,
	STACK_NODES, /* nothing of the program's own is on it */
	STACK_OWN,
};

/* Where the thread that calls is, as the text of an EVENT_LOOP_CAUSE: the
 * innermost frame of the program's own, and on the way to it the outermost of
 * Node's. `env`: Node-API's, with a handle scope open. */
enum stack_found stack_describe(void *env, void *isolate,
                                char text[EVENT_TEXT_MAX]);

#endif
