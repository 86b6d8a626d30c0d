/*
 * The agent's native part: it names the function that blocks a loop, while it
 * blocks it, and costs nothing while none does.
 *
 * looptop sees the block from outside and asks (ask.h). A helper thread hears
 * it and asks V8 to interrupt that thread's JavaScript (v8.h,
 * Isolate::RequestInterrupt: the one call that another thread may make). The
 * interrupt comes at the next turn of a loop or call of a function and takes
 * the stack. In a native call (pbkdf2Sync, execSync) it comes when that
 * returns, which is still before the loop goes on. The helper looks for the
 * answer and writes the record: a thread that writes looks from outside as if
 * its loop went on.
 *
 * What can go wrong: V8 has no such function (all are looked up; one missing
 * and the program is left alone); the thread ends (its cleanup hook takes it
 * out, under the lock the helper holds while it asks); the block ended before
 * the question came (looptop drops an answer that comes late); the library
 * would be unloaded with a worker thread (it is linked with -z nodelete).
 */
#include "ask.h"

#include "core/event.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { THREADS_MAX = 1024, FRAMES = 16, DETAILED = 127, NAME = 80 };

/* Node-API (node_api.h), as far as it is needed; its values are V8's. */
int napi_open_handle_scope(void *env, void **scope);
int napi_close_handle_scope(void *env, void *scope);
int napi_get_value_string_utf8(void *env, void *value, char *into, size_t room,
                               size_t *length);
int napi_add_env_cleanup_hook(void *env, void (*hook)(void *), void *data);
void *napi_register_module_v1(void *env, void *exports);

struct location {
	int line, column;
};

enum state { QUIET, ASKED, ANSWERED };

struct js_thread {
	uint32_t tid;
	void *env, *isolate; /* isolate NULL: free */
	enum state state;    /* ANSWERED: the text is the helper's */
	uint64_t answered;
	char text[EVENT_TEXT_MAX];
};

static struct {
	pthread_mutex_t lock;
	bool tried, works;
	int fd; /* the stream */
	struct ask *ask;
	struct js_thread threads[THREADS_MAX];
	/* v8.h; a Local<T> is a pointer to where the object is kept */
	void *(*current)(void);
	void (*interrupt)(void *isolate, void (*call)(void *, void *),
	                  void *data);
	void *(*stack)(void *isolate, int frames, int options);
	int (*count)(void *stack);
	void *(*frame)(void *stack, void *isolate, uint32_t index);
	void *(*function)(void *frame);
	void *(*script)(void *frame);
	struct location (*location)(void *frame);
} native = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1};

/* ---- the answer, on the blocked thread ---- */

struct place {
	char function[NAME], script[PATH_MAX];
	int line;
};

static void
copy(void *env, void *value, char *into, size_t room)
{
	into[0] = '\0';
	if (value)
		(void)napi_get_value_string_utf8(env, value, into, room, NULL);
}

static void
read_place(void *env, void *frame, struct place *place)
{
	copy(env, native.function(frame), place->function, NAME);
	copy(env, native.script(frame), place->script, PATH_MAX);
	place->line = native.location(frame).line + 1;
}

/* What a program calls is Node's: "node:fs" and the like, and the agent. */
static bool
is_nodes(const struct place *place)
{
	return strncmp(place->script, "node:", 5) == 0 || !place->script[0];
}

/* "hashPassword (auth.js:41)", and which of Node's functions it is in. */
static void
describe(char *into, size_t room, const struct place *own, const char *inside)
{
	const char *slash = strrchr(own->script, '/');

	snprintf(into, room, "%s (%.160s:%d)%s%s",
	         own->function[0] ? own->function : "anonymous",
	         slash ? slash + 1 : own->script, own->line,
	         *inside ? " in " : "", inside);
}

static uint64_t
clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The innermost frame of the program's own, and on the way to it the outermost
 * of Node's. */
static void
on_interrupt(void *isolate, void *data)
{
	struct js_thread *thread = data;
	char inside[NAME] = "";
	struct place place = {.line = 0};
	void *scope, *stack;
	int count;

	if (thread->isolate != isolate ||
	    __atomic_load_n(&thread->state, __ATOMIC_ACQUIRE) != ASKED ||
	    napi_open_handle_scope(thread->env, &scope))
		return;
	stack = native.stack(isolate, FRAMES, DETAILED);
	count = stack ? native.count(stack) : 0;
	for (int i = 0; i < count; i++) {
		read_place(thread->env,
		           native.frame(stack, isolate, (uint32_t)i), &place);
		if (!is_nodes(&place))
			break;
		if (place.function[0])
			memcpy(inside, place.function, NAME);
	}
	if (count > 0)
		describe(thread->text, sizeof(thread->text), &place,
		         is_nodes(&place) ? "" : inside);
	thread->answered = clock_now();
	__atomic_store_n(&thread->state, count > 0 ? ANSWERED : QUIET,
	                 __ATOMIC_RELEASE);
	(void)napi_close_handle_scope(thread->env, scope);
}

/* ---- the helper ---- */

static void
ask_thread(uint32_t tid)
{
	pthread_mutex_lock(&native.lock);
	for (int i = 0; i < THREADS_MAX; i++) {
		struct js_thread *thread = &native.threads[i];

		if (!thread->isolate || thread->tid != tid)
			continue;
		thread->state = ASKED;
		native.interrupt(thread->isolate, on_interrupt, thread);
	}
	pthread_mutex_unlock(&native.lock);
}

