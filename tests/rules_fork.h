/*
 * rules_fork: scenarios with a parent and a child that is this program in a
 * role. What happens to the child its parent says; what the child says comes
 * through its own output, which the parent passes on.
 */
#ifndef TESTS_RULES_FORK_H
#define TESTS_RULES_FORK_H

#include "rules.h"

#include "runtime/child.h"
#include "runtime/json_text.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct loop loop;

/* ---- saying ---- */

static inline void
say_value(const char *what, const json_t *value)
{
	struct bytes text = {0};

	json_text_write(&text, value);
	bytes_put(&text, '\0');
	rules_say("%s %s", what, text.at);
	bytes_free(&text);
}

static inline void
send_text(struct channel *channel, const char *text)
{
	json_t *message = json_text_read(text, strlen(text));

	channel_send(channel, message);
	json_decref(message);
}

/* ---- the parent's side ---- */

static inline void
parent_on_output(struct child *child, int fd, const char *bytes, size_t size)
{
	(void)child;
	(void)fd;
	fwrite(bytes, 1, size, stdout);
	fflush(stdout);
}

static inline void
parent_on_message(struct child *child, json_t *message, bool has_handle)
{
	(void)child;
	(void)has_handle;
	say_value("parent got", message);
}

static inline void
parent_on_disconnect(struct child *child)
{
	(void)child;
	rules_say("disconnect");
}

static inline void
parent_on_exit(struct child *child, int code, int signal)
{
	(void)child;
	rules_say("exit %d %d", code, signal);
}

/* Starts this program as a role; the scenario goes on with run_parent(). */
static inline struct child *
start_child(const char *role, const struct child_events *events)
{
	static struct child child;

	signal(SIGPIPE, SIG_IGN);
	loop_open(&loop, ROLE_MAIN, 0, "rule");
	if (child_fork(&child, &loop, BIRTH_FORK, role, NULL, NULL, events))
		abort();
	return &child;
}

static inline void
run_parent(void)
{
	loop_run(&loop);
	loop_close(&loop);
}

/* ---- the child's side ---- */

static struct channel role_channel;

static inline void
open_role(const struct channel_events *events)
{
	signal(SIGPIPE, SIG_IGN);
	loop_open(&loop, ROLE_MAIN, 0, "role");
	if (channel_open_inherited(&role_channel, &loop, events))
		exit(9);
}

static inline void
run_role(void)
{
	loop_run(&loop);
	loop_close(&loop);
}

/* ---- a connection, the plain way: `given` is the parent's end ---- */

static uv_tcp_t given;
static int client = -1;

static inline void
connect_pair(void)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET,
	    .sin_addr = {htonl(INADDR_LOOPBACK)},
	};
	socklen_t size = sizeof(address);
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(server, (struct sockaddr *)&address, size) ||
	    listen(server, 4) ||
	    getsockname(server, (struct sockaddr *)&address, &size) ||
	    connect(client, (struct sockaddr *)&address, size))
		abort();
	uv_tcp_init(&loop.uv, &given);
	uv_tcp_open(&given, accept4(server, NULL, NULL, SOCK_CLOEXEC));
	close(server);
}

static inline void
say_client(void)
{
	char text[32] = "";

	if (read(client, text, sizeof(text) - 1) > 0)
		rules_say("client got %s", text);
	close(client);
}

/* In a scenario for Node: this file again, forked. */
#define FORK "cp.fork(__filename, ['child'])"
#define CHILD "if (process.argv[2] === 'child') "

/* ---- echo ---- */

static inline void
role_echo_message(struct channel *channel, json_t *message, bool has_handle)
{
	(void)has_handle;
	channel_send(channel, message);
}

static const struct channel_events echo_events = {
    .message = role_echo_message,
};

static inline void
role_echo(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	open_role(&echo_events);
	run_role();
}

static const struct child_events output_events = {.output = parent_on_output};

static int awaited;

static inline void
until_awaited(struct child *child, json_t *message, bool has_handle)
{
	parent_on_message(child, message, has_handle);
	if (--awaited == 0)
		channel_disconnect(&child->channel);
}

static const struct child_events echoed_events = {
    .output = parent_on_output,
    .message = until_awaited,
};

#endif
