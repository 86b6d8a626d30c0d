/*
 * socket_list: how many connections of each of a peer's servers are open here
 * (Node: lib/internal/socket_list.js). A server of Node that has sent
 * connections away closes when they are closed, wherever they are.
 */
#ifndef RUNTIME_SOCKET_LIST_H
#define RUNTIME_SOCKET_LIST_H

#include <stdbool.h>

struct socket_list {
	struct socket_list *next;
	int open;
	bool asked; /* the peer waits for the last to be closed */
	char key[];
};

/* One more, one less; 0, or -ENOMEM. The list has an entry only while there
 * are connections. Removing
 * says whether it was the last and was asked for. */
int socket_list_add(struct socket_list **list, const char *key);
bool socket_list_remove(struct socket_list **list, const char *key);

int socket_list_count(const struct socket_list *list, const char *key);

/* The peer asks: true, there are none; else it is to be told of the last. */
bool socket_list_ask(struct socket_list *list, const char *key);

void socket_list_free(struct socket_list **list);

#endif
