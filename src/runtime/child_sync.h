/*
 * child_sync: a child that the calling thread waits for, and nothing else gets
 * done meanwhile (Node: child_process.spawnSync(); execFileSync(), execSync()
 * are this and child_failure_make_sync()).
 */
#ifndef RUNTIME_CHILD_SYNC_H
#define RUNTIME_CHILD_SYNC_H

#include "child_exec.h"

struct child_result {
	int pid;    /* 0: could not be started */
	int status; /* exit code; -1: null */
	int signal; /* 0: null */
	/* -errno: could not be started; -ETIMEDOUT; -ENOBUFS; -EPIPE: it did
	 * not read all of its input. It may have a status beside that. */
	int error;
	struct child_buffer out, err; /* of the caller, child_result_close() */
};

/* Runs a child to its end, on a loop of its own. `input` of `size` bytes is
 * its stdin, NULL: that is empty. Of the options `aborted` is not used; a
 * channel is refused (Node: ERR_IPC_SYNC_FORK). max_buffer counts both outputs
 * together and does not cut; 0: CHILD_MAX_BUFFER. The stream hears of a span
 * of `loop`, the caller's (NULL: of none).
 *
 * 0, whatever became of it: see the result. -EINVAL, and then there is no
 * result: nothing was run. The process must ignore SIGPIPE. */
int child_run_sync(struct loop *loop, const struct child_options *options,
                   const char *input, size_t size, struct child_result *result);
void child_result_close(struct child_result *result);

/* What execFileSync and execSync throw: 1 and *failure, to be closed with
 * child_failure_close(); 0: it went well; -ENOMEM. `command` is borrowed. */
int child_failure_make_sync(const struct child_result *result,
                            const char *command, struct child_failure *failure);

#endif
