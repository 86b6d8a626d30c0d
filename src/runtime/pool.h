/*
 * pool: libuv's thread pool, made visible: which thread holds which work, and
 * how much waits for a slot (Node: crypto.pbkdf2, fs, dns.lookup; the size is
 * UV_THREADPOOL_SIZE, 4 unless set).
 */
#ifndef RUNTIME_POOL_H
#define RUNTIME_POOL_H

#include "loop.h"

struct pool_work {
	uv_work_t request;
	struct loop *loop;
	char name[32];
	void (*run)(struct pool_work *work);  /* on a thread of the pool */
	void (*done)(struct pool_work *work); /* on the loop; work is free */
	void *data;
};

/* Queues `work`, which the caller owns until `done`. `name` is what the panes
 * show. 0 or -errno. */
int pool_submit(struct pool_work *work, struct loop *loop, const char *name,
                void (*run)(struct pool_work *work),
                void (*done)(struct pool_work *work), void *data);

/* The number of slots. */
unsigned pool_size(void);

#endif
