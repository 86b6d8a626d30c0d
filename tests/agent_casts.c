/* The agent's broadcasts: whoever speaks, each listener is told who it was.
 * Node-API is a stand-in, and so are Node's own queues. */
#include "test.h"

#include "agent/native_casts.h"
#include "agent/native_queue.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* ---- Node-API, as far as it is called ---- */

enum { CALLS = 6 };

struct call {
	double numbers[2];
	const char *text;
	double result; /* -1: undefined */
};

static struct {
	const char *name;
	void *(*call)(void *env, void *info);
} calls[CALLS];
static int call_count;
static void (*on_end)(void *env);
static _Thread_local struct call *current;

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

int
napi_add_env_cleanup_hook(void *env, void (*hook)(void *), void *data)
{
	assert_ptr_equal(env, data);
	on_end = hook;
	return 0;
}

int
napi_create_double(void *env, double value, void **result)
{
	(void)env;
	current->result = value;
	*result = current;
	return 0;
}

int
napi_create_function(void *env, const char *name, size_t length,
                     void *(*call)(void *env, void *info), void *data,
                     void **result)
{
	(void)env;
	(void)length;
	(void)data;
	*result = NULL;
	assert_true(call_count < CALLS);
	calls[call_count].name = name;
	calls[call_count++].call = call;
	return 0;
}

int
napi_get_cb_info(void *env, void *info, size_t *count, void **values,
                 void **self, void **data)
{
	struct call *call = info;

	(void)env;
	(void)self;
	(void)data;
	for (size_t i = 0; i < *count; i++)
		values[i] = &call->numbers[i];
	return 0;
}

int
napi_get_value_bool(void *env, void *value, bool *into)
{
	(void)env;
	*into = *(double *)value != 0;
	return 0;
}

int
napi_get_value_string_utf8(void *env, void *value, char *into, size_t room,
                           size_t *length)
{
	(void)env;
	(void)value;
	if (into)
		snprintf(into, room, "%s", current->text);
	else
		*length = strlen(current->text);
	return 0;
}

int
napi_get_value_uint32(void *env, void *value, uint32_t *into)
{
	(void)env;
	*into = (uint32_t) * (double *)value;
	return 0;
}

int
napi_set_named_property(void *env, void *object, const char *name, void *value)
{
	(void)env;
	(void)object;
	(void)name;
	(void)value;
	return 0;
}

/* Calls one of those that were offered. */
static double
call(void *env, const char *name, double first, double second, const char *text)
{
	struct call given = {{first, second}, text, -1};

	current = &given;
	for (int i = 0; i < call_count; i++)
		if (strcmp(calls[i].name, name) == 0)
			calls[i].call(env, &given);
	current = NULL;
	return given.result;
}

/* ---- one thread ---- */

static double
open_cast(void *env, const char *name)
{
	double serial = call(env, "castOpen", 0, 0, name);

	assert_true(serial > 0);
	call(env, "castOpened", serial, 0, NULL);
	return serial;
}

static void
post(void *env, double serial, bool was)
{
	call(env, "castPost", serial, 0, NULL);
	call(env, "castPosted", serial, was, NULL);
}

static void
hears(void *env, double serial, double speaker, uint32_t number)
{
	double heard = call(env, "castHeard", serial, 0, NULL);

	assert_true(heard == speaker * 4294967296.0 + number);
}

static void
hears_nobody(void *env, double serial)
{
	assert_true(call(env, "castHeard", serial, 0, NULL) < 0);
}

static void
all_others_of_the_name_hear_it(void **state)
{
	char one, two;
	double a = open_cast(&one, "news"), b = open_cast(&one, "news"),
	       c = open_cast(&two, "news"), d = open_cast(&two, "other");

	(void)state;
	post(&one, a, true);
	post(&two, c, true);
	post(&one, a, false); /* it threw: as if it had not been */
	post(&one, a, true);
	hears(&one, b, a, 1);
	hears(&one, b, c, 1);
	hears(&one, b, a, 2);
	hears(&two, c, a, 1);
	hears(&two, c, a, 2);
	hears(&one, a, c, 1);
	/* What is in no queue is somebody's who is not known; and from then on
	 * nothing is. */
	hears_nobody(&two, d);
	hears_nobody(&one, a);
	post(&two, c, true);
	hears_nobody(&one, a);
	hears(&one, b, c, 2);
	call(&one, "castLeave", a, 0, NULL);
	call(&one, "castLeave", b, 0, NULL);
	on_end(&two);
	/* The slots are others' now, and who has left is nobody. */
	a = open_cast(&one, "news");
	assert_true(a != c && a != d);
	post(&two, c, true);
	hears_nobody(&two, d);
	on_end(&one);
}

