/*
 * What one BroadcastChannel says all others of its name hear, in any thread,
 * and no message says whose it is. So each of them has a queue here of who
 * spoke, in the order in which Node queues the messages themselves.
 *
 * The two orders are one when no two threads post at once. Node posts under no
 * lock of the name; therefore who posts or joins holds the name here for as
 * long as Node's call lasts, and another waits for him.
 *
 * What can go wrong: a call lasts (a huge message, or a getter that waits for
 * the other thread: he waits no longer than HOLD_NS, well below what is called
 * a block, and two messages may then be taken for one another); a call throws
 * (the queues forget it); the thread ends in the middle of one (its cleanup
 * hook lets go); somebody speaks who has no agent (a message comes that is in
 * no queue: from then on that listener is only counted); nobody reads (a queue
 * holds runs of one speaker's messages, and is given up at RUNS_MAX).
 */
#include "native_casts.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CASTS = 1024, GENERATIONS = 1024, RUNS_MAX = 65536 };
enum { HOLD_NS = 10000000 };

/* Node-API (node_api.h). */
int napi_add_env_cleanup_hook(void *env, void (*hook)(void *), void *data);
int napi_create_double(void *env, double value, void **result);
int napi_create_function(void *env, const char *name, size_t length,
                         void *(*call)(void *env, void *info), void *data,
                         void **result);
int napi_get_cb_info(void *env, void *info, size_t *count, void **values,
                     void **self, void **data);
int napi_get_value_bool(void *env, void *value, bool *into);
int napi_get_value_string_utf8(void *env, void *value, char *into, size_t room,
                               size_t *length);
int napi_get_value_uint32(void *env, void *value, uint32_t *into);
int napi_set_named_property(void *env, void *object, const char *name,
                            void *value);

/* Messages of one speaker that follow each other. */
struct run {
	uint32_t speaker, first, count;
};

struct cast {
	uint32_t serial; /* 0: free; its slot and how often one was opened */
	void *env;       /* of its thread */
	char *name;
	uint32_t said;
	int holds;   /* the name, so many times in one another */
	bool joined; /* Node has made it */
	bool astray; /* its queue is not Node's */
	struct run *runs;
	uint32_t head, end, room; /* of the runs */
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t freed; /* a name */
	struct cast all[CASTS];
	uint32_t used; /* slots, at most */
	uint32_t opened;
} casts = {.lock = PTHREAD_MUTEX_INITIALIZER,
           .freed = PTHREAD_COND_INITIALIZER};

/* ---- queues ---- */

static void
go_astray(struct cast *cast)
{
	free(cast->runs);
	cast->runs = NULL;
	cast->head = cast->end = cast->room = 0;
	cast->astray = true;
}

/* Room for one more run; false: there is none. */
static bool
make_room(struct cast *cast)
{
	uint32_t count = cast->end - cast->head;
	struct run *more;

	if (cast->end < cast->room)
		return true;
	if (cast->head > cast->room / 2) {
		memmove(cast->runs, cast->runs + cast->head,
		        count * sizeof(*cast->runs));
		cast->head = 0;
		cast->end = count;
		return true;
	}
	if (cast->room >= RUNS_MAX)
		return false;
	more = realloc(cast->runs, (cast->room * 2 + 8) * sizeof(*more));
	if (!more)
		return false;
	cast->runs = more;
	cast->room = cast->room * 2 + 8;
	return true;
}

static void
put(struct cast *cast, uint32_t speaker, uint32_t number)
{
	struct run *last = cast->runs + cast->end - 1;

	if (cast->end > cast->head && last->speaker == speaker &&
	    last->first + last->count == number) {
		last->count++;
		return;
	}
	if (make_room(cast))
		cast->runs[cast->end++] = (struct run){speaker, number, 1};
	else
		go_astray(cast);
}

