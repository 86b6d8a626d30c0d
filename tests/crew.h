/* Threads and children of the test's own, some of them zombies. */
#ifndef TESTS_CREW_H
#define TESTS_CREW_H

#include "observe_helper.h"

#include "observe/procfs.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))

enum { SOME = 3 };

struct ids {
	pid_t id[1024];
	int count;
};

static inline void
keep_id(void *data, pid_t id)
{
	struct ids *ids = data;

	if (ids->count < (int)COUNT_OF(ids->id))
		ids->id[ids->count++] = id;
}

static inline int
place_of(const struct ids *ids, pid_t id)
{
	for (int i = 0; i < ids->count; i++)
		if (ids->id[i] == id)
			return i;
	return -1;
}

struct crew {
	pthread_t threads[SOME];
	pid_t tids[SOME];
	int orders[2], answers[2];
	int hired;
};

static struct crew crew;

/* Says who it is, then waits for a byte. */
static inline void *
wait_for_order(void *data)
{
	pid_t tid = gettid();
	char order;

	(void)data;
	if (write(crew.answers[1], &tid, sizeof(tid)) < 0)
		return NULL;
	(void)!read(crew.orders[0], &order, 1);
	return NULL;
}

static inline void
hire(void *(*work)(void *))
{
	assert_int_equal(
	    pthread_create(&crew.threads[crew.hired], NULL, work, NULL), 0);
	assert_int_equal(
	    read(crew.answers[0], &crew.tids[crew.hired], sizeof(pid_t)),
	    sizeof(pid_t));
	crew.hired++;
}

static inline void
dismiss(void)
{
	for (int i = 0; i < crew.hired; i++)
		assert_int_equal(write(crew.orders[1], "x", 1), 1);
	while (crew.hired > 0)
		pthread_join(crew.threads[--crew.hired], NULL);
}

static inline int
open_crew(void **state)
{
	(void)state;
	crew.hired = 0;
	return pipe2(crew.orders, O_CLOEXEC) || pipe2(crew.answers, O_CLOEXEC);
}

static inline int
close_crew(void **state)
{
	(void)state;
	dismiss();
	for (int i = 0; i < 2; i++) {
		close(crew.orders[i]);
		close(crew.answers[i]);
	}
	return 0;
}

#define WITH_CREW(test) \
	cmocka_unit_test_setup_teardown(test, open_crew, close_crew)

/* A child that lives until the pipe is closed, then ends with its number. */
struct brood {
	int gate[2];
	pid_t pids[1024];
	int count;
};

static inline pid_t
bear(struct brood *brood)
{
	pid_t pid = fork();
	char byte;

	if (pid == 0) {
		close(brood->gate[1]);
		(void)!read(brood->gate[0], &byte, 1);
		_exit(brood->count);
	}
	assert_true(pid > 0);
	brood->pids[brood->count++] = pid;
	return pid;
}

static inline int
open_brood(void **state)
{
	static struct brood brood;

	brood.count = 0;
	*state = &brood;
	return pipe2(brood.gate, O_CLOEXEC);
}

static inline int
close_brood(void **state)
{
	struct brood *brood = *state;

	close(brood->gate[0]);
	close(brood->gate[1]);
	for (int i = 0; i < brood->count; i++)
		waitpid(brood->pids[i], NULL, 0);
	return 0;
}

/* Waits until it is a zombie, and leaves it one. */
static inline void
await_zombie(pid_t pid)
{
	siginfo_t ended;

	assert_int_equal(waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOWAIT),
	                 0);
}

static inline pid_t
bear_zombie(struct brood *brood, int code, int signal)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_NAME, "Z) S 1 (S");
		if (signal)
			raise(signal);
		_exit(code);
	}
	assert_true(pid > 0);
	brood->pids[brood->count++] = pid;
	await_zombie(pid);
	return pid;
}

#define WITH_BROOD(test) \
	cmocka_unit_test_setup_teardown(test, open_brood, close_brood)

#endif
