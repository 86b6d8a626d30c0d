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
 * With --stacks the agent says before such a call where it is (enter) and
 * behind it that it is over (leave): the helper then answers at once.
 *
 * What can go wrong: V8 has no such function (all are looked up; one missing
 * and the program is left alone); the thread ends (its cleanup hook takes it
 * out, under the lock the helper holds while it asks); the block ended before
 * the question came (looptop drops an answer that comes late); the function
 * whose native call blocked has returned before the interrupt came (an answer
 * without any of the program's frames is dropped when it is late); the library
 * would be unloaded with a worker thread (it is linked with -z nodelete).
 */
#include "ask.h"
#include "native_casts.h"
#include "native_loop.h"
#include "native_ports.h"
#include "native_stack.h"

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
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { THREADS_MAX = 1024, LATE_NS = 10000000 };

/* Node-API (node_api.h), as far as it is needed. */
int napi_open_handle_scope(void *env, void **scope);
int napi_close_handle_scope(void *env, void *scope);
int napi_add_env_cleanup_hook(void *env, void (*hook)(void *), void *data);
int napi_create_function(void *env, const char *name, size_t length,
                         void *(*call)(void *env, void *info), void *data,
                         void **result);
int napi_get_cb_info(void *env, void *info, size_t *count, void **values,
                     void **self, void **data);
int napi_get_value_int32(void *env, void *value, int32_t *into);
int napi_create_int32(void *env, int32_t value, void **result);
int napi_set_named_property(void *env, void *object, const char *name,
                            void *value);
void *napi_register_module_v1(void *env, void *exports);

enum state { QUIET, ASKED, ANSWERED };

struct js_thread {
	uint32_t tid;
	void *env, *isolate; /* isolate NULL: free */
	enum state state;    /* ANSWERED: the text is the helper's */
	uint64_t asked, answered;
	char text[EVENT_TEXT_MAX];
	/* with --stacks, under the lock: native calls in one another, and
	 * where the outermost was made */
	int depth;
	char inside[EVENT_TEXT_MAX];
};

static struct {
	pthread_mutex_t lock;
	bool tried, works;
	int fd; /* the stream */
	struct ask *ask;
	char script[PATH_MAX]; /* how the path of the agent's own ends */
} native = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1};

/* By itself, for it begins as zeroes: 2 MB that are not in the file. */
static struct js_thread threads[THREADS_MAX];

static uint64_t
clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- the answer, on the blocked thread ---- */

