/*
 * http: just enough of HTTP/1.1 for the stage: a server of small answers and a
 * client that asks at a steady rate, whatever the server does, as the world
 * does. Every request and answer is a message in the stream.
 */
#ifndef LOAD_HTTP_H
#define LOAD_HTTP_H

#include "runtime/loop.h"

/* ---- server ---- */

struct http_connection;

struct http_server {
	struct loop *loop;
	/* Answers a request: writes the body (text, a line) and returns the
	 * status. Runs on the loop and may block it: that is the lesson. */
	int (*answer)(struct http_server *server, const char *path, char *body,
	              size_t room);
	void *data; /* the user's */
	struct http_connection *first;
	int pid, port; /* our own; 0: not yet asked for */
	bool ending;   /* each connection closes after its answer */
	void (*empty)(struct http_server *server); /* when ending, the last
	                                              one is closed */
};

/* Serves a connection, which it takes over (from malloc). */
void http_serve(struct http_server *server, uv_tcp_t *tcp);

/* Closes idle connections now and the others after their answer; who has not
 * asked yet gets its first one (Node: server.close(), closeIdleConnections()).
 */
void http_server_end(struct http_server *server);

/* ---- client ---- */

enum { HTTP_WAITING_MAX = 512 };

struct http_ask;

struct http_client {
	struct loop *loop;
	uv_timer_t timer;
	int port;
	int rate; /* requests a second; 0: pauses */
	bool keep_alive;
	char path[64];
	uint64_t period; /* of the timer, ms */
	uint64_t ticked; /* when last, ms of the loop */
	double due;      /* requests owed, in parts of one */
	int waiting;
	struct http_ask *idle;
};

/* Begins to ask 127.0.0.1:port. The struct lives as long as the loop. */
void http_client_start(struct http_client *client, struct loop *loop, int port,
                       int rate, bool keep_alive);

/* Changes the rate or the path from the next request on. */
void http_client_set_rate(struct http_client *client, int rate);
void http_client_set_path(struct http_client *client, const char *path);

#endif
