/*
 * replay: a recording as the source of a session.
 */
#ifndef EXPLORER_REPLAY_H
#define EXPLORER_REPLAY_H

#include "session.h"

struct replay {
	struct trace trace;
	struct event next; /* read, not yet passed on */
	char text[EVENT_TEXT_MAX + 1];
	bool has_next;
	uint64_t first; /* time of the first event */
};

/* Opens the recording and reads its first event. 0, or -errno and a sentence
 * in `error`. */
int replay_open(struct replay *replay, const char *path, char *error,
                size_t room);

/* Passes on what happened in the first `elapsed` ns of the recording. 1: there
 * is more; 0: that was all; -EINVAL: the file is damaged, replay->trace.error
 * says where. */
int replay_until(struct replay *replay, struct session *session,
                 uint64_t elapsed);

/* Passes on all up to the moment --at names, or all there is without it. 0,
 * or a sentence in `error`: -EINVAL, the recording is damaged; -ERANGE, it is
 * over before that moment. */
int replay_seek(struct replay *replay, struct session *session, char *error,
                size_t room);

void replay_close(struct replay *replay);

/* `looptop replay` with --json or --summary; returns the exit status. */
int replay_main(const struct options *options);

#endif