static void
on_interrupt(void *isolate, void *data)
{
	struct js_thread *thread = data;
	enum stack_found found;
	void *scope;
	bool late;

	if (thread->isolate != isolate ||
	    __atomic_load_n(&thread->state, __ATOMIC_ACQUIRE) != ASKED ||
	    napi_open_handle_scope(thread->env, &scope))
		return;
	thread->answered = clock_now();
	late = thread->answered > thread->asked + LATE_NS;
	found = stack_describe(thread->env, isolate, thread->text);
	__atomic_store_n(&thread->state,
	                 found == STACK_OWN || (found == STACK_NODES && !late)
	                     ? ANSWERED
	                     : QUIET,
	                 __ATOMIC_RELEASE);
	(void)napi_close_handle_scope(thread->env, scope);
	/* The helper sleeps on it. */
	syscall(SYS_futex, &native.ask->count, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* ---- native calls, with --stacks ---- */

static void *
enter(void *env, void *info)
{
	char text[EVENT_TEXT_MAX];
	struct js_thread *thread;
	enum stack_found found = STACK_EMPTY;
	void *data;

	if (napi_get_cb_info(env, info, NULL, NULL, NULL, &data))
		return NULL;
	thread = data;
	if (thread->depth == 0)
		found = stack_describe(env, thread->isolate, text);
	pthread_mutex_lock(&native.lock);
	if (thread->depth++ == 0 && found == STACK_OWN)
		memcpy(thread->inside, text, strlen(text) + 1);
	pthread_mutex_unlock(&native.lock);
	return NULL;
}

static void *
leave(void *env, void *info)
{
	struct js_thread *thread;
	void *data;

	if (napi_get_cb_info(env, info, NULL, NULL, NULL, &data))
		return NULL;
	thread = data;
	pthread_mutex_lock(&native.lock);
	if (thread->depth > 0 && --thread->depth == 0)
		thread->inside[0] = '\0';
	pthread_mutex_unlock(&native.lock);
	return NULL;
}

static void
offer(void *env, void *exports, const char *name,
      void *(*call)(void *env, void *info), struct js_thread *thread)
{
	void *function;

	if (napi_create_function(env, name, SIZE_MAX, call, thread,
	                         &function) == 0)
		(void)napi_set_named_property(env, exports, name, function);
}

/* ---- the helper ---- */

static void
tell(const struct js_thread *thread, uint64_t time, const char *text)
{
	size_t length = strlen(text);
	struct {
		struct event head;
		char text[EVENT_TEXT_MAX];
	} record = {.head = {.magic = EVENT_MAGIC,
	                     .kind = EVENT_LOOP_CAUSE,
	                     .text = (uint16_t)length,
	                     .time = time,
	                     .pid = (uint32_t)getpid(),
	                     .tid = thread->tid}};

	memcpy(record.text, text, length);
	(void)!write(native.fd, &record, event_record_size(length));
}

static void
ask_thread(uint32_t tid)
{
	pthread_mutex_lock(&native.lock);
	for (int i = 0; i < THREADS_MAX; i++) {
		struct js_thread *thread = &threads[i];

		if (!thread->isolate || thread->tid != tid)
			continue;
		if (thread->inside[0]) {
			tell(thread, clock_now(), thread->inside);
			continue;
		}
		thread->asked = clock_now();
		__atomic_store_n(&thread->state, ASKED, __ATOMIC_RELEASE);
		stack_interrupt(thread->isolate, on_interrupt, thread);
	}
	pthread_mutex_unlock(&native.lock);
}

/* Tells what was answered; whether an answer is still to come. */
static bool
tell_answers(void)
{
	bool waits = false;

	pthread_mutex_lock(&native.lock);
	for (int i = 0; i < THREADS_MAX; i++) {
		struct js_thread *thread = &threads[i];
		enum state state =
		    __atomic_load_n(&thread->state, __ATOMIC_ACQUIRE);

		if (state == ANSWERED) {
			tell(thread, thread->answered, thread->text);
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

/* ---- channels ---- */

/* Who made the other end of a socket: peer(fd) gives its pid, or undefined. */
static void *
peer(void *env, void *info)
{
	struct ucred maker;
	socklen_t size = sizeof(maker);
	void *values[1], *result = NULL;
	size_t count = 1;
	int32_t fd;

	if (napi_get_cb_info(env, info, &count, values, NULL, NULL) ||
	    napi_get_value_int32(env, values[0], &fd) ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &maker, &size))
		return NULL;
	(void)napi_create_int32(env, maker.pid, &result);
	return result;
}

/* ---- starting ---- */

static bool
map_ask(const char *events)
{
	char path[PATH_MAX];
	const char *slash = strrchr(events, '/'), *tail;
	int fd;

	if (!slash || snprintf(path, sizeof(path), "%.*s/" ASK_FILE,
	                       (int)(slash - events), events) >= PATH_MAX)
		return false;
	for (tail = slash; tail > events && tail[-1] != '/'; tail--)
		;
	snprintf(native.script, sizeof(native.script), "/%.*s/" SCRIPT_FILE,
	         (int)(slash - tail), tail);
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
	if (!map_ask(events) || !stack_find(native.script))
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
	thread->depth = 0;
	thread->inside[0] = '\0';
	pthread_mutex_unlock(&native.lock);
}

static struct js_thread *
remember(void *env)
{
	for (int i = 0; i < THREADS_MAX; i++) {
		struct js_thread *thread = &threads[i];

		if (thread->isolate)
			continue;
		thread->tid = (uint32_t)syscall(SYS_gettid);
		thread->env = env;
		thread->isolate = stack_isolate();
		(void)napi_add_env_cleanup_hook(env, forget, thread);
		return thread;
	}
	return NULL;
}

/* Node calls it in each thread that loads the library. */
__attribute__((visibility("default"))) void *
napi_register_module_v1(void *env, void *exports)
{
	struct js_thread *thread = NULL;

	pthread_mutex_lock(&native.lock);
	if (start())
		thread = remember(env);
	pthread_mutex_unlock(&native.lock);
	if (thread) {
		offer(env, exports, "enter", enter, thread);
		offer(env, exports, "leave", leave, thread);
	}
	offer(env, exports, "peer", peer, NULL);
	ports_offer(env, exports);
	casts_offer(env, exports);
	loop_offer(env, exports);
	return exports;
}
