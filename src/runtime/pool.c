#include "pool.h"

#include "core/emit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

/* One pool serves the whole process, as in libuv. */
static unsigned running, queued, threads;

static _Thread_local bool is_announced;

unsigned
pool_size(void)
{
	const char *text = getenv("UV_THREADPOOL_SIZE");
	long size = text ? strtol(text, NULL, 10) : 4;

	return size < 1 ? 1 : size > 1024 ? 1024 : (unsigned)size;
}

static void
tell_gauge(void)
{
	struct event event = {
	    .kind = EVENT_POOL_GAUGE,
	    .number = pool_size(),
	    .value = __atomic_load_n(&running, __ATOMIC_RELAXED),
	    .size = __atomic_load_n(&queued, __ATOMIC_RELAXED),
	};

	emit(&event, NULL);
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
	__atomic_sub_fetch(&queued, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&running, 1, __ATOMIC_RELAXED);
	tell_gauge();
	event.time = uv_hrtime();
	emit(&event, work->name);
	work->run(work);
	event.kind = EVENT_SPAN_END;
	event.value = uv_hrtime() - event.time;
	event.time += event.value;
	emit(&event, work->name);
	__atomic_sub_fetch(&running, 1, __ATOMIC_RELAXED);
	tell_gauge();
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
	__atomic_add_fetch(&queued, 1, __ATOMIC_RELAXED);
	tell_gauge();
	error = uv_queue_work(&loop->uv, &work->request, on_run, on_done);
	if (error)
		__atomic_sub_fetch(&queued, 1, __ATOMIC_RELAXED);
	return error;
}
