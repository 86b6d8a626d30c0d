/* Environment data: what the threads that a thread starts begin with. */
#include "worker_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct worker_entry {
	struct worker_entry *next;
	char *key;
	size_t size;
	char bytes[];
};

/* As in Node, each thread has its own, also one that is no worker and has
 * nothing else to keep it in. */
static _Thread_local struct worker_entry *own;

static struct worker_entry *
new_entry(const char *key, const char *bytes, size_t size)
{
	struct worker_entry *entry = calloc(1, sizeof(*entry) + size);

	if (entry)
		entry->key = strdup(key);
	if (!entry || !entry->key) {
		free(entry);
		return NULL;
	}
	entry->size = size;
	if (size)
		memcpy(entry->bytes, bytes, size);
	return entry;
}

void
worker_entries_free(struct worker_entry *entry)
{
	while (entry) {
		struct worker_entry *next = entry->next;

		free(entry->key);
		free(entry);
		entry = next;
	}
}

int
worker_entries_copy(struct worker_entry **entries)
{
	struct worker_entry **last = entries;

	*entries = NULL;
	for (const struct worker_entry *entry = own; entry;
	     entry = entry->next) {
		*last = new_entry(entry->key, entry->bytes, entry->size);
		if (!*last) {
			worker_entries_free(*entries);
			*entries = NULL;
			return -ENOMEM;
		}
		last = &(*last)->next;
	}
	return 0;
}

void
worker_entries_take(struct worker_entry *entries)
{
	own = entries;
}

void
worker_entries_drop(void)
{
	worker_entries_free(own);
	own = NULL;
}

static struct worker_entry **
find(const char *key)
{
	struct worker_entry **at = &own;

	while (*at && strcmp((*at)->key, key) != 0)
		at = &(*at)->next;
	return at;
}

int
worker_set_environment_data(const char *key, const char *bytes, size_t size)
{
	struct worker_entry **at = find(key), *old = *at;
	struct worker_entry *entry = bytes ? new_entry(key, bytes, size) : NULL;

	if (bytes && !entry)
		return -ENOMEM;
	if (entry)
		entry->next = old ? old->next : NULL;
	*at = entry ? entry : old ? old->next : NULL;
	if (old) {
		old->next = NULL;
		worker_entries_free(old);
	}
	return 0;
}

const char *
worker_environment_data(const char *key, size_t *size)
{
	const struct worker_entry *entry = *find(key);

	*size = entry ? entry->size : 0;
	return entry ? entry->bytes : NULL;
}
