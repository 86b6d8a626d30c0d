/*
 * child_exec: exec, execFile and fork with all their options, and the error
 * that Node's callbacks are given (Node: child_process.exec(), execFile(),
 * fork()).
 */
#ifndef RUNTIME_CHILD_EXEC_H
#define RUNTIME_CHILD_EXEC_H

#include "child.h"

enum { CHILD_MAX_BUFFER = 1 << 20 }; /* Node's usual 1 MiB */

/* Node's error object. */
struct child_failure {
	const char *name;      /* "Error", "RangeError", "AbortError" */
	const char *code_name; /* "ENOENT", "ABORT_ERR", ...; NULL: `code` */
	int code;              /* the exit code; -1: null */
	int signal;            /* 0: null */
	bool killed;
	const char *command; /* the child's */
	char *message;       /* "Command failed: COMMAND\n", and its stderr */
};

/* What went wrong with a child whose output was kept and that is over. 1 and
 * *failure, to be closed; 0: nothing did; -ENOMEM. */
int child_failure_make(const struct child *child,
                       struct child_failure *failure);
void child_failure_close(struct child_failure *failure);

/* What was kept as UTF-8 text, ended by NUL; each piece that is not UTF-8
 * becomes one U+FFFD (Node: encoding 'utf8'; WHATWG "Encoding"). The caller
 * frees it. NULL: no memory. */
char *child_text(const struct child_buffer *buffer);

/* exec: `command` through options->shell, NULL: /bin/sh; file and args of the
 * options are not used. execFile: options->file and args. For both max_buffer
 * 0 means CHILD_MAX_BUFFER. Errors as child_spawn(). */
int child_exec_command(struct child *child, struct loop *loop,
                       const char *command, const struct child_options *options,
                       const struct child_events *events);
int child_exec_file(struct child *child, struct loop *loop,
                    const struct child_options *options,
                    const struct child_events *events);

/* What fork has beside the options of spawn. */
struct child_fork_options {
	const char *exec_path;        /* NULL: this program */
	const char *const *exec_args; /* in front of the module; NULL: none */
	const char *module;           /* a file for exec_path, or a role */
	const char *const *args;      /* behind the module; NULL: none */
	bool silent;                  /* 0 to 2 are piped, not inherited */
};

/* fork: exec_path, exec_args, module, args; 0 to 2 inherited, the channel at
 * 3. Of `options` (NULL: none) file, args, shell and channel are not used; an
 * array `stdio` must have its CHILD_IPC (-EINVAL: Node's
 * ERR_CHILD_PROCESS_IPC_REQUIRED). Errors as child_spawn(). */
int child_fork_module(struct child *child, struct loop *loop,
                      const struct child_fork_options *fork,
                      const struct child_options *options,
                      const struct child_events *events);

#endif
