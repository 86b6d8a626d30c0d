/*
 * A worker for the tests of the cluster: their own program again ("@worker").
 *
 * It has a mode: how it serves or fails to. What it is told in a message it
 * does: {do: "disconnect", "kill", "drop", "unlisten", or an exit code}; what
 * it is given to say in {text} it sends back.
 */
#ifndef TESTS_RUNTIME_CLUSTER_WORKER_H
#define TESTS_RUNTIME_CLUSTER_WORKER_H

#include "runtime/cluster_scope.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct served {
	struct cluster_scope scope;
	struct channel channel;
	struct cluster_listener listeners[2];
	const char *mode;
	int hold;
	int result;
};

static inline void
say_who(struct cluster_listener *listener, uv_stream_t *stream)
{
	char text[32];
	uv_buf_t buffer = uv_buf_init(
	    text, (unsigned)snprintf(text, sizeof(text), "%d %d\n",
	                             listener->scope->id, listener->index));

	uv_try_write(stream, &buffer, 1);
	uv_close((uv_handle_t *)stream, (uv_close_cb)free);
}

static inline void
on_alloc_datagram(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
	static char bytes[256];

	(void)handle;
	(void)size;
	*buffer = uv_buf_init(bytes, sizeof(bytes));
}

/* Answers with who it is. */
static inline void
on_datagram(uv_udp_t *udp, ssize_t got, const uv_buf_t *bytes,
            const struct sockaddr *from, unsigned flags)
{
	struct cluster_listener *listener = udp->data;
	char text[16];
	uv_buf_t buffer = uv_buf_init(
	    text,
	    (unsigned)snprintf(text, sizeof(text), "%d", listener->scope->id));

	(void)bytes;
	(void)flags;
	if (got > 0 && from)
		uv_udp_try_send(udp, &buffer, 1, from);
}

static inline void
on_port(struct cluster_listener *listener, int port, int error)
{
	struct served *served = listener->scope->data;
	json_t *message;

	if (error) {
		served->result = 5;
		cluster_scope_disconnect(listener->scope);
		return;
	}
	if (cluster_address_is_udp(listener->address.type))
		uv_udp_recv_start(&listener->shared->udp, on_alloc_datagram,
		                  on_datagram);
	message = json_pack("{s:i,s:i}", "port", port, "shared",
	                    listener->shared != NULL);
	channel_send(&served->channel, message);
	json_decref(message);
}

static inline void
on_leave(struct cluster_scope *scope)
{
	struct served *served = scope->data;

	if (strcmp(served->mode, "stubborn") != 0)
		cluster_scope_leave(scope);
}

static inline bool
accepts(struct cluster_listener *listener)
{
	struct served *served = listener->scope->data;

	return strcmp(served->mode, "refuse") != 0;
}

static const struct cluster_scope_events scope_events = {
    .listening = on_port,
    .accepts = accepts,
    .connection = say_who,
    .disconnect = on_leave,
};

static inline void
obey(struct served *served, const char *what)
{
	if (strcmp(what, "disconnect") == 0)
		cluster_scope_disconnect(&served->scope);
	else if (strcmp(what, "kill") == 0)
		cluster_scope_kill(&served->scope);
	else if (strcmp(what, "drop") == 0)
		channel_disconnect(&served->channel);
	else if (strcmp(what, "unlisten") == 0)
		cluster_scope_unlisten(&served->listeners[0]);
	else
		_exit(atoi(what));
}

static inline void
on_served_message(struct channel *channel, json_t *message, bool has_handle)
{
	struct served *served = channel->data;
	const char *what = json_string_value(json_object_get(message, "do"));
	char byte;

	if (has_handle && strcmp(served->mode, "die") == 0)
		raise(SIGKILL);
	while (has_handle && served->hold && read(served->hold, &byte, 1) > 0)
		;
	if (cluster_scope_message(&served->scope, message, has_handle))
		return;
	if (what)
		obey(served, what);
	else
		channel_send(channel, json_object_get(message, "text"));
}

static inline void
on_served_disconnect(struct channel *channel)
{
	struct served *served = channel->data;

	cluster_scope_disconnected(&served->scope);
}

static const struct channel_events served_events = {
    .message = on_served_message,
    .disconnect = on_served_disconnect,
};

static inline void
listen_as(struct served *served, const char *mode, const char *where)
{
	struct cluster_address address = {
	    .type = CLUSTER_TCP4,
	    .address = "127.0.0.1",
	    .port = atoi(where),
	};

	if (strcmp(mode, "udp") == 0)
		address.type = CLUSTER_UDP4;
	if (strcmp(mode, "pipe") == 0) {
		address.type = CLUSTER_PIPE;
		address.address = getenv("PIPE");
	}
	if (strcmp(mode, "idle") == 0)
		return;
	cluster_scope_listen(&served->scope, &served->listeners[0], &address,
	                     0);
	if (strcmp(mode, "two") == 0)
		cluster_scope_listen(&served->scope, &served->listeners[1],
		                     &address, 0);
}

static inline int
be_worker(char **argv)
{
	static struct served served;
	struct loop loop;

	signal(SIGPIPE, SIG_IGN);
	served.mode = argv[2];
	served.hold = argv[4] ? atoi(argv[4]) : 0;
	if (strcmp(served.mode, "broken") == 0)
		return 7;
	if (loop_open(&loop, ROLE_MAIN, 0, "worker") ||
	    channel_open_inherited(&served.channel, &loop, &served_events))
		return 1;
	served.channel.data = &served;
	if (cluster_scope_open(&served.scope, &loop, &served.channel,
	                       &scope_events))
		return 2;
	served.scope.data = &served;
	listen_as(&served, served.mode, argv[3]);
	loop_run(&loop);
	loop_close(&loop);
	return served.result;
}

#endif
