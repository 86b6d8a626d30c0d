/*
 * sockets: the UNIX and TCP sockets of this network namespace, who is connected
 * to whom and what lies in their queues (sock_diag(7)).
 */
#ifndef OBSERVE_SOCKETS_H
#define OBSERVE_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SOCKET_NAME = 64 };

struct unix_socket {
	uint32_t inode, peer; /* peer 0: none */
	bool listens;
	uint32_t queued; /* bytes to be read; of a listener, connections */
	uint32_t room;   /* of a listener: connections that may wait */
	char name[SOCKET_NAME]; /* its path; '@' begins an abstract one */
};

struct tcp_socket {
	uint32_t inode;
	bool listens;
	uint16_t port, other_port;
	uint8_t address[16], other_address[16]; /* IPv4 ones mapped to IPv6 */
	uint32_t queued; /* bytes to be read; of a listener, connections */
	uint32_t room; /* bytes not yet acknowledged; of a listener, as above */
};

/* A netlink socket to ask through, close-on-exec; -errno. */
int sockets_open(void);

typedef void (*sockets_unix_each)(void *data, const struct unix_socket *socket);
typedef void (*sockets_tcp_each)(void *data, const struct tcp_socket *socket);

/* Hands over every socket; of TCP those of a family (AF_INET, AF_INET6), or
 * only those that listen. For the others the kernel walks all of its TCP table:
 * a millisecond or two. 0 or -errno; what came before an error has been handed
 * over. */
int sockets_unix(int fd, sockets_unix_each each, void *data);
int sockets_tcp(int fd, int family, bool listening, sockets_tcp_each each,
                void *data);

#endif
