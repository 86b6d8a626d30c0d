/*
 * cluster_scope_inner: between cluster_scope (life of a worker) and
 * cluster_scope_listen (its ports); nobody else includes it.
 */
#ifndef RUNTIME_CLUSTER_SCOPE_INNER_H
#define RUNTIME_CLUSTER_SCOPE_INNER_H

#include "cluster_scope.h"

/* {cmd, ...body, seq} to the primary; takes over `body`. */
int cluster_scope_say(struct cluster_scope *scope, json_t *body);

/* The answer to a query; a connection that was dealt. */
void cluster_scope_answered(struct cluster_scope *scope, json_t *message,
                            bool has_handle);
void cluster_scope_dealt(struct cluster_scope *scope, json_t *message,
                         bool has_handle);

#endif
