/*
 * stage: the process that is studied. It does what the explorer says, each
 * command a message over an ordinary IPC channel, {"fork":1} or
 * {"load":"fib(42)","on":"main"}: when the stage's loop is blocked, the command
 * waits.
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
	bool cluster_respawn;
	enum cluster_policy cluster_policy; /* of the next one; 0: usual */
	json_int_t cluster_port;            /* as asked for */
	int cluster_error;                  /* the port cannot be had */
	struct stage_thread *threads;
	struct stage_child *children;
	struct stage_detached *detached;
	int child_ids;
};

/* A command: reads its fields from `message`. */
typedef void stage_command(struct stage *stage, json_t *message);

stage_command stage_serve;      /* {serve: port} */
stage_command stage_ask;        /* {rate} {path}: of the clients */
stage_command stage_spawn;      /* {spawn: command}, no shell */
stage_command stage_exec;       /* {exec: command}, a shell, buffered */
stage_command stage_exec_file;  /* {execFile: command}, buffered */
stage_command stage_fork;       /* {fork: count}: C children */
stage_command stage_leave;      /* {leave: 1}: the newest child's channel */
stage_command stage_detach;     /* {detached: command}, a shell */
stage_command stage_zombie;     /* {zombie: seconds} */
stage_command stage_kill_group; /* {killGroup: 1}: of the newest detached */
stage_command stage_cluster;    /* {cluster: workers, port, with} */
stage_command stage_disconnect; /* {disconnect: "all" or "newest"} */
stage_command stage_reload;     /* {reload: 1}: the workers, one by one */
stage_command stage_respawn;    /* {respawn: "on" or "off"} */
stage_command stage_policy;     /* {policy: "round robin" or "shared"} */
stage_command stage_thread;     /* {thread: count}: worker threads */
stage_command stage_post;       /* {post: MB, how}: "clone" or "transfer" */
stage_command stage_terminate;  /* {terminate: 1}: the newest thread */
stage_command stage_race;       /* {race: "plain", "atomics" or "both"} */
stage_command stage_load;       /* {load: "fib(42)", on: place} */
stage_command stage_ping;       /* {ping: count, to: place} */

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

/* A note on how a load ended: "fib(42) = 267914296, 534 ms on thread 1".
 */
void stage_note_answer(json_t *answer, const char *where);

#endif
