/*
 * The kernel answers the subscription at once, before send(2) is back: no
 * answer there means that nobody listens to us. It drops what the socket has no
 * room for (ENOBUFS), so the room is made large and the socket is read as soon
 * as it has something.
 */
#include "connector.h"

#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 8 << 20, MESSAGE_BYTES = 512 };
/* Of linux/cn_proc.h, Linux 6.6. */
enum { WANT_FORK = 1, WANT_EXEC = 2 };
#define WANT_EXIT 0x80000000u

struct order {
	struct nlmsghdr netlink;
	struct cn_msg message;
	uint32_t words[2]; /* what to do; which events */
};

_Static_assert(sizeof(struct order) == NLMSG_HDRLEN + sizeof(struct cn_msg) + 8,
               "no padding");

static int
tell(int fd, int words, uint32_t events)
{
	size_t size = (size_t)words * sizeof(uint32_t);
	struct order order = {
	    .netlink.nlmsg_type = NLMSG_DONE,
	    .netlink.nlmsg_len =
		(uint32_t)(NLMSG_HDRLEN + sizeof(struct cn_msg) + size),
	    .message.id = {CN_IDX_PROC, CN_VAL_PROC},
	    .message.len = (uint16_t)size,
	    .words = {PROC_CN_MCAST_LISTEN, events},
	};

	return send(fd, &order, order.netlink.nlmsg_len, 0) < 0 ? -errno : 0;
}

/* The event in a message; false: it holds none. */
static bool
parse(const char *bytes, ssize_t size, struct proc_event *event)
{
	const size_t head = NLMSG_HDRLEN + sizeof(struct cn_msg);
	struct cn_msg message;

	if (size < (ssize_t)(head + offsetof(struct proc_event, event_data)))
		return false;
	memcpy(&message, bytes + NLMSG_HDRLEN, sizeof(message));
	if (message.id.idx != CN_IDX_PROC || message.id.val != CN_VAL_PROC)
		return false;
	memset(event, 0, sizeof(*event));
	size -= (ssize_t)head;
	memcpy(event, bytes + head,
	       size < (ssize_t)sizeof(*event) ? (size_t)size : sizeof(*event));
	return true;
}

static int
await_answer(int fd)
{
	char bytes[MESSAGE_BYTES];
	struct proc_event event;
	ssize_t got;

	while ((got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		if (parse(bytes, got, &event) && event.what == PROC_EVENT_NONE)
			return -(int)event.event_data.ack.err;
	return -ENOTSUP;
}

int
connector_open(bool exits_only)
{
	struct sockaddr_nl address = {
	    .nl_family = AF_NETLINK,
	    .nl_groups = CN_IDX_PROC,
	};
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	                NETLINK_CONNECTOR);
	int room = ROOM, error = 0;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		error = -errno;
	if (!error)
		error = tell(fd, 1, 0);
	if (!error)
		error = await_answer(fd);
	/* An older kernel does not know this order and leaves it at the first;
	 * one that knows it does not answer. */
	if (!error)
		(void)tell(
		    fd, 2,
		    WANT_EXIT | (exits_only ? 0u : WANT_FORK | WANT_EXEC));
	if (error) {
		close(fd);
		return error;
	}
	return fd;
}

/* ---- events ---- */

/* Of main threads only; false: it is none of those. */
static bool
understand(const struct proc_event *event, struct birth_record *record)
{
	memset(record, 0, sizeof(*record));
	record->time = event->timestamp_ns;
	switch ((uint32_t)event->what) {
	case PROC_EVENT_FORK:
		record->kind = BIRTH_OF;
		record->pid = event->event_data.fork.child_tgid;
		record->parent = event->event_data.fork.parent_tgid;
		return event->event_data.fork.child_pid == record->pid;
	case PROC_EVENT_EXEC:
		record->kind = BIRTH_COMM;
		record->pid = event->event_data.exec.process_tgid;
		return true;
	case PROC_EVENT_EXIT:
		record->kind = BIRTH_EXIT;
		record->pid = event->event_data.exit.process_tgid;
		record->status = (int)event->event_data.exit.exit_code;
		record->has_status = true;
		return event->event_data.exit.process_pid == record->pid;
	default:
		return false;
	}
}

void
connector_collect(int fd, bool exits_only, struct birth_queue *queue)
{
	struct birth_record record;
	char bytes[MESSAGE_BYTES];
	struct proc_event event;
	ssize_t got;

	while ((got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0 ||
	       (got < 0 && (errno == ENOBUFS || errno == EINTR))) {
		if (got < 0) {
			queue->lost += errno == ENOBUFS;
			continue;
		}
		if (!parse(bytes, got, &event) || !understand(&event, &record))
			continue;
		if (!exits_only || record.kind == BIRTH_EXIT)
			birth_queue_add(queue, &record);
	}
}
