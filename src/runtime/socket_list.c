#include "socket_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct socket_list **
find(struct socket_list **list, const char *key)
{
	while (*list && strcmp((*list)->key, key) != 0)
		list = &(*list)->next;
	return list;
}

int
socket_list_add(struct socket_list **list, const char *key)
{
	struct socket_list **at = find(list, key);
	size_t size = strlen(key) + 1;

	if (!*at) {
		*at = calloc(1, sizeof(**at) + size);
		if (!*at)
			return -ENOMEM;
		memcpy((*at)->key, key, size);
	}
	(*at)->open++;
	return 0;
}

bool
socket_list_remove(struct socket_list **list, const char *key)
{
	struct socket_list **at = find(list, key), *entry = *at;
	bool asked;

	if (!entry || --entry->open > 0)
		return false;
	asked = entry->asked;
	*at = entry->next;
	free(entry);
	return asked;
}

int
socket_list_count(const struct socket_list *list, const char *key)
{
	const struct socket_list *entry =
	    *find((struct socket_list **)&list, key);

	return entry ? entry->open : 0;
}

bool
socket_list_ask(struct socket_list *list, const char *key)
{
	struct socket_list *entry = *find(&list, key);

	if (entry)
		entry->asked = true;
	return !entry;
}

void
socket_list_free(struct socket_list **list)
{
	while (*list) {
		struct socket_list *next = (*list)->next;

		free(*list);
		*list = next;
	}
}
