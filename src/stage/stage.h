/*
 * stage: the process that is studied. It does what the explorer says, each
 * command a message {"do": name, ...} over an ordinary IPC channel: when the
 * stage's loop is blocked, the command waits.
 *
 * stage.c holds the table of commands; each stage_*.c one family of them.
 */
#ifndef STAGE_STAGE_H
#define STAGE_STAGE_H

#include "role.h"
#include "serve.h"
#include "work.h"

#include "runtime/cluster.h"
#include "runtime/worker.h"

/* A client that asks a port of ours. */
struct stage_client {
	struct child child;
	bool exists;
};

struct stage {
	struct role_process role;
	uv_tcp_t server;
	bool has_server;
	int port;
	struct http_server http;
	struct stage_client client, cluster_client;
	struct cluster cluster;
	bool has_cluster;
	bool cluster_ending;
	struct stage_thread *threads;
	struct stage_child *children;
	int child_ids;
};

/* A command: reads its fields from `message`. */
typedef void stage_command(struct stage *stage, json_t *message);

stage_command stage_serve;        /* {port} */
stage_command stage_ask;          /* {rate, path}: the client's rate */
stage_command stage_spawn;        /* {command}: spawn, no shell */
stage_command stage_exec;         /* {command}: exec, a shell, buffered */
stage_command stage_exec_file;    /* {command}: execFile, buffered */
stage_command stage_fork;         /* {}: a C child with a channel */
stage_command stage_cluster;      /* {workers, port} */
stage_command stage_cluster_end;  /* {}: disconnects all workers */
stage_command stage_cluster_less; /* {}: disconnects the newest worker */
stage_command stage_thread;       /* {}: a worker thread */
stage_command stage_thread_end;   /* {}: terminates the newest one */
stage_command stage_load;         /* {load, argument, place} */
stage_command stage_ping;         /* {count, place} */
stage_command stage_quit;         /* {} */

/* Does a load elsewhere: sends it to an idle one, or starts one for it. */
void stage_thread_load(struct stage *stage, const struct work *work);
void stage_child_load(struct stage *stage, const struct work *work);

/* Sends `count` pings, one after the other's pong. */
void stage_thread_ping(struct stage *stage, int count);
void stage_child_ping(struct stage *stage, int count);

/* Forks a client that asks `port`. */
void stage_client_start(struct stage *stage, struct stage_client *client,
                        int port, int rate, bool keep_alive);
void stage_client_end(struct stage_client *client);

/* A note on how a load ended: "fib(42) = 267914296, 534 ms on thread 1". */
void stage_note_answer(json_t *answer, const char *where);

#endif
