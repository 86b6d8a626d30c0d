/* Between worker.c, worker_scope.c and their helpers. */
#ifndef RUNTIME_WORKER_PARTS_H
#define RUNTIME_WORKER_PARTS_H

#include "worker_scope.h"

/* The thread: `argument` is its scope. */
void worker_thread_main(void *argument);

/* The scope of the calling thread; NULL: it is no worker's. */
struct worker_scope *worker_scope_self(void);

/* Frees what the scope owns, and the scope. Its thread is joined, or never
 * began. */
void worker_scope_delete(struct worker_scope *scope);

/* Ends and joins a thread whose parent thread ends; no callback is called. */
void worker_end_now(struct worker *worker);

/* worker_env.c: copies `entries`, NULL: the calling thread's environment, of
 * `parent`, NULL: the process'. NULL: no memory. */
struct worker_env *worker_env_new(const char *const *entries,
                                  struct worker_scope *parent);
void worker_env_free(struct worker_env *env);

/* worker_heap.c */
struct worker_heap *worker_heap_new(size_t limit);
void worker_heap_free(struct worker_heap *heap);

/* worker_data.c: a copy of the calling thread's entries, for worker_take();
 * *entries NULL: there are none. */
int worker_entries_copy(struct worker_entry **entries);
void worker_entries_free(struct worker_entry *entries);
/* They become the calling thread's. */
void worker_entries_take(struct worker_entry *entries);
void worker_entries_drop(void);

#endif
