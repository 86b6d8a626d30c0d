/*
 * role: what every process of looptop-stage begins with: the stream, a loop,
 * the channel to its parent, a title.
 */
#ifndef STAGE_ROLE_H
#define STAGE_ROLE_H

#include "runtime/channel.h"

struct role_process {
	struct loop loop;
	struct channel channel;
};

/* Opens them. `title` is what the panes call the process. 0 or -errno; a
 * process without a channel to a parent has nothing to do here (-ENOENT). */
int role_open(struct role_process *role, const char *title,
              const struct channel_events *events);

/* Runs the loop to its end and closes it. */
void role_run(struct role_process *role);

/* The roles: each takes its arguments behind argv[1], which names it, and
 * returns the exit code. */
int stage_main(int argc, char **argv);
int child_main(int argc, char **argv);
int cluster_worker_main(int argc, char **argv);
int client_main(int argc, char **argv);
int compare_main(int argc, char **argv);
int compare_worker_main(int argc, char **argv);

/* Sends a note for the user to see. */
void role_note(int level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
