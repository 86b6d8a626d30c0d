#include "pool.h"

#include "core/emit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

/* One pool serves the whole process, as in libuv. Who changes a number tells it
 * under the same lock: a gauge that came late would stay on the screen. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned running, queued; /* under the lock */
static unsigned threads;

static _Thread_local bool is_announced;

unsigned
pool_size(void)
{
	const char *text = getenv("UV_THREADPOOL_SIZE");
	long size = text ? strtol(text, NULL, 10) : 4;

	return size < 1 ? 1 : size > 1024 ? 1024 : (unsigned)size;
}

static void
count(int more_queued, int more_running)
{
	struct event event = {
	    .kind = EVENT_POOL_GAUGE,
	    .number = pool_size(),
	};

	pthread_mutex_lock(&lock);
	queued += (unsigned)more_queued;
	running += (unsigned)more_running;
	event.size = queued;
	event.value = running;
	emit(&event, NULL);
	pthread_mutex_unlock(&lock);
}

/* libuv starts its threads when it first needs them; each names itself. */
static void
announce_thread(void)
{
	struct event event = {
	    .kind = EVENT_THREAD_BORN,
	    .number = ROLE_POOL,
	};
	char name[16];

	if (is_announced)
		return;
	is_announced = true;
	event.value = __atomic_add_fetch(&threads, 1, __ATOMIC_RELAXED);
	snprintf(name, sizeof(name), "pool %u", (unsigned)event.value);
	prctl(PR_SET_NAME, name);
	emit(&event, name);
}

static void
on_run(uv_work_t *request)
{
	struct pool_work *work = request->data;
	struct event event = {.kind = EVENT_SPAN_BEGIN};

	announce_thread();
	count(-1, 1);
	event.time = uv_hrtime();
	emit(&event, work->name);
	work->run(work);
	event.kind = EVENT_SPAN_END;
	event.value = uv_hrtime() - event.time;
	event.time += event.value;
	emit(&event, work->name);
	count(0, -1);
}

static void
on_done(uv_work_t *request, int status)
{
	struct pool_work *work = request->data;

	(void)status;
	work->done(work);
}

int
pool_submit(struct pool_work *work, struct loop *loop, const char *name,
            void (*run)(struct pool_work *work),
            void (*done)(struct pool_work *work), void *data)
{
	int error;

	memset(work, 0, sizeof(*work));
	work->loop = loop;
	work->run = run;
	work->done = done;
	work->data = data;
	work->request.data = work;
	snprintf(work->name, sizeof(work->name), "%s", name);
	count(1, 0);
	error = uv_queue_work(&loop->uv, &work->request, on_run, on_done);
	if (error)
		count(-1, 0);
	return error;
}
