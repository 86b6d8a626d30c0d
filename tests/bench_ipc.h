/*
 * What the benches of the channel share: a channel with a child at its other
 * end, and a bare socketpair. The stream, if one is open, is the environment's.
 */
#ifndef TESTS_BENCH_IPC_H
#define TESTS_BENCH_IPC_H

#include "bench.h"

#include "core/emit.h"
#include "runtime/channel.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static inline json_t *
text_message(size_t size)
{
	char *text = malloc(size);
	json_t *message;

	memset(text, 'a', size);
	message = json_stringn(text, size);
	free(text);
	return message;
}

/* ---- a channel of ours, with a child at its other end ---- */

struct party {
	struct loop loop;
	struct channel channel;
	int count, of; /* messages that came; how many to wait for */
	int to_send;
	bool corked, echoes;
	json_t *message;
	uint64_t *times, since;
};

static inline void
send_more(struct party *party)
{
	if (party->corked)
		channel_cork(&party->channel);
	while (party->to_send > 0 &&
	       channel_send(&party->channel, party->message) == 0)
		party->to_send--;
}

static inline void
on_message(struct channel *channel, json_t *message, bool has_handle)
{
	struct party *party = channel->data;

	(void)has_handle;
	party->count++;
	if (party->echoes) {
		channel_send(channel, message);
		return;
	}
	if (party->times) {
		uint64_t now = uv_hrtime();

		party->times[party->count - 1] = now - party->since;
		party->since = now;
		if (party->count < party->of)
			channel_send(channel, party->message);
	}
	if (party->count == party->of)
		channel_disconnect(channel);
}

static inline void
on_drain(struct channel *channel)
{
	send_more(channel->data);
}

static const struct channel_events events = {
    .message = on_message,
    .drain = on_drain,
};

static inline void
open_party(struct party *party, int fd, bool is_parent)
{
	loop_open(&party->loop, ROLE_MAIN, 0, "bench");
	channel_open(&party->channel, &party->loop, fd, &events);
	party->channel.data = party;
	channel_name(&party->channel, 1, 2, is_parent);
}

static inline void
run_party(struct party *party)
{
	loop_run(&party->loop);
	loop_close(&party->loop);
}

/* The other end, in a process of its own: echoes, or counts to `of` and says
 * so by closing. */
static inline pid_t
fork_party(int fds[2], int of, bool echoes, enum wire_mode mode)
{
	const char *fifo = getenv(EMIT_ENVIRONMENT);
	static struct party party;
	pid_t pid = fork();

	if (pid)
		return pid;
	close(fds[0]);
	signal(SIGPIPE, SIG_IGN);
	if (fifo)
		emit_open(fifo, uv_hrtime);
	party.of = of;
	party.echoes = echoes;
	open_party(&party, fds[1], false);
	party.channel.in.mode = mode;
	run_party(&party);
	emit_close();
	_exit(0);
}

/* Messages a second until the last of them has come. Takes the message. */
static inline double
one_way(json_t *message, int count, enum wire_mode mode, bool corked)
{
	static struct party party;
	uint64_t begin;
	int fds[2];
	pid_t pid;

	memset(&party, 0, sizeof(party));
	socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds);
	pid = fork_party(fds, count, false, mode);
	close(fds[1]);
	open_party(&party, fds[0], true);
	party.channel.in.mode = mode;
	party.message = message;
	party.to_send = count;
	party.corked = corked;
	begin = uv_hrtime();
	send_more(&party);
	run_party(&party);
	waitpid(pid, NULL, 0);
	json_decref(message);
	return (double)count * 1e9 / (double)(uv_hrtime() - begin);
}

/* The same bytes through a socketpair, in writes of 64 KiB. */
static inline double
raw_one_way(int count, size_t size)
{
	static char bytes[65536];
	uint64_t begin = uv_hrtime();
	size_t left = (size_t)count * size;
	int fds[2];
	pid_t pid;

	socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds);
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		while (read(fds[1], bytes, sizeof(bytes)) > 0)
			;
		_exit(0);
	}
	close(fds[1]);
	while (left) {
		size_t part = left < sizeof(bytes) ? left : sizeof(bytes);
		ssize_t written = write(fds[0], bytes, part);

		left -= written > 0 ? (size_t)written : 0;
	}
	close(fds[0]);
	waitpid(pid, NULL, 0);
	return (double)count * 1e9 / (double)(uv_hrtime() - begin);
}

#endif
