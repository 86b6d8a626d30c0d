/*
 * atomics: operations on a word that others change at the same time (Node:
 * Atomics on Int32Array and BigInt64Array), and waiting for one to change.
 *
 * The word lies in shared memory (shared.h), aligned to its size; who else has
 * it may be a thread or another process. All operations are sequentially
 * consistent, and those that change the word return what it was before.
 *
 * A wait is a futex (futex(2)): it blocks the thread and uses no CPU. Waits and
 * notifies are told to the stream; the plain operations are not, they would
 * cost a hundred times themselves.
 */
#ifndef RUNTIME_ATOMICS_H
#define RUNTIME_ATOMICS_H

#include "loop.h"

/* What a wait comes to: Node's "ok", "not-equal", "timed-out"; PENDING only
 * from atomics_wait_async(). */
enum {
	ATOMICS_OK,
	ATOMICS_NOT_EQUAL,
	ATOMICS_TIMED_OUT,
	ATOMICS_PENDING,
};

enum { ATOMICS_ALL = INT32_MAX }; /* for atomics_notify() */
#define ATOMICS_FOREVER INT64_C(-1)

#define ATOMICS(name, type, builtin) \
	static inline type name(type *at, type value) \
	{ \
		return builtin(at, value, __ATOMIC_SEQ_CST); \
	}
ATOMICS(atomics_add, int32_t, __atomic_fetch_add)
ATOMICS(atomics_sub, int32_t, __atomic_fetch_sub)
ATOMICS(atomics_and, int32_t, __atomic_fetch_and)
ATOMICS(atomics_or, int32_t, __atomic_fetch_or)
ATOMICS(atomics_xor, int32_t, __atomic_fetch_xor)
ATOMICS(atomics_exchange, int32_t, __atomic_exchange_n)
ATOMICS(atomics_add64, int64_t, __atomic_fetch_add)
ATOMICS(atomics_sub64, int64_t, __atomic_fetch_sub)
ATOMICS(atomics_and64, int64_t, __atomic_fetch_and)
ATOMICS(atomics_or64, int64_t, __atomic_fetch_or)
ATOMICS(atomics_xor64, int64_t, __atomic_fetch_xor)
ATOMICS(atomics_exchange64, int64_t, __atomic_exchange_n)
#undef ATOMICS

static inline int32_t
atomics_load(const int32_t *at)
{
	return __atomic_load_n(at, __ATOMIC_SEQ_CST);
}

static inline int64_t
atomics_load64(const int64_t *at)
{
	return __atomic_load_n(at, __ATOMIC_SEQ_CST);
}

/* Returns `value`, as Node's does. */
static inline int32_t
atomics_store(int32_t *at, int32_t value)
{
	__atomic_store_n(at, value, __ATOMIC_SEQ_CST);
	return value;
}

static inline int64_t
atomics_store64(int64_t *at, int64_t value)
{
	__atomic_store_n(at, value, __ATOMIC_SEQ_CST);
	return value;
}

/* Sets it to `value` if it is `expected`; returns what it was. */
static inline int32_t
atomics_compare_exchange(int32_t *at, int32_t expected, int32_t value)
{
	__atomic_compare_exchange_n(at, &expected, value, false,
	                            __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	return expected;
}

static inline int64_t
atomics_compare_exchange64(int64_t *at, int64_t expected, int64_t value)
{
	__atomic_compare_exchange_n(at, &expected, value, false,
	                            __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	return expected;
}

/* Blocks the calling thread while the word is `expected`, `ms` long at most
 * (ATOMICS_FOREVER). `loop` is the thread's, NULL: it has none. ATOMICS_OK,
 * ATOMICS_NOT_EQUAL, ATOMICS_TIMED_OUT; -EINTR: the thread is to end
 * (worker_terminate(), from Linux 5.16 on; before that it waits on).
 * -ENOSYS: a 64-bit word before Linux 5.16. */
int atomics_wait(struct loop *loop, const int32_t *at, int32_t expected,
                 int64_t ms);
int atomics_wait64(struct loop *loop, const int64_t *at, int64_t expected,
                   int64_t ms);

/* Wakes up to `count` who wait at the word, the oldest first; returns how
 * many. */
int atomics_notify(const int32_t *at, int count);
int atomics_notify64(const int64_t *at, int count);

/* "ok", "not-equal", "timed-out", "pending". */
const char *atomics_name(int result);

/* Waits without blocking (Node: Atomics.waitAsync). ATOMICS_NOT_EQUAL or
 * ATOMICS_TIMED_OUT at once (ms = 0), or ATOMICS_OK, a notify came during the
 * call; or ATOMICS_PENDING: from this moment on a
 * notify finds it, and later `done` is called on the loop with ATOMICS_OK or
 * ATOMICS_TIMED_OUT. Pending, it does not keep the loop alive; when the loop
 * is closed it is forgotten. It costs a thread while it lasts. -ENOSYS before
 * Linux 5.16; -ENOMEM; -EAGAIN: no more threads. */
int atomics_wait_async(struct loop *loop, const int32_t *at, int32_t expected,
                       int64_t ms, void (*done)(void *data, int result),
                       void *data);

/* Forgets all that are pending on the loop; loop_close() does it. */
void atomics_forget(struct loop *loop);

#endif
