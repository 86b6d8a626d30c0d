#include "sockets.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_BYTES = 32768 };

/* Those in TIME_WAIT and the like belong to nobody. */
enum {
	CONNECTED = 1 << TCP_ESTABLISHED | 1 << TCP_LISTEN | 1 << TCP_CLOSE_WAIT
};

int
sockets_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	return fd < 0 ? -errno : fd;
}

/* ---- netlink ---- */

typedef void (*take_message)(const struct nlmsghdr *message, void *context);

/* What to call with what was understood. */
struct taking {
	union {
		sockets_unix_each unix_each;
		sockets_tcp_each tcp_each;
	};
	void *data;
};

/* The messages of one datagram; 1: more are to come, 0: that was all. */
static int
take_datagram(const char *bytes, size_t size, take_message take, void *context)
{
	const struct nlmsghdr *message = (const void *)bytes;
	unsigned left = (unsigned)size;

	for (; NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) {
		const struct nlmsgerr *error = NLMSG_DATA(message);

		if (message->nlmsg_type == NLMSG_DONE)
			return 0;
		if (message->nlmsg_type == NLMSG_ERROR)
			return error->error ? error->error : -EPROTO;
		take(message, context);
	}
	return 1;
}

static int
dump(int fd, const void *request, size_t size, take_message take, void *context)
{
	_Alignas(struct nlmsghdr) char bytes[ANSWER_BYTES];
	struct nlmsghdr head = {
	    .nlmsg_len = (uint32_t)(NLMSG_HDRLEN + size),
	    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
	    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
	};
	int more = 1;

	memcpy(bytes, &head, sizeof(head));
	memcpy(bytes + NLMSG_HDRLEN, request, size);
	if (send(fd, bytes, head.nlmsg_len, 0) < 0)
		return -errno;
	while (more > 0) {
		ssize_t got = recv(fd, bytes, sizeof(bytes), 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -EPROTO;
		more = take_datagram(bytes, (size_t)got, take, context);
	}
	return more;
}

/* ---- UNIX ---- */

static void
take_name(struct unix_socket *socket, const struct rtattr *attribute)
{
	const char *name = RTA_DATA(attribute);
	size_t size = RTA_PAYLOAD(attribute);

	if (size >= sizeof(socket->name))
		size = sizeof(socket->name) - 1;
	memcpy(socket->name, name, size);
	socket->name[size] = '\0';
	if (size && !name[0])
		socket->name[0] = '@';
}

static void
take_unix(const struct nlmsghdr *message, void *context)
{
	const struct taking *taking = context;
	const struct unix_diag_msg *found = NLMSG_DATA(message);
	const struct rtattr *attribute = (const void *)(found + 1);
	unsigned left;
	struct unix_socket socket = {0};
	struct unix_diag_rqlen queue;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*found)))
		return;
	left = message->nlmsg_len - (unsigned)NLMSG_LENGTH(sizeof(*found));
	socket.inode = found->udiag_ino;
	socket.listens = found->udiag_state == TCP_LISTEN;
	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
		size_t size = RTA_PAYLOAD(attribute);

		if (attribute->rta_type == UNIX_DIAG_PEER &&
		    size >= sizeof(socket.peer)) {
			memcpy(&socket.peer, RTA_DATA(attribute),
			       sizeof(socket.peer));
		} else if (attribute->rta_type == UNIX_DIAG_RQLEN &&
		           size >= sizeof(queue)) {
			memcpy(&queue, RTA_DATA(attribute), sizeof(queue));
			socket.queued = queue.udiag_rqueue;
			socket.room = queue.udiag_wqueue;
		} else if (attribute->rta_type == UNIX_DIAG_NAME) {
			take_name(&socket, attribute);
		}
	}
	taking->unix_each(taking->data, &socket);
}

int
sockets_unix(int fd, sockets_unix_each each, void *data)
{
	struct taking taking = {.unix_each = each, .data = data};
	const struct unix_diag_req request = {
	    .sdiag_family = AF_UNIX,
	    .udiag_states = UINT32_MAX,
	    .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN,
	};

	return dump(fd, &request, sizeof(request), take_unix, &taking);
}

/* ---- TCP ---- */

static void
map_address(uint8_t into[16], const uint32_t *words, int family)
{
	memset(into, 0, 16);
	if (family == AF_INET6) {
		memcpy(into, words, 16);
		return;
	}
	into[10] = into[11] = 0xff;
	memcpy(into + 12, words, 4);
}

static void
take_tcp(const struct nlmsghdr *message, void *context)
{
	const struct taking *taking = context;
	const struct inet_diag_msg *found = NLMSG_DATA(message);
	struct tcp_socket socket;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*found)))
		return;
	memset(&socket, 0, sizeof(socket));
	socket.inode = found->idiag_inode;
	socket.listens = found->idiag_state == TCP_LISTEN;
	socket.port = ntohs(found->id.idiag_sport);
	socket.other_port = ntohs(found->id.idiag_dport);
	map_address(socket.address, found->id.idiag_src, found->idiag_family);
	map_address(socket.other_address, found->id.idiag_dst,
	            found->idiag_family);
	socket.queued = found->idiag_rqueue;
	socket.room = found->idiag_wqueue;
	taking->tcp_each(taking->data, &socket);
}

int
sockets_tcp(int fd, int family, bool listening, sockets_tcp_each each,
            void *data)
{
	struct taking taking = {.tcp_each = each, .data = data};
	const struct inet_diag_req_v2 request = {
	    .sdiag_family = (uint8_t)family,
	    .sdiag_protocol = IPPROTO_TCP,
	    .idiag_states = listening ? 1u << TCP_LISTEN : CONNECTED,
	};

	return dump(fd, &request, sizeof(request), take_tcp, &taking);
}
