/*
 * session: one watch, from start to end: the sources, the stream, the sinks,
 * and the program below the guard. What it shows it on is the front's: the
 * screen or a file.
 *
 * The explorer's loop is a libuv loop that never runs user work and never
 * waits for the stage.
 */
#ifndef EXPLORER_SESSION_H
#define EXPLORER_SESSION_H

#include "agent_setup.h"
#include "guard.h"
#include "options.h"

#include "core/blocks.h"
#include "core/fifo.h"
#include "core/model.h"
#include "core/stream.h"
#include "core/trace.h"
#include "observe/observe.h"
#include "report/json.h"
#include "report/summary.h"
#include "runtime/channel.h"
#include "runtime/lines.h"

enum { EXIT_LOOPTOP = 125, EXIT_NO_EXEC = 126, EXIT_NO_FILE = 127 };

struct session;

/* Called on the explorer's loop; any of them may be NULL. */
struct session_front {
	/* Hears every event before the model takes it. */
	void (*heard)(struct session *session, const struct event *event,
	              const char *text);
	/* The program runs; it could not be started (-errno); it ended, with
	 * a wait status; nothing of it is left and another may start. */
	void (*started)(struct session *session);
	void (*failed)(struct session *session, int error);
	void (*ended)(struct session *session, int status);
	void (*alone)(struct session *session);
	/* Something new may be in the model; at each look. */
	void (*sampled)(struct session *session);
};

/* A pipe that the program writes into and we read. */
struct session_pipe {
	uv_pipe_t uv;
	struct session *session;
	struct lines lines;
	int write_end; /* for the program, until it is started; -1 */
	int echo;      /* descriptor that gets a copy; -1: none */
	bool open;
};

struct session {
	const struct options *options;
	const struct session_front *front;
	void *front_data;

	struct loop loop;
	struct fifo fifo;
	off_t rest_at; /* so far is its rest read */
	struct stream stream;
	struct model model;
	struct blocks blocks;
	struct observe *observe;
	bool observing; /* what comes now is the observer's own */
	struct trace record;
	struct json_lines json;
	uint64_t opened; /* ns */

	struct agent agent; /* in the Node programs of `looptop run` */
	struct guard guard;
	pid_t program; /* 0: none runs */
	bool has_program, ending, is_stage;
	int handles; /* open ones that are the program's */
	int status;  /* of the program, once it ended */
	struct session_pipe out, err;
	struct channel channel; /* to the stage */
	bool has_channel;

	bool beats;           /* frames look too */
	uint64_t looked;      /* when it last was, ns */
	size_t taken;         /* bytes of the stream since */
	uint64_t alert_until; /* a flood may come, ns */

	uv_poll_t fifo_poll, deaths_poll, guard_poll;
	bool guard_polls;
	uv_timer_t sample_timer, end_timer, rest_timer;
	uv_prepare_t before_poll;
};

/* Opens the stream, the observer and the sinks that the options ask for. Call
 * it before curses or any thread. 0, or -errno and a sentence in `error`. */
int session_open(struct session *session, const struct options *options,
                 const struct session_front *front, void *front_data,
                 char *error, size_t room);

/* Opens only the loop, the stream, the model and the printer: for a
 * recording. Such a session has no observer, no FIFO and no program. */
int session_open_replay(struct session *session, const struct options *options,
                        const struct session_front *front, void *front_data,
                        char *error, size_t room);

/* Starts the program of `looptop run`, or a stage. -EBUSY: not before `alone`.
 * -ENOENT: the stage's program is not where it should be (stage_path.h). */
int session_run(struct session *session);
int session_start_stage(struct session *session);

/* Watches a process that runs already, that was started at `start` (0:
 * whenever) and not another with its pid. -ESRCH: there is none. */
int session_attach(struct session *session, pid_t pid, uint64_t start);

/* Tells the stage to do something; takes over `message`. -EPIPE: there is no
 * stage. */
int session_command(struct session *session, json_t *message);

/* Ends the program, if it runs, and all it started: SIGTERM, after two seconds
 * SIGKILL; `alone` follows. */
void session_end(struct session *session);

/* Begins to read the stream and to look on the session's loop; reads what lies
 * in the FIFO by now, so much a call, and returns the bytes. */
void session_listen(struct session *session);
size_t session_read(struct session *session);

/* A frame is due: reads and looks now. From the first on the session leaves to
 * frames what need not be done more often. */
void session_beat(struct session *session, uint64_t now);

/* Much may come soon. */
void session_alert(struct session *session);

/* Looks once more and takes everything that still lies in the FIFO. */
void session_drain(struct session *session);

/* Closes everything, ends what still runs. 0, or -errno when the recording
 * could not be kept. */
int session_close(struct session *session);

/* What looptop itself has cost so far. */
struct own_cost session_cost(const struct session *session);

uint64_t session_now(void);

#endif
