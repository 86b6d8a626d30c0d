/*
 * pair: a channel and what is at its other end: a second channel of the same
 * loop, or a bare descriptor that can break every rule.
 */
#ifndef TESTS_RUNTIME_PAIR_H
#define TESTS_RUNTIME_PAIR_H

#include "runtime_world.h"

#include "runtime/channel.h"

#include <sys/ioctl.h>

enum { PARENT_PID = 1000, CHILD_PID = 2000 };

struct end {
	struct channel channel;
	struct world *world;
	const char *name;
	json_t *got; /* messages, in order */
	int messages, handles, handles_sent, drains, disconnects, closes;
	uv_stream_t *place; /* where a handle is put; NULL: nobody takes it */
	int accepted;       /* what channel_accept() said of it */
	bool leaves;        /* disconnects at the first message */
	enum channel_handle_type type; /* of the last handle */
	char key[32];
	int answers; /* about connections */
};

struct pair {
	struct world world;
	struct end a, b; /* the parent's and the child's */
	int raw;         /* instead of b; -1 */
};

/* ---- callbacks ---- */

static inline void
end_on_message(struct channel *channel, json_t *message, bool has_handle)
{
	struct end *end = channel->data;

	json_array_append(end->got, message);
	end->messages++;
	end->handles += has_handle;
	if (has_handle) {
		end->type = channel->handle.type;
		snprintf(end->key, sizeof(end->key), "%s",
		         channel->handle.key ? channel->handle.key : "");
	}
	if (has_handle && end->place)
		end->accepted = channel_accept(channel, end->place);
	if (end->leaves)
		channel_disconnect(channel);
}

static inline void
end_on_handle_sent(struct channel *channel, uv_stream_t *handle)
{
	struct end *end = channel->data;

	end->handles_sent++;
	if (!uv_is_closing((uv_handle_t *)handle))
		uv_close((uv_handle_t *)handle, NULL);
}

static inline void
end_on_drain(struct channel *channel)
{
	struct end *end = channel->data;

	end->drains++;
}

static inline void
end_on_all_closed(struct channel *channel, const char *key)
{
	struct end *end = channel->data;

	end->answers++;
	world_say(end->world, "closed");
	world_say(end->world, key);
}

static inline void
end_on_count(struct channel *channel, const char *key, int count)
{
	struct end *end = channel->data;
	char text[32];

	end->answers++;
	snprintf(text, sizeof(text), "count %s %d", key, count);
	world_say(end->world, text);
}

static inline void
end_on_disconnect(struct channel *channel)
{
	struct end *end = channel->data;

	end->disconnects++;
	world_say(end->world, end->name);
	world_say(end->world, "disconnect");
}

static inline void
end_on_close(struct channel *channel)
{
	struct end *end = channel->data;

	end->closes++;
	world_say(end->world, end->name);
	world_say(end->world, "close");
}

static const struct channel_events end_events = {
    .message = end_on_message,
    .handle_sent = end_on_handle_sent,
    .disconnect = end_on_disconnect,
    .close = end_on_close,
    .drain = end_on_drain,
    .all_closed = end_on_all_closed,
    .count = end_on_count,
};

/* ---- life ---- */

static inline void
end_open(struct end *end, struct world *world, const char *name, int fd)
{
	assert_int_equal(
	    channel_open(&end->channel, &world->loop, fd, &end_events), 0);
	end->channel.data = end;
	end->world = world;
	end->name = name;
	end->got = json_array();
	channel_name(&end->channel, PARENT_PID, CHILD_PID, *name == 'a');
}

static inline void
end_close(struct end *end)
{
	if (!end->world)
		return;
	channel_disconnect(&end->channel);
	world_run(end->world, &end->closes, 1);
	json_decref(end->got);
}

static inline void
pair_init(struct pair *pair, bool raw)
{
	int fds[2];

	world_init(&pair->world);
	pair->raw = -1;
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	end_open(&pair->a, &pair->world, "a", fds[0]);
	if (raw)
		pair->raw = fds[1];
	else
		end_open(&pair->b, &pair->world, "b", fds[1]);
	told_clear(&pair->world);
}

static inline int
pair_open_with(void **state, bool raw)
{
	*state = calloc(1, sizeof(struct pair));
	pair_init(*state, raw);
	return 0;
}

static inline int
pair_open(void **state)
{
	return pair_open_with(state, false);
}

static inline int
pair_open_raw(void **state)
{
	return pair_open_with(state, true);
}

/* The bare end goes first, so that nothing queued for it is waited for. */
static inline int
pair_close(void **state)
{
	struct pair *pair = *state;

	if (pair->raw >= 0)
		close(pair->raw);
	end_close(&pair->a);
	end_close(&pair->b);
	return world_close(state);
}

/* ---- the bare end ---- */

static inline void
raw_write(struct pair *pair, const char *bytes, size_t size)
{
	assert_int_equal(write(pair->raw, bytes, size), size);
	world_turn(&pair->world);
}

static inline void
raw_say(struct pair *pair, const char *text)
{
	raw_write(pair, text, strlen(text));
}

static inline void
raw_close(struct pair *pair)
{
	close(pair->raw);
	pair->raw = -1;
}

/* What can be read now. `fd`: -1, or the descriptor that came with it. */
static inline ssize_t
raw_read(struct pair *pair, char *into, size_t room, int *fd)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec bytes = {into, room};
	struct msghdr message = {
	    .msg_iov = &bytes,
	    .msg_iovlen = 1,
	    .msg_control = control,
	    .msg_controllen = sizeof(control),
	};
	ssize_t got =
	    recvmsg(pair->raw, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *head = got < 0 ? NULL : CMSG_FIRSTHDR(&message);

	*fd = -1;
	if (head)
		memcpy(fd, CMSG_DATA(head), sizeof(*fd));
	return got;
}

/* Sends bytes and a descriptor in one go, as Node does. */
static inline void
raw_write_fd(struct pair *pair, const char *text, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec bytes = {(char *)text, strlen(text)};
	struct msghdr message = {
	    .msg_iov = &bytes,
	    .msg_iovlen = 1,
	    .msg_control = control,
	    .msg_controllen = sizeof(control),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	assert_int_equal(sendmsg(pair->raw, &message, 0), strlen(text));
	world_turn(&pair->world);
}

/* ---- messages ---- */

/* Sends what the format says (json_pack), and forgets it. */
static inline int
send_packed(struct end *end, const char *format, int number)
{
	json_t *message = json_pack(format, "n", number);
	int result = channel_send(&end->channel, message);

	json_decref(message);
	return result;
}

static inline int
send_number(struct end *end, int number)
{
	return send_packed(end, "{s:i}", number);
}

static inline void
assert_numbers(const json_t *got, int from, int count)
{
	assert_int_equal(json_array_size(got), count);
	for (int i = 0; i < count; i++)
		assert_int_equal(json_integer_value(json_object_get(
				     json_array_get(got, (size_t)i), "n")),
		                 from + i);
}

#endif
