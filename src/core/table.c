#include "table.h"

#include <string.h>

void
table_init(struct table *table, size_t capacity, size_t row_size)
{
	memset(table, 0, sizeof(*table));
	table->capacity = (uint32_t)capacity;
	table->row_size = (uint32_t)row_size;
}

static unsigned
bucket_of(uint64_t id)
{
	return (unsigned)(id * 0x9e3779b97f4a7c15u >> 54);
}

_Static_assert(TABLE_BUCKETS == 1 << 10, "bucket_of() keeps ten bits");

static struct row *
row_at(const struct table *table, const void *rows, uint32_t index)
{
	return (struct row *)((char *)rows + (size_t)index * table->row_size);
}

void *
table_find(const struct table *table, const void *rows, uint64_t id)
{
	uint16_t at = table->buckets[bucket_of(id)];

	while (at && row_at(table, rows, at - 1u)->id != id)
		at = row_at(table, rows, at - 1u)->next;
	return at ? row_at(table, rows, at - 1u) : NULL;
}

static void
unlink_row(struct table *table, void *rows, uint16_t index)
{
	uint64_t id = row_at(table, rows, index - 1u)->id;
	uint16_t *at = &table->buckets[bucket_of(id)];

	while (*at != index)
		at = &row_at(table, rows, *at - 1u)->next;
	*at = row_at(table, rows, index - 1u)->next;
}

/* The row that has been dead longest, as index + 1; 0: all live. */
static uint16_t
longest_dead(const struct table *table, const void *rows)
{
	uint64_t least = 0;
	uint16_t found = 0;

	for (uint32_t i = 0; i < table->count; i++) {
		uint64_t died = row_at(table, rows, i)->died;

		if (died && (!found || died < least)) {
			least = died;
			found = (uint16_t)(i + 1);
		}
	}
	return found;
}

void *
table_add(struct table *table, void *rows, uint64_t id, uint64_t born)
{
	uint16_t *head = &table->buckets[bucket_of(id)];
	uint16_t index;
	struct row *row;

	if (table->count < table->capacity) {
		index = (uint16_t)++table->count;
	} else {
		index = longest_dead(table, rows);
		if (!index) {
			table->unstored++;
			return NULL;
		}
		unlink_row(table, rows, index);
	}
	row = row_at(table, rows, index - 1u);
	memset(row, 0, table->row_size);
	row->id = id;
	row->born = born;
	row->next = *head;
	*head = index;
	return row;
}
