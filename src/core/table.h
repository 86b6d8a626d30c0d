/*
 * table: rows of fixed number, found by an id, kept after their death.
 *
 * A row stays after what it stands for died, so that the screen can show how
 * it ended; when the table is full, the row that has been dead longest is
 * taken over. When nothing in it is dead, the new one is not stored, only
 * counted in `unstored`.
 *
 * The rows lie in an array of the caller's; each begins with a struct row.
 */
#ifndef CORE_TABLE_H
#define CORE_TABLE_H

#include <stddef.h>
#include <stdint.h>

enum { TABLE_BUCKETS = 1024 };

struct row {
	uint64_t id;
	uint64_t born;
	uint64_t died; /* 0: alive */
	uint16_t next; /* index + 1 of the next in the same bucket */
};

struct table {
	uint32_t capacity; /* < 65535 */
	uint32_t row_size;
	uint32_t count; /* rows in use, dead ones too */
	uint64_t unstored;
	uint16_t buckets[TABLE_BUCKETS];
};

/* An empty table for `capacity` rows of `row_size` bytes. */
void table_init(struct table *table, size_t capacity, size_t row_size);

/* The newest row with that id, alive or dead; NULL: none. */
void *table_find(const struct table *table, const void *rows, uint64_t id);

/* A new row, zeroed but for its struct row; NULL when the table is full of the
 * living. An older row with the same id stays, but is no longer found. */
void *table_add(struct table *table, void *rows, uint64_t id, uint64_t born);

#endif