static void
tell(const struct js_thread *thread)
{
	size_t length = strlen(thread->text);
	struct {
		struct event head;
		char text[EVENT_TEXT_MAX];
	} record = {.head = {.magic = EVENT_MAGIC,
	                     .kind = EVENT_LOOP_CAUSE,
	                     .text = (uint16_t)length,
	                     .time = thread->answered,
	                     .pid = (uint32_t)getpid(),
	                     .tid = thread->tid}};

	memcpy(record.text, thread->text, length);
	(void)!write(native.fd, &record, event_record_size(length));
}

/* Tells what was answered; whether an answer is still to come. */
static bool
tell_answers(void)
{
	bool waits = false;

	pthread_mutex_lock(&native.lock);
	for (int i = 0; i < THREADS_MAX; i++) {
		struct js_thread *thread = &native.threads[i];
		enum state state =
		    __atomic_load_n(&thread->state, __ATOMIC_ACQUIRE);

		if (state == ANSWERED) {
			tell(thread);
			__atomic_store_n(&thread->state, QUIET,
			                 __ATOMIC_RELEASE);
		}
		waits |= state == ASKED && thread->isolate;
	}
	pthread_mutex_unlock(&native.lock);
	return waits;
}

static void *
helper(void *data)
{
	static const struct timespec soon = {.tv_nsec = 2000000};
	struct ask *ask = native.ask;
	uint32_t heard = __atomic_load_n(&ask->count, __ATOMIC_ACQUIRE);

	prctl(PR_SET_NAME, "looptop-agent");
	for (;;) {
		uint32_t asked = __atomic_load_n(&ask->count, __ATOMIC_ACQUIRE);

		if (asked - heard > ASK_TIDS)
			heard = asked - ASK_TIDS;
		for (; heard != asked; heard++)
			ask_thread(ask->tids[heard % ASK_TIDS]);
		/* Nothing to do but to look again, while it is blocked. */
		syscall(SYS_futex, &ask->count, FUTEX_WAIT, asked,
		        tell_answers() ? &soon : NULL, NULL, 0);
	}
	return data;
}

/* The program's signals are not for this thread. */
static bool
start_helper(void)
{
	sigset_t all, old;
	pthread_attr_t attributes;
	pthread_t thread;
	int error;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, 128 * 1024);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&thread, &attributes, helper, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attributes);
	return error == 0;
}

/* ---- starting ---- */

static bool
find_all(void)
{
	const struct {
		void *into;
		const char *name;
	} functions[] = {
	    {&native.current, "_ZN2v87Isolate10GetCurrentEv"},
	    {&native.interrupt,
	     "_ZN2v87Isolate16RequestInterruptEPFvPS0_PvES2_"},
	    {&native.stack, "_ZN2v810StackTrace17CurrentStackTraceEPNS_7Isolate"
	                    "EiNS0_17StackTraceOptionsE"},
	    {&native.count, "_ZNK2v810StackTrace13GetFrameCountEv"},
	    {&native.frame, "_ZNK2v810StackTrace8GetFrameEPNS_7IsolateEj"},
	    {&native.function, "_ZNK2v810StackFrame15GetFunctionNameEv"},
	    {&native.script, "_ZNK2v810StackFrame13GetScriptNameEv"},
	    {&native.location, "_ZNK2v810StackFrame11GetLocationEv"},
	};

	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
		void *found = dlsym(RTLD_DEFAULT, functions[i].name);

		if (!found)
			return false;
		memcpy(functions[i].into, &found, sizeof(found));
	}
	return true;
}

static bool
map_ask(const char *events)
{
	char path[PATH_MAX];
	const char *slash = strrchr(events, '/');
	int fd;

	if (!slash || snprintf(path, sizeof(path), "%.*s/" ASK_FILE,
	                       (int)(slash - events), events) >= PATH_MAX)
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	native.ask =
	    mmap(NULL, sizeof(*native.ask), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	return native.ask != MAP_FAILED;
}

/* Once in a process. */
static bool
start(void)
{
	const char *events = getenv("LOOPTOP_EVENTS");

	if (native.tried || !events)
		return native.works;
	native.tried = true;
	if (!find_all() || !map_ask(events))
		return false;
	native.fd = open(events, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	native.works = native.fd >= 0 && start_helper();
	return native.works;
}

static void
forget(void *data)
{
	struct js_thread *thread = data;

	pthread_mutex_lock(&native.lock);
	thread->isolate = NULL;
	thread->state = QUIET;
	pthread_mutex_unlock(&native.lock);
}

static void
remember(void *env)
{
	for (int i = 0; i < THREADS_MAX; i++) {
		struct js_thread *thread = &native.threads[i];

		if (thread->isolate)
			continue;
		thread->tid = (uint32_t)syscall(SYS_gettid);
		thread->env = env;
		thread->isolate = native.current();
		(void)napi_add_env_cleanup_hook(env, forget, thread);
		return;
	}
}

/* Node calls it in each thread that loads the library. */
__attribute__((visibility("default"))) void *
napi_register_module_v1(void *env, void *exports)
{
	pthread_mutex_lock(&native.lock);
	if (start())
		remember(env);
	pthread_mutex_unlock(&native.lock);
	return exports;
}