/* It was not posted after all. */
static void
take_back(struct cast *cast, uint32_t speaker, uint32_t number)
{
	for (uint32_t i = cast->end; i > cast->head; i--) {
		struct run *run = &cast->runs[i - 1];

		if (run->speaker != speaker ||
		    run->first + run->count != number + 1)
			continue;
		run->count--;
		return;
	}
}

/* Who said what comes next; false: nobody here did. */
static bool
take(struct cast *cast, struct run *next)
{
	while (cast->head < cast->end && !cast->runs[cast->head].count)
		cast->head++;
	if (cast->head == cast->end)
		return false;
	*next = cast->runs[cast->head];
	cast->runs[cast->head].first++;
	cast->runs[cast->head].count--;
	return true;
}

/* ---- names ---- */

static struct cast *
find(uint32_t serial)
{
	struct cast *cast = &casts.all[serial % CASTS];

	return serial && cast->serial == serial ? cast : NULL;
}

static bool
is_same_name(const struct cast *one, const struct cast *other)
{
	return other->serial && strcmp(one->name, other->name) == 0;
}

static bool
is_held(const struct cast *by)
{
	for (uint32_t i = 0; i < casts.used; i++) {
		const struct cast *cast = &casts.all[i];

		if (cast->holds && cast->env != by->env &&
		    is_same_name(by, cast))
			return true;
	}
	return false;
}

static void
hold(uint32_t serial)
{
	struct timespec end;
	struct cast *cast;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_nsec += HOLD_NS;
	if (end.tv_nsec >= 1000000000) {
		end.tv_sec++;
		end.tv_nsec -= 1000000000;
	}
	while ((cast = find(serial)) != NULL && is_held(cast))
		if (pthread_cond_clockwait(&casts.freed, &casts.lock,
		                           CLOCK_MONOTONIC, &end))
			break;
	if (cast)
		cast->holds++;
}

static void
let_go(struct cast *cast)
{
	if (cast->holds && --cast->holds == 0)
		pthread_cond_broadcast(&casts.freed);
}

static void
leave(struct cast *cast)
{
	free(cast->name);
	free(cast->runs);
	*cast = (struct cast){0};
	pthread_cond_broadcast(&casts.freed);
}

/* The thread ends. */
static void
forget(void *env)
{
	pthread_mutex_lock(&casts.lock);
	for (uint32_t i = 0; i < casts.used; i++)
		if (casts.all[i].serial && casts.all[i].env == env)
			leave(&casts.all[i]);
	pthread_mutex_unlock(&casts.lock);
}

/* Takes over the name; 0: there is no slot. */
static uint32_t
open_cast(void *env, char *name)
{
	uint32_t slot = 0;
	struct cast *cast;

	while (slot < CASTS && casts.all[slot].serial)
		slot++;
	if (slot == CASTS)
		return 0;
	if (slot >= casts.used)
		casts.used = slot + 1;
	cast = &casts.all[slot];
	*cast = (struct cast){.env = env, .name = name};
	casts.opened = casts.opened % (GENERATIONS - 1) + 1;
	cast->serial = casts.opened * CASTS + slot;
	return cast->serial;
}

static void
tell_others(const struct cast *cast, uint32_t number,
            void (*what)(struct cast *cast, uint32_t speaker, uint32_t number))
{
	for (uint32_t i = 0; i < casts.used; i++) {
		struct cast *other = &casts.all[i];

		if (other != cast && is_same_name(cast, other) &&
		    other->joined && !other->astray)
			what(other, cast->serial, number);
	}
}

/* ---- what the agent calls ---- */

static uint32_t
serial_given(void *env, void *info, bool *second)
{
	void *values[2];
	size_t count = 2;
	uint32_t serial;

	if (napi_get_cb_info(env, info, &count, values, NULL, NULL) ||
	    napi_get_value_uint32(env, values[0], &serial))
		return 0;
	if (second && napi_get_value_bool(env, values[1], second))
		return 0;
	return serial;
}

