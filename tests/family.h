/* Programs that bear children and threads when told, for the tests of trees. */
#ifndef TESTS_FAMILY_H
#define TESTS_FAMILY_H

#include "observe_said.h"

#include <pthread.h>

enum { MANY = 200 };

/* "@family": 'c' bears a child that ends with 3 when told, 'm' 200 of them
 * (number i ends with i % 50), 'z' one that ends at once with 4; 't' tells the
 * children to end, 'w' waits for one, 'b' burns 10 ms, 'x' ends with 7. */
static int gate[2];

static inline pid_t
bear(int code)
{
	pid_t pid = fork();
	char byte;

	if (pid == 0) {
		close(gate[1]);
		(void)!read(gate[0], &byte, 1);
		_exit(code);
	}
	return pid;
}

static inline void
bear_one(char order)
{
	pid_t pid = order == 'c' ? bear(3) : fork();

	if (pid == 0)
		_exit(4);
	helper_say(pid);
}

static inline void
play_family(void)
{
	if (pipe(gate))
		_exit(1);
	for (;;) {
		char order = helper_hear();

		if (order == 'x')
			_exit(7);
		if (order == 'c' || order == 'z')
			bear_one(order);
		for (int i = 0; order == 'm' && i < MANY; i++)
			helper_say(bear(i % 50));
		if (order == 't')
			close(gate[1]);
		if (order == 'w')
			helper_say(waitpid(-1, NULL, 0));
		if (order == 'b') {
			helper_burn(10);
			helper_say(0);
		}
	}
}

/* "@worker": 't' starts a thread, 'd' lets it end, 'f' starts one that forks
 * and then waits; 'b' burns 300 ms, 'p' has a thread burn 200 ms: both tell
 * what they used; 'e' executes the same again; 'h' ends the main thread. */
static int doors[2];
static pthread_t newest;

static inline void *
wait_at_door(void *data)
{
	char byte;

	if (data) {
		pid_t pid = fork();

		if (pid == 0)
			for (;;)
				pause();
		helper_say(pid);
	}
	helper_say(gettid());
	(void)!read(doors[0], &byte, 1);
	return NULL;
}

static inline void *
burn_aside(void *data)
{
	helper_say(gettid());
	helper_burn(200);
	helper_say((int64_t)helper_clock(CLOCK_THREAD_CPUTIME_ID));
	return wait_at_door(data);
}

static inline void
start_thread(char order)
{
	/* A thread begins with the name of who made it. */
	prctl(PR_SET_NAME, "aside");
	pthread_create(&newest, NULL, order == 'p' ? burn_aside : wait_at_door,
	               order == 'f' ? doors : NULL);
	prctl(PR_SET_NAME, "worker");
}

static inline void
play_worker(void)
{
	char *const again[] = {(char *)"/proc/self/exe", (char *)"@worker",
	                       NULL};

	if (pipe2(doors, O_CLOEXEC))
		_exit(1);
	for (;;) {
		char order = helper_hear();

		if (order == 't' || order == 'f' || order == 'p')
			start_thread(order);
		if (order == 'd') {
			(void)!write(doors[1], "x", 1);
			helper_say(pthread_join(newest, NULL));
		}
		if (order == 'b') {
			helper_burn(300);
			helper_say(
			    (int64_t)helper_clock(CLOCK_THREAD_CPUTIME_ID));
		}
		if (order == 'e')
			execv(again[0], again);
		if (order == 'h')
			pthread_exit(NULL);
	}
}

static inline const struct said *
child_of(const struct watching *watching, uint32_t parent)
{
	const struct said *said = NULL;

	while ((said = said_next(watching, said, EVENT_PROCESS_BORN, 0, 0)) !=
	       NULL)
		if (said->event.other_pid == parent)
			return said;
	return NULL;
}

#endif
