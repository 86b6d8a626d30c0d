/*
 * A wait that does not block its loop needs somebody who sleeps in its place:
 * a thread with a small stack. The thread goes to sleep at a word of its own;
 * whoever started it then moves the sleeper to the word that was asked for
 * (FUTEX_CMP_REQUEUE), so that from the return of atomics_wait_async() on every
 * notify, also of another process, finds and counts it.
 *
 * Failures: the word changes between the first look and the move: a notify may
 * have missed us, so we look again after the move, and take the sleeper back
 * by its stop word. The loop is closed while it sleeps: the same.
 */
#include "atomics.h"
#include "futex.h"

#include "core/emit.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/prctl.h>

enum { STACK_BYTES = 128 << 10 };

struct atomics_async {
	struct atomics_async *next; /* of the loop's */
	struct loop *loop;
	uv_async_t wake;
	uv_thread_t thread;
	uint32_t stop, bed; /* futexes; where it lies until it is moved */
	uint32_t up;        /* a futex: 1, the thread is about to lie down */
	struct deadline deadline;
	int result; /* atomic; SLEEPING, or what it came to */
	void (*done)(void *data, int result);
	void *data;
};

enum { SLEEPING = 1000, WITHDRAWN };

/* ---- the sleeper ---- */

static void
tell_thread(enum event_kind kind)
{
	struct event event = {.kind = (uint8_t)kind, .number = ROLE_OTHER};

	emit(&event, kind == EVENT_THREAD_BORN ? "waitAsync" : NULL);
}

static int
sleep_there(struct atomics_async *async)
{
	int woken;

	do {
		struct futex_waitv words[] = {
		    futex_word(&async->stop, 0),
		    futex_word(&async->bed, 0),
		};

		woken = futex_wait_any(words, 2, &async->deadline);
	} while (woken == -EINTR);
	switch (woken) {
	case 1:
		return ATOMICS_OK;
	case -ETIMEDOUT:
		return ATOMICS_TIMED_OUT;
	case 0:
	case -EAGAIN:
		return WITHDRAWN;
	default:
		return woken;
	}
}

static void
thread_main(void *argument)
{
	struct atomics_async *async = argument;
	int result;

	prctl(PR_SET_NAME, "waitAsync");
	tell_thread(EVENT_THREAD_BORN);
	__atomic_store_n(&async->up, 1, __ATOMIC_RELEASE);
	futex_wake(&async->up, 1);
	result = sleep_there(async);
	tell_thread(EVENT_THREAD_DIED);
	emit_flush();
	__atomic_store_n(&async->result, result, __ATOMIC_RELEASE);
	uv_async_send(&async->wake);
}

/* ---- the loop's side ---- */

static void
on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

/* The thread is over or about to be. */
static void
leave(struct atomics_async *async)
{
	struct atomics_async **at = &async->loop->waits;

	while (*at != async)
		at = &(*at)->next;
	*at = async->next;
	uv_thread_join(&async->thread);
	uv_close((uv_handle_t *)&async->wake, on_closed);
}

static void
on_wake(uv_async_t *wake)
{
	struct atomics_async *async = wake->data;
	int result = __atomic_load_n(&async->result, __ATOMIC_ACQUIRE);

	if (result == SLEEPING)
		return;
	leave(async);
	if (result == ATOMICS_OK || result == ATOMICS_TIMED_OUT)
		async->done(async->data, result);
}

static void
withdraw(struct atomics_async *async)
{
	__atomic_store_n(&async->stop, 1, __ATOMIC_SEQ_CST);
	futex_wake(&async->stop, 1);
	leave(async);
}

void
atomics_forget(struct loop *loop)
{
	while (loop->waits)
		withdraw(loop->waits);
}

/* Waits until the thread lies in its bed, some microseconds, and carries it
 * over. False: it has already ended. */
static bool
carry_over(struct atomics_async *async, const int32_t *at)
{
	const struct deadline none = {.exists = false};

	while (!__atomic_load_n(&async->up, __ATOMIC_ACQUIRE))
		futex_wait(&async->up, 0, &none);
	while (futex_move(&async->bed, at) != 1) {
		if (__atomic_load_n(&async->result, __ATOMIC_ACQUIRE) !=
		    SLEEPING)
			return false;
		sched_yield();
	}
	return true;
}

static int
start(struct atomics_async *async, struct loop *loop)
{
	uv_thread_options_t options = {
	    .flags = UV_THREAD_HAS_STACK_SIZE,
	    .stack_size = STACK_BYTES,
	};
	int error;

	async->loop = loop;
	async->result = SLEEPING;
	async->wake.data = async;
	error = uv_async_init(&loop->uv, &async->wake, on_wake);
	if (error) {
		free(async);
		return error;
	}
	uv_unref((uv_handle_t *)&async->wake);
	error =
	    uv_thread_create_ex(&async->thread, &options, thread_main, async);
	if (error) {
		uv_close((uv_handle_t *)&async->wake, on_closed);
		return error;
	}
	async->next = loop->waits;
	loop->waits = async;
	return 0;
}

int
atomics_wait_async(struct loop *loop, const int32_t *at, int32_t expected,
                   int64_t ms, void (*done)(void *data, int result), void *data)
{
	struct atomics_async *async;
	int error, result;

	if (atomics_load(at) != expected)
		return ATOMICS_NOT_EQUAL;
	if (ms == 0)
		return ATOMICS_TIMED_OUT;
	async = calloc(1, sizeof(*async));
	if (!async)
		return -ENOMEM;
	async->deadline = deadline_after(ms);
	async->done = done;
	async->data = data;
	error = start(async, loop);
	if (error)
		return error;
	if (!carry_over(async, at)) {
		result = async->result;
		if (result == ATOMICS_TIMED_OUT)
			return ATOMICS_PENDING;
		leave(async);
		return result;
	}
	if (atomics_load(at) == expected)
		return ATOMICS_PENDING;
	withdraw(async);
	return async->result == ATOMICS_OK ? ATOMICS_OK : ATOMICS_NOT_EQUAL;
}