static void
who_comes_later_hears_what_comes_later(void **state)
{
	char env;
	double a = open_cast(&env, "x"), b;

	(void)state;
	post(&env, a, true);
	b = open_cast(&env, "x");
	post(&env, a, true);
	hears(&env, b, a, 2);
	on_end(&env);
}

static void
nobody_need_read(void **state)
{
	struct queue queue = {0};
	struct run next;

	(void)state;
	for (uint32_t i = 1; i <= 1000000; i++)
		queue_put(&queue, 7, i);
	assert_int_equal(queue.end, 1);
	for (uint32_t i = 1; i <= 1000; i++)
		assert_true(queue_take(&queue, &next) && next.first == i);
	for (uint32_t i = 1; !queue.astray; i++)
		queue_put(&queue, i % 2, i);
	assert_false(queue_take(&queue, &next));
	queue_free(&queue);
	assert_true(queue.astray);
}

/* ---- threads, which post and join at once ---- */

enum { THREADS = 4, POSTS = 2000 };

/* Node's queue of a port: 0 ends it. */
static struct {
	pthread_mutex_t lock;
	uint64_t messages[THREADS * POSTS + 1];
	int count;
	bool joined;
} ports[THREADS];
static pthread_barrier_t all_have_posted;
static unsigned wrong;

static void
node_posts(int by, uint64_t message)
{
	for (int i = 0; i < THREADS; i++) {
		pthread_mutex_lock(&ports[i].lock);
		if (i != by && ports[i].joined)
			ports[i].messages[ports[i].count++] = message;
		pthread_mutex_unlock(&ports[i].lock);
	}
}

static uint64_t
node_takes(int of, int *at)
{
	uint64_t message = 0;

	pthread_mutex_lock(&ports[of].lock);
	if (*at < ports[of].count)
		message = ports[of].messages[(*at)++];
	pthread_mutex_unlock(&ports[of].lock);
	return message;
}

static void
read_all(void *env, int of, double serial, int *at)
{
	uint64_t message;

	while ((message = node_takes(of, at)) != 0)
		if (call(env, "castHeard", serial, 0, NULL) != (double)message)
			__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
}

static void *
talk(void *data)
{
	int of = (int)(intptr_t)data, at = 0;
	void *env = &ports[of];
	double serial = call(env, "castOpen", 0, 0, "talk");
	uint64_t number = 0;

	pthread_mutex_lock(&ports[of].lock);
	ports[of].joined = true;
	pthread_mutex_unlock(&ports[of].lock);
	call(env, "castOpened", serial, 0, NULL);
	for (int i = 0; i < POSTS; i++) {
		bool throws = i % 7 == 3;

		call(env, "castPost", serial, 0, NULL);
		if (!throws)
			node_posts(of, (uint64_t)serial << 32 | ++number);
		call(env, "castPosted", serial, !throws, NULL);
		read_all(env, of, serial, &at);
	}
	pthread_barrier_wait(&all_have_posted);
	read_all(env, of, serial, &at);
	pthread_barrier_wait(&all_have_posted);
	on_end(env);
	return NULL;
}

/* On a machine so busy that a thread is off the CPU for 100 ms two messages
 * may be taken for one another: a few, and no more. */
static void
threads_that_talk_at_once(void **state)
{
	pthread_t threads[THREADS];
	unsigned heard = 0;

	(void)state;
	pthread_barrier_init(&all_have_posted, NULL, THREADS);
	for (int i = 0; i < THREADS; i++)
		pthread_mutex_init(&ports[i].lock, NULL);
	for (intptr_t i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, talk, (void *)i), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < THREADS; i++)
		heard += (unsigned)ports[i].count;
	printf("heard %u, of which %u wrong\n", heard, wrong);
	assert_true(wrong * 50 <= heard);
}

static int
offer(void **state)
{
	static char env;

	(void)state;
	casts_offer(&env, NULL);
	return call_count == CALLS ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_others_of_the_name_hear_it),
	    cmocka_unit_test(who_comes_later_hears_what_comes_later),
	    cmocka_unit_test(nobody_need_read),
	    cmocka_unit_test(threads_that_talk_at_once),
	};

	return cmocka_run_group_tests(tests, offer, NULL);
}
