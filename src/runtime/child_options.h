/*
 * child_options: what a child is given (Node: child_process.spawn(), "options",
 * "options.stdio"). All zero beside `file` is Node's default.
 */
#ifndef RUNTIME_CHILD_OPTIONS_H
#define RUNTIME_CHILD_OPTIONS_H

#include "core/event.h"

#include <sys/types.h>
#include <uv.h>

/* What a descriptor of the child is (Node: "options.stdio"). */
enum child_stdio {
	CHILD_DEFAULT,    /* a pipe for 0 to 2, ignored for others */
	CHILD_PIPE,       /* a UNIX socket to us, both ways from 3 on */
	CHILD_OVERLAPPED, /* the same; only Windows knows the difference */
	CHILD_INHERIT,    /* our descriptor of the same number */
	CHILD_IGNORE,     /* 0 to 2: /dev/null; others: not open */
	CHILD_FD,         /* descriptor `fd` of ours */
	CHILD_STREAM,     /* that of `stream`, which is not read any more */
	CHILD_IPC,        /* the channel; at most one */
};

struct child_descriptor {
	enum child_stdio mode;
	int fd;
	uv_stream_t *stream;
};

struct child_options {
	enum birth how;          /* what the stream says of it; 0: spawned */
	const char *file;        /* looked up in PATH */
	const char *const *args; /* argv with argv[0], NULL at the end; NULL:
	                            the file alone */
	const char *argv0;       /* instead of args[0]; NULL: that */
	const char *shell;       /* runs `shell -c "the words joined"`, quotes
	                            nothing; "/bin/sh" is Node's true */
	const char *const *env;  /* "NAME=value", NULL: this process' own */
	const char *cwd;         /* NULL: this process' own */
	enum child_stdio in, out, err;
	bool channel; /* an IPC channel as descriptor 3 */
	/* Instead of the four above: as many descriptors as there are. */
	const struct child_descriptor *stdio;
	int stdio_count;
	bool detached; /* setsid(2) */
	const uid_t *uid;
	const gid_t *gid;    /* NULL: ours */
	uint64_t timeout_ms; /* then kill_signal; 0: none */
	int kill_signal;     /* 0: SIGTERM */
	size_t max_buffer;   /* bytes kept of each output; 0: none is kept,
	                        `output` is called instead */
	bool aborted;        /* child_abort() right after `spawn` */
	uint64_t zombie_ms;  /* nobody waits for it so long, `exit` comes then:
	                        to look at a zombie. 0: it is reaped at once */
};

#endif
