/* TCP connections between two processes, and who listens. Pure. */
#include "channels_parts.h"

#include <stdlib.h>
#include <string.h>

static int
by_ports(const void *a, const void *b)
{
	const struct tcp_socket *one = a, *other = b;
	int order = one->port - other->port;

	return order ? order : one->other_port - other->other_port;
}

/* The first of those with these ports; NULL: none. */
static const struct tcp_socket *
first_with(const struct channels_seen *seen, const struct tcp_socket *key)
{
	const struct tcp_socket *at;

	if (!seen->tcp_count)
		return NULL;
	at = bsearch(key, seen->tcps, (size_t)seen->tcp_count, sizeof(*key),
	             by_ports);
	while (at && at > seen->tcps && by_ports(at - 1, key) == 0)
		at--;
	return at;
}

/* Who listens has no other port. */
static bool
is_port_served(const struct channels_seen *seen, uint16_t port)
{
	const struct tcp_socket key = {.port = port};
	const struct tcp_socket *end = seen->tcps + seen->tcp_count;
	const struct tcp_socket *at = first_with(seen, &key);

	for (; at && at < end && by_ports(at, &key) == 0; at++)
		if (at->listens)
			return true;
	return false;
}

/* The other end, if it is one of ours. */
static const struct tcp_socket *
other_end(const struct channels_seen *seen, const struct tcp_socket *socket)
{
	const struct tcp_socket key = {
	    .port = socket->other_port,
	    .other_port = socket->port,
	};
	const struct tcp_socket *end = seen->tcps + seen->tcp_count;
	const struct tcp_socket *at = first_with(seen, &key);

	for (; at && at < end && by_ports(at, &key) == 0; at++)
		if (memcmp(at->address, socket->other_address, 16) == 0 &&
		    memcmp(at->other_address, socket->address, 16) == 0)
			return at;
	return NULL;
}

static void
match_listener(struct matching *matching, const struct tcp_socket *socket)
{
	struct holders holders =
	    channels_holders(matching->seen, HOLDING_SOCKET, socket->inode);

	for (int i = 0; i < holders.count; i++) {
		struct found_channel channel = {
		    .type = CHANNEL_LISTEN,
		    .id =
			channel_id(CHANNEL_LISTEN,
		                   (uint32_t)holders.rows[i].pid, socket->port),
		    .a = holders.rows[i].pid,
		    .port = socket->port,
		    .name = "port",
		    .to_a = socket->queued,
		    .to_b = socket->room,
		};

		channels_add(matching, &channel);
	}
}

/* Seen from the server's end. Where nobody listens any more that is not known:
 * then the lower port. */
static void
match_connection(struct matching *matching, const struct tcp_socket *socket)
{
	const struct channels_seen *seen = matching->seen;
	const struct tcp_socket *peer = other_end(seen, socket);
	struct holders here =
	    channels_holders(seen, HOLDING_SOCKET, socket->inode);
	struct holders there = {0};
	struct found_channel channel = {
	    .type = CHANNEL_SOCKET,
	    .port = socket->port,
	    .name = "tcp",
	    .to_a = socket->queued,
	    .count = 1,
	};

	if (!here.count)
		return;
	if (peer)
		there = channels_holders(seen, HOLDING_SOCKET, peer->inode);
	if (!is_port_served(seen, socket->port) &&
	    (!there.count || socket->port > socket->other_port ||
	     is_port_served(seen, socket->other_port)))
		return;
	channel.a = here.rows[0].pid;
	if (there.count) {
		channel.b = there.rows[0].pid;
		channel.to_b = peer->queued;
	}
	if (channel.a == channel.b)
		return;
	channel.id =
	    channel_id(CHANNEL_SOCKET, (uint32_t)socket->port | 1u << 28,
	               channels_mix(channel.a, channel.b));
	channels_add(matching, &channel);
}

void
channels_match_tcp(struct matching *matching)
{
	struct channels_seen *seen = matching->seen;

	if (seen->tcp_count > 1)
		qsort(seen->tcps, (size_t)seen->tcp_count, sizeof(*seen->tcps),
		      by_ports);
	for (int i = 0; i < seen->tcp_count; i++)
		if (seen->tcps[i].listens)
			match_listener(matching, &seen->tcps[i]);
		else
			match_connection(matching, &seen->tcps[i]);
}
