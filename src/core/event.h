/*
 * The event: one record of the stream. Everything looptop knows is an event.
 *
 * A record is a head of 64 bytes and a text of at most EVENT_TEXT_MAX bytes,
 * padded to a multiple of 8. It travels through a FIFO in writes of at most
 * PIPE_BUF bytes (pipe(7): such a write is never torn), and lies in recordings
 * in the same form, in the byte order of the machine.
 */
#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum shape {
	SHAPE_BORN,
	SHAPE_DIED,
	SHAPE_BEGIN,
	SHAPE_END,
	SHAPE_MARK,
	SHAPE_SEND,
	SHAPE_RECV,
	SHAPE_GAUGE,
};

enum event_kind {
#define EVENT(id, shape, name, urgent) id,
#include "event.def"
#undef EVENT
	EVENT_KINDS,
};

/* How a process came to be (JSON: how). */
enum birth {
	BIRTH_SEEN,
	BIRTH_RUN,
	BIRTH_SPAWN,
	BIRTH_EXEC,
	BIRTH_EXEC_FILE,
	BIRTH_FORK,
	BIRTH_CLUSTER,
	BIRTHS,
};

/* How a process ended; the value beside it is the exit code or the signal. */
enum death { DEATH_UNKNOWN, DEATH_CODE, DEATH_SIGNAL, DEATHS };

/* What a thread is for. */
enum role { ROLE_OTHER, ROLE_MAIN, ROLE_WORKER, ROLE_POOL, ROLES };

enum channel_type {
	CHANNEL_IPC,
	CHANNEL_PORT,
	CHANNEL_PIPE,
	CHANNEL_SOCKET,
	CHANNEL_LISTEN,
	CHANNEL_SHM,
	CHANNEL_BROADCAST, /* of one who speaks: each message is heard by many
	                    */
	CHANNEL_TYPES,
};

/* Who saw that a loop is blocked. */
enum witness { WITNESS_RUNTIME, WITNESS_AGENT, WITNESS_OUTSIDE, WITNESSES };

/* How a witness outside knows when a block began and ended: by looking now and
 * then, or by the kernel's records of each switch. */
enum method { METHOD_UNKNOWN, METHOD_SAMPLES, METHOD_SWITCHES, METHODS };

enum note { NOTE_INFO, NOTE_WARNING, NOTE_ERROR, NOTES };

enum {
	EVENT_MAGIC = 0xe7,
	EVENT_HEAD = 64,
	EVENT_TEXT_MAX = 960,
	EVENT_RECORD_MAX = EVENT_HEAD + EVENT_TEXT_MAX,
};

struct event {
	uint8_t magic;     /* EVENT_MAGIC */
	uint8_t kind;      /* enum event_kind */
	uint16_t text;     /* bytes of text behind the head */
	uint32_t lost;     /* records the writer had to drop before this one */
	uint64_t time;     /* CLOCK_MONOTONIC, ns */
	uint32_t pid, tid; /* the actor; tid == pid: its main thread */
	uint32_t other_pid, other_tid;
	uint64_t channel; /* the low bit is the direction, see channel.h */
	uint64_t number;
	uint64_t size;
	uint64_t value;
};

_Static_assert(sizeof(struct event) == EVENT_HEAD, "a head is 64 bytes");

/* Bytes that a record with `text` bytes of text takes in the stream. */
static inline size_t
event_record_size(size_t text)
{
	return EVENT_HEAD + ((text + 7) & ~(size_t)7);
}

/* Whether `event` can be a head: magic, kind, length. Says nothing of the
 * fields' values: those are the reader's to doubt. */
static inline bool
event_is_valid(const struct event *event)
{
	return event->magic == EVENT_MAGIC && event->kind < EVENT_KINDS &&
	       event->text <= EVENT_TEXT_MAX;
}

/* The name of a kind in JSON lines, its shape, its haste. kind < EVENT_KINDS.
 */
const char *event_name(enum event_kind kind);
enum shape event_shape(enum event_kind kind);
bool event_is_urgent(enum event_kind kind);

/* The names of the enums above, as JSON lines print them; a value out of range
 * gives "unknown". */
const char *event_birth_name(uint64_t birth);
const char *event_role_name(uint64_t role);
const char *event_channel_name(uint64_t type);
const char *event_witness_name(uint64_t witness);
const char *event_method_name(uint64_t method);

/* What event_lags() is for a loop that is only seen from outside. */
#define EVENT_LAGS_UNKNOWN UINT64_MAX

/* Lag percentiles travel in one field: microseconds, p50 low, p99 high. */
static inline uint64_t
event_lags(uint64_t p50_ns, uint64_t p99_ns)
{
	uint64_t p50 = p50_ns / 1000, p99 = p99_ns / 1000;

	if (p50 > UINT32_MAX)
		p50 = UINT32_MAX;
	if (p99 > UINT32_MAX)
		p99 = UINT32_MAX;
	return p50 | p99 << 32;
}

/*
 * Channel names. Both ends make the same name without asking each other:
 * of an IPC channel from the two pids, of a message port from the process and
 * its running number, of a TCP connection from its two ports. The low bit
 * tells the direction, so that each direction numbers its own messages.
 */
enum { CHANNEL_FORTH, CHANNEL_BACK };

static inline uint64_t
channel_id(enum channel_type type, uint32_t a, uint32_t b)
{
	return (uint64_t)type << 60 | (uint64_t)(a & 0x1fffffff) << 31 |
	       (uint64_t)(b & 0x3fffffff) << 1;
}

static inline enum channel_type
channel_id_type(uint64_t channel)
{
	return (enum channel_type)(channel >> 60);
}

#endif
