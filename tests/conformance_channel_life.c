/* The rules of a channel between parent and child: sending, waiting, ending.
 * (Node's documentation: subprocess.send(), disconnect(), channel.ref();
 * NODE.md 1.4 and rows 49 to 56.) */
#include "rules_fork.h"

#include <errno.h>
#include <unistd.h>

/* In a scenario for Node: this file again, forked. */
#define FORK "cp.fork(__filename, ['child'])"
#define CHILD "if (process.argv[2] === 'child') "

/* ---- echo ---- */

static void
role_echo_message(struct channel *channel, json_t *message, bool has_handle)
{
	(void)has_handle;
	channel_send(channel, message);
}

static const struct channel_events echo_events = {
    .message = role_echo_message,
};

static void
role_echo(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	open_role(&echo_events);
	run_role();
}

static const struct child_events output_events = {.output = parent_on_output};

static int awaited;

static void
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

static void
echo_all(const char *const *texts, int count)
{
	struct child *child = start_child("@echo", &echoed_events);

	awaited = count;
	for (int i = 0; i < count; i++)
		send_text(&child->channel, texts[i]);
	run_parent();
}

static void
kinds_of_message(void)
{
	static const char *const texts[] = {
	    "\"text\"", "7", "true", "null", "{\"a\":[1,{}]}", "[]",
	};

	echo_all(texts, 6);
}

static void
what_cannot_be_sent(void)
{
	struct child *child = start_child("@echo", &output_events);

	rules_say("%s", channel_send(&child->channel, NULL) == -EINVAL
	                    ? "nothing: refused"
	                    : "?");
	channel_disconnect(&child->channel);
	run_parent();
}

static void
a_message_with_no_handle(void)
{
	static const char *const texts[] = {"1"};

	echo_all(texts, 1);
}

/* ---- the channel of a child ---- */

static void
role_fd(int argc, char **argv)
{
	const char *fd = getenv("NODE_CHANNEL_FD");

	(void)argc;
	(void)argv;
	rules_say("fd %s", fd ? fd : "none");
	open_role(&echo_events);
	rules_say("afterwards %s", getenv("NODE_CHANNEL_FD") ? "set" : "unset");
}

static void
channel_descriptor(void)
{
	start_child("@fd", &output_events);
	run_parent();
}

/* ---- back-pressure ---- */

enum { SLOW_SENDS = 4000, SLOW_SIZE = 1000 };

static int counted;

/* It blocks before it reads, until the parent has filled the pipe and says so
 * on a plain descriptor: by its own stdin being at its end. */
static void
role_count_message(struct channel *channel, json_t *message, bool has_handle)
{
	(void)has_handle;
	counted++;
	if (!json_is_null(message))
		return;
	rules_say("%d came", counted);
	channel_disconnect(channel);
}

static const struct channel_events count_events = {
    .message = role_count_message,
};

static void
role_slow(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	open_role(&count_events);
	raise(SIGSTOP);
	run_role();
}

static void
slow_peer(void)
{
	struct child *child = start_child("@slow", &output_events);
	char text[SLOW_SIZE + 3];
	json_t *message;
	int first = 0;

	memset(text, 'x', sizeof(text));
	message = json_stringn(text, SLOW_SIZE);
	for (int i = 1; i <= SLOW_SENDS; i++)
		if (channel_send(&child->channel, message) == 1 && !first)
			first = i;
	json_decref(message);
	rules_say("false %s", first * SLOW_SIZE >= 131072 && first < SLOW_SENDS
	                          ? "behind 128 KiB"
	                          : "too early or never");
	send_text(&child->channel, "null");
	/* It may not have stopped yet: it is woken until it is done. */
	while (uv_run(&loop.uv, UV_RUN_NOWAIT)) {
		kill(child->pid, SIGCONT);
		usleep(1000);
	}
	loop_close(&loop);
}

/* ---- exit ---- */

static void
role_small(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	open_role(&echo_events);
	for (int i = 0; i < 3; i++)
		send_text(&role_channel, "\"small\"");
	exit(0);
}

static json_t *
megabyte(void)
{
	char *text = malloc(1000 * 1000);
	json_t *message;

	memset(text, 'x', 1000 * 1000);
	message = json_stringn(text, 1000 * 1000);
	free(text);
	return message;
}

static void
role_big(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	open_role(&echo_events);
	channel_send(&role_channel, megabyte());
	exit(0);
}

static void
exit_drained(struct channel *channel)
{
	(void)channel;
	exit(0);
}

static const struct channel_events drained_events = {
    .message = role_echo_message,
    .drain = exit_drained,
};

static void
role_big_drained(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	open_role(&drained_events);
	channel_send(&role_channel, megabyte());
	run_role();
}