static char *
name_given(void *env, void *info)
{
	size_t count = 1, length;
	char *name = NULL;
	void *values[1];

	if (napi_get_cb_info(env, info, &count, values, NULL, NULL) ||
	    napi_get_value_string_utf8(env, values[0], NULL, 0, &length))
		return NULL;
	name = malloc(length + 1);
	if (name)
		(void)napi_get_value_string_utf8(env, values[0], name,
		                                 length + 1, NULL);
	return name;
}

/* Before Node makes one: castOpen(name) gives its serial. */
static void *
cast_open(void *env, void *info)
{
	char *name = name_given(env, info);
	void *result = NULL;
	uint32_t serial;

	if (!name)
		return NULL;
	pthread_mutex_lock(&casts.lock);
	serial = open_cast(env, name);
	hold(serial);
	pthread_mutex_unlock(&casts.lock);
	if (serial)
		(void)napi_create_double(env, serial, &result);
	else
		free(name);
	return result;
}

/* Node has made it: castOpened(serial). */
static void *
cast_opened(void *env, void *info)
{
	struct cast *cast;
	uint32_t serial = serial_given(env, info, NULL);

	pthread_mutex_lock(&casts.lock);
	cast = find(serial);
	if (cast) {
		cast->joined = true;
		let_go(cast);
	}
	pthread_mutex_unlock(&casts.lock);
	return NULL;
}

/* Before Node posts its next message: castPost(serial). */
static void *
cast_post(void *env, void *info)
{
	struct cast *cast;
	uint32_t serial = serial_given(env, info, NULL);

	pthread_mutex_lock(&casts.lock);
	hold(serial);
	cast = find(serial);
	if (cast)
		tell_others(cast, ++cast->said, put);
	pthread_mutex_unlock(&casts.lock);
	return NULL;
}

/* castPosted(serial, whether it was); else it threw. */
static void *
cast_posted(void *env, void *info)
{
	bool was = true;
	struct cast *cast;
	uint32_t serial = serial_given(env, info, &was);

	pthread_mutex_lock(&casts.lock);
	cast = find(serial);
	if (cast) {
		if (!was)
			tell_others(cast, cast->said--, take_back);
		let_go(cast);
	}
	pthread_mutex_unlock(&casts.lock);
	return NULL;
}

/* A message has come: castHeard(serial) gives its speaker's serial times 2^32
 * and its number, or undefined. */
static void *
cast_heard(void *env, void *info)
{
	struct cast *cast;
	struct run next = {0};
	void *result = NULL;
	uint32_t serial = serial_given(env, info, NULL);

	pthread_mutex_lock(&casts.lock);
	cast = find(serial);
	if (cast && !cast->astray && !take(cast, &next))
		go_astray(cast);
	pthread_mutex_unlock(&casts.lock);
	if (next.speaker)
		(void)napi_create_double(
		    env, next.speaker * 4294967296.0 + next.first, &result);
	return result;
}

/* It is closed: castLeave(serial). */
static void *
cast_leave(void *env, void *info)
{
	struct cast *cast;
	uint32_t serial = serial_given(env, info, NULL);

	pthread_mutex_lock(&casts.lock);
	cast = find(serial);
	if (cast)
		leave(cast);
	pthread_mutex_unlock(&casts.lock);
	return NULL;
}

void
casts_offer(void *env, void *exports)
{
	static const struct {
		const char *name;
		void *(*call)(void *env, void *info);
	} calls[] = {
	    {"castOpen", cast_open},   {"castOpened", cast_opened},
	    {"castPost", cast_post},   {"castPosted", cast_posted},
	    {"castHeard", cast_heard}, {"castLeave", cast_leave},
	};
	void *function;

	(void)napi_add_env_cleanup_hook(env, forget, env);
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (napi_create_function(env, calls[i].name, SIZE_MAX,
		                         calls[i].call, NULL, &function) == 0)
			(void)napi_set_named_property(env, exports,
			                              calls[i].name, function);
}
