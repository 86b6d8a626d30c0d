/*
 * serve: what the stage's HTTP servers answer: /ping, and /LOAD/ARGUMENT, which
 * does the load on the serving loop, as a thoughtless handler would.
 */
#ifndef STAGE_SERVE_H
#define STAGE_SERVE_H

#include "load/http.h"

void serve_init(struct http_server *server, struct loop *loop);

#endif
