/*
 * model: everything the screen and the summary know.
 *
 * Plain data: fixed tables, no pointers, no allocation. It is changed by
 * model_apply() (an event came) and model_tick() (time went by), and by nothing
 * else, so a copy of it is a keyframe.
 */
#ifndef CORE_MODEL_H
#define CORE_MODEL_H

#include "actor.h"
#include "findings.h"
#include "flow.h"
#include "histogram.h"

#ifdef TINY
enum { CHANNELS = 4, SPANS = 4, OUTPUT_LINES = 4, NOTES_KEPT = 2 };
#else
enum { CHANNELS = 1024, SPANS = 512, OUTPUT_LINES = 256, NOTES_KEPT = 32 };
#endif
enum { LINE_BYTES = 200, NOTE_BYTES = 160 };

/* Over 50 ms in one callback a loop that has to answer is blocked. */
#define MODEL_BLOCKED_NS 50000000ull

/* Younger than this a message on its way is not yet waiting. */
#define MODEL_WAITING_NS 5000000ull

struct channel_row {
	struct row row; /* id = channel, direction bit 0 */
	uint8_t type;   /* enum channel_type */
	uint32_t port;  /* of tcp and listen */
	uint32_t a_pid, a_tid, b_pid, b_tid;
	char name[NAME_BYTES];
	uint64_t sent[2], bytes[2], received[2]; /* by direction */
	uint64_t untold[2];        /* of those sent: in no record that came */
	uint64_t waits_a, waits_b; /* bytes to be read; see channel-queue */
	uint32_t connections;
};

/* A piece of work that is over, or a block that is. */
struct span {
	uint32_t pid, tid;
	uint64_t begin, end;
	bool blocked;
	char name[CAUSE_BYTES]; /* of work, or of a block its cause */
};

struct output_line {
	uint64_t time;
	uint32_t pid;
	bool is_stderr;
	char text[LINE_BYTES];
};

struct note_row {
	uint64_t time;
	uint8_t level; /* enum note */
	char text[NOTE_BYTES];
};

struct totals {
	uint64_t events, lost;
	uint64_t processes, threads; /* ever born */
	uint64_t crashed;            /* ended by a signal or a code not 0 */
	uint64_t sent, received, bytes;
	uint64_t untold; /* sent too, but only counted: in no record */
	uint64_t requests, requests_failed;
	uint64_t blocks, block_max, block_total; /* times in ns */
	struct histogram latency;                /* of messages, ns */
	struct histogram answer;                 /* of requests, ns */
};

struct model {
	uint64_t version; /* changes with every change */
	uint64_t start;   /* time of the first event; 0: none yet */
	uint64_t now;
	struct actors actors;
	struct table channel_table;
	struct channel_row channels[CHANNELS];
	struct flows flows;
	struct span spans[SPANS]; /* ring, newest at (span_count - 1) % SPANS */
	uint64_t span_count;
	struct output_line lines[OUTPUT_LINES];
	uint64_t line_count;
	struct note_row notes[NOTES_KEPT];
	uint64_t note_count;
	uint64_t births_missed;             /* at most so many */
	char births_source[NAME_BYTES + 8]; /* how they are seen, "" unknown */
	struct totals totals;
	struct findings findings;
};

void model_init(struct model *model);

/* Takes one event. Returns whether it said anything new: a birth or death that
 * was known already does not. Unknown actors are no error: what is said of
 * them is dropped. */
bool model_apply(struct model *model, const struct event *event,
                 const char *text);

/* The same, as a sink for stream_add(): data is the struct model. */
bool model_put(void *data, const struct event *event, const char *text);

/* Time went by: `now` is later than every event that has come, or equal. */
void model_tick(struct model *model, uint64_t now);

/* The channel of either direction; NULL: never announced or forgotten. */
struct channel_row *model_channel(const struct model *model, uint64_t channel);

/* Whether a flow was sent and lies unread at a receiver that lives and would
 * say so; and whether it is old enough at model->now to be called waiting. */
bool model_is_unread(const struct model *model, const struct flow *flow);
bool model_is_waiting(const struct model *model, const struct flow *flow);

/* What a process calls itself, else what its command line says. */
const char *model_process_label(const struct process *process, char *into,
                                size_t room);

/* A thread as the panes name it: "stage", "worker 2", "stage pool 1".
 * Writes at most `room` bytes into `into` and returns it. */
const char *model_thread_label(const struct model *model,
                               const struct thread *thread, char *into,
                               size_t room);

/* CPU of a thread over the last half second that is complete, in thousandths
 * of a core; the same for a process. */
unsigned model_thread_cpu(const struct model *model,
                          const struct thread *thread);
unsigned model_process_cpu(const struct model *model,
                           const struct process *process);

/* For how much of that time it wanted a CPU and had none. */
unsigned model_thread_wait(const struct model *model,
                           const struct thread *thread);

/* How long a thread's loop has been blocked now, ns; 0: it is not. */
uint64_t model_blocked(const struct model *model, const struct thread *thread);

#endif