static void
say_length(struct child *child, json_t *message, bool has_handle)
{
	(void)child;
	(void)has_handle;
	rules_say("length %zu", json_string_length(message));
}

static const struct child_events length_events = {
    .output = parent_on_output,
    .message = say_length,
    .exit = parent_on_exit,
};

static void
small_then_exit(void)
{
	start_child("@small", &length_events);
	run_parent();
}

static void
big_then_exit(void)
{
	start_child("@big", &length_events);
	run_parent();
}

static void
big_then_exit_drained(void)
{
	start_child("@big-drained", &length_events);
	run_parent();
}

/* ---- what keeps a child alive ---- */

static const struct channel_events deaf_events = {0};

static void
role_deaf(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	open_role(&deaf_events);
	run_role();
	rules_say("child ends");
}

static void
role_unref(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	open_role(&echo_events);
	channel_ref(&role_channel, false);
	run_role();
	rules_say("child ends");
}

static void
role_disconnected(struct channel *channel)
{
	(void)channel;
	rules_say("child is disconnected");
}

static const struct channel_events listening_events = {
    .message = role_echo_message,
    .disconnect = role_disconnected,
};

static void
role_listening(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	open_role(&listening_events);
	send_text(&role_channel, "\"here\"");
	run_role();
	rules_say("child ends");
}

static void
nobody_listens(void)
{
	start_child("@deaf", &output_events);
	run_parent();
}

static void
somebody_listens_unreferenced(void)
{
	start_child("@unref", &output_events);
	run_parent();
}

static void
let_go(struct child *child, json_t *message, bool has_handle)
{
	(void)message;
	(void)has_handle;
	rules_say("parent lets go");
	channel_disconnect(&child->channel);
}

static const struct child_events let_go_events = {
    .output = parent_on_output,
    .message = let_go,
};

static void
somebody_listens(void)
{
	start_child("@listening", &let_go_events);
	run_parent();
}

/* ---- before the first listener ---- */

static int late_count;

static void
say_late(struct channel *channel, json_t *message, bool has_handle)
{
	(void)has_handle;
	say_value("got", message);
	if (++late_count == 2)
		channel_disconnect(channel);
}

static const struct channel_events late_events = {.message = say_late};

static void
listen_late(uv_timer_t *timer)
{
	rules_say("listens");
	channel_listen(&role_channel, &late_events);
	uv_close((uv_handle_t *)timer, NULL);
}

static void
role_late(int argc, char **argv)
{
	static uv_timer_t timer;

	(void)argc;
	(void)argv;
	open_role(&deaf_events);
	uv_timer_init(&loop.uv, &timer);
	uv_timer_start(&timer, listen_late, 50, 0);
	run_role();
}

static void
queued_until_listened(void)
{
	struct child *child = start_child("@late", &output_events);

	send_text(&child->channel, "1");
	send_text(&child->channel, "2");
	run_parent();
}

/* ---- the end ---- */

static void
say_close(struct child *child)
{
	(void)child;
	rules_say("close");
}

static const struct child_events end_events = {
    .disconnect = parent_on_disconnect,
    .exit = parent_on_exit,
    .close = say_close,
};

static void
parent_disconnects(void)
{
	struct child *child = start_child("@echo", &end_events);

	channel_disconnect(&child->channel);
	rules_say("connected %s", child->channel.connected ? "true" : "false");
	run_parent();
}

static void
role_leaves(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	open_role(&echo_events);
	exit(3);
}

static const struct child_events leaves_events = {
    .disconnect = parent_on_disconnect,
    .exit = parent_on_exit,
};

static void
child_exits(void)
{
	start_child("@leaves", &leaves_events);
	run_parent();
}

static void
send_when_closed(void)
{
	struct child *child = start_child("@echo", &output_events);
	json_t *message = json_true();

	channel_disconnect(&child->channel);
	rules_say("send %s", channel_send(&child->channel, message) == -EPIPE
	                         ? "fails, closed"
	                         : "?");
	channel_disconnect(&child->channel);
	json_decref(message);
	run_parent();
}

#include "conformance_channel_life.h"

static const struct rule_role roles[] = {
    {"@echo", role_echo},
    {"@fd", role_fd},
    {"@slow", role_slow},
    {"@small", role_small},
    {"@big", role_big},
    {"@big-drained", role_big_drained},
    {"@deaf", role_deaf},
    {"@unref", role_unref},
    {"@listening", role_listening},
    {"@late", role_late},
    {"@leaves", role_leaves},
    {NULL, NULL},
};

int
main(int argc, char **argv)
{
	return rules_main(argc, argv, rules, sizeof(rules) / sizeof(*rules),
	                  roles);
}
