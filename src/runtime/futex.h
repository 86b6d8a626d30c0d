/*
 * futex: the two system calls that atomics.c and atomics_async.c stand on
 * (futex(2), futex_waitv in the kernel's futex2 documentation). Never PRIVATE:
 * the word may lie in memory that another process has mapped too. Private to
 * the runtime's files.
 */
#ifndef RUNTIME_FUTEX_H
#define RUNTIME_FUTEX_H

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

/* A time on CLOCK_MONOTONIC, or none. */
struct deadline {
	bool exists;
	struct timespec at;
};

static inline struct deadline
deadline_after(int64_t ms)
{
	struct deadline deadline = {.exists = ms >= 0};

	if (!deadline.exists)
		return deadline;
	clock_gettime(CLOCK_MONOTONIC, &deadline.at);
	deadline.at.tv_sec += ms / 1000;
	deadline.at.tv_nsec += ms % 1000 * 1000000;
	if (deadline.at.tv_nsec >= 1000000000) {
		deadline.at.tv_nsec -= 1000000000;
		deadline.at.tv_sec++;
	}
	return deadline;
}

/* Sleeps while *at is `expected`. 0 woken, -EAGAIN, -ETIMEDOUT, -EINTR. */
static inline int
futex_wait(const void *at, uint32_t expected, const struct deadline *deadline)
{
	long result = syscall(SYS_futex, at, FUTEX_WAIT_BITSET, expected,
	                      deadline->exists ? &deadline->at : NULL, NULL,
	                      FUTEX_BITSET_MATCH_ANY);

	return result < 0 ? -errno : 0;
}

/* Wakes up to `count` > 0 sleepers; returns how many. */
static inline int
futex_wake(const void *at, int count)
{
	return (int)syscall(SYS_futex, at, FUTEX_WAKE, count, NULL, NULL, 0);
}

/* Moves up to one sleeper from a word that is 0 to another, without waking it;
 * returns how many. */
static inline int
futex_move(const void *from, const void *to)
{
	return (int)syscall(SYS_futex, from, FUTEX_CMP_REQUEUE, 0, 1, to, 0);
}

static inline struct futex_waitv
futex_word(const void *at, uint32_t expected)
{
	return (struct futex_waitv){
	    .uaddr = (uintptr_t)at,
	    .val = expected,
	    .flags = FUTEX_32,
	};
}

/* Sleeps while all words are as expected. The index of the one it was woken
 * at, the highest if at several; -EAGAIN, -ETIMEDOUT, -EINTR; -ENOSYS before
 * Linux 5.16. */
static inline int
futex_wait_any(struct futex_waitv *words, unsigned count,
               const struct deadline *deadline)
{
	long result =
	    syscall(SYS_futex_waitv, words, count, 0,
	            deadline->exists ? &deadline->at : NULL, CLOCK_MONOTONIC);

	return result < 0 ? -errno : (int)result;
}

#endif
