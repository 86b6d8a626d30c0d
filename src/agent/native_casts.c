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
 * the other thread: who posts waits no longer than POST_MS, and two messages
 * may then be taken for one another; who joins and cannot know whether he hears
 * the message is only counted); a call throws (the queues forget it); the
 * thread ends in the middle of one (its cleanup hook lets go); somebody speaks
 * who has no agent (a message comes that is in no queue: from then on that
 * listener is only counted).
 */
#include "native_casts.h"
#include "native_queue.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CASTS = 1024, GENERATIONS = 1024 };
enum { POST_MS = 100, JOIN_MS = 1000 };

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

struct cast {
	uint32_t serial; /* 0: free; its slot and how often one was opened */
	void *env;       /* of its thread */
	char *name;
	uint32_t said;
	int holds;   /* the name, so many times in one another */
	bool joined; /* Node has made it */
	struct queue queue;
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t freed; /* a name */
	struct cast all[CASTS];
	uint32_t used; /* slots, at most */
	uint32_t opened;
} casts = {.lock = PTHREAD_MUTEX_INITIALIZER,
           .freed = PTHREAD_COND_INITIALIZER};

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

static struct timespec
in_ms(long ms)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	time.tv_sec += ms / 1000;
	time.tv_nsec += ms % 1000 * 1000000;
	if (time.tv_nsec >= 1000000000) {
		time.tv_sec++;
		time.tv_nsec -= 1000000000;
	}
	return time;
}

/* Whether nobody else holds it. He does in any case: it is only for so long
 * that he waits. */
static bool
hold(uint32_t serial, long ms)
{
	struct timespec end = in_ms(ms);
	struct cast *cast;
	int error = 0;

	while ((cast = find(serial)) != NULL && !error && is_held(cast))
		error = pthread_cond_clockwait(&casts.freed, &casts.lock,
		                               CLOCK_MONOTONIC, &end);
	if (cast)
		cast->holds++;
	return cast && !is_held(cast);
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
	queue_free(&cast->queue);
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
            void (*what)(struct queue *queue, uint32_t speaker,
                         uint32_t number))
{
	for (uint32_t i = 0; i < casts.used; i++) {
		struct cast *other = &casts.all[i];

		if (other != cast && is_same_name(cast, other) && other->joined)
			what(&other->queue, cast->serial, number);
	}
}

/* Somebody posts nevertheless. */
static void
astray_who_join(const struct cast *by)
{
	for (uint32_t i = 0; by && i < casts.used; i++)
		if (is_same_name(by, &casts.all[i]) && !casts.all[i].joined)
			queue_go_astray(&casts.all[i].queue);
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
	if (!hold(serial, JOIN_MS) && serial)
		queue_go_astray(&find(serial)->queue);
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
	if (!hold(serial, POST_MS))
		astray_who_join(find(serial));
	cast = find(serial);
	if (cast)
		tell_others(cast, ++cast->said, queue_put);
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
			tell_others(cast, cast->said--, queue_take_back);
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
	if (cast && !queue_take(&cast->queue, &next))
		queue_go_astray(&cast->queue);
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
