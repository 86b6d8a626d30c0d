#include "replay.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int
replay_open(struct replay *replay, const char *path, char *error, size_t room)
{
	int code;

	memset(replay, 0, sizeof(*replay));
	code = trace_open(&replay->trace, path);
	if (!code)
		code = trace_next(&replay->trace, &replay->next, replay->text);
	if (code < 0) {
		snprintf(error, room, "%s: %s.", path,
		         replay->trace.error[0] ? replay->trace.error
		                                : strerror(-code));
		replay_close(replay);
		return code;
	}
	replay->has_next = code == 1;
	replay->first = replay->next.time;
	return 0;
}

int
replay_until(struct replay *replay, struct session *session, uint64_t elapsed)
{
	while (replay->has_next &&
	       (replay->next.time <= replay->first ||
	        replay->next.time - replay->first <= elapsed)) {
		int code;

		stream_event(&session->stream, &replay->next, replay->text);
		code = trace_next(&replay->trace, &replay->next, replay->text);
		if (code < 0)
			return code;
		replay->has_next = code == 1;
	}
	return replay->has_next;
}

int
replay_seek(struct replay *replay, struct session *session, char *error,
            size_t room)
{
	uint64_t at = session->options->at_ns;
	int more = replay_until(replay, session, at ? at : UINT64_MAX);

	if (more < 0) {
		snprintf(error, room, "%s: %s.", session->options->file,
		         replay->trace.error);
		return more;
	}
	if (!at || more || session->model.now >= replay->first + at)
		return 0;
	snprintf(error, room,
	         "--at: %s is over after %.2f s. Give an earlier moment.",
	         session->options->file,
	         (double)(session->model.now - replay->first) / 1e9);
	return -ERANGE;
}

void
replay_close(struct replay *replay)
{
	trace_close(&replay->trace);
}

static void
put_summary(struct session *session)
{
	struct own_cost cost = session_cost(session);

	if (session->options->mode == OUTPUT_JSON)
		summary_json(session->json.file, &session->model, &cost);
	else
		summary_table(session->json.file, &session->model, &cost);
}

int
replay_main(const struct options *options)
{
	static const struct session_front front;
	static struct session session;
	struct replay replay;
	char error[512];
	int code;

	if (replay_open(&replay, options->file, error, sizeof(error))) {
		fprintf(stderr, "looptop: %s\n", error);
		return EXIT_LOOPTOP;
	}
	if (session_open_replay(&session, options, &front, NULL, error,
	                        sizeof(error))) {
		fprintf(stderr, "looptop: %s\n", error);
		return EXIT_LOOPTOP;
	}
	code = replay_seek(&replay, &session, error, sizeof(error));
	/* A table of another moment is not what was asked for. */
	if (code != -ERANGE)
		put_summary(&session);
	if (code < 0)
		fprintf(stderr, "looptop: %s\n", error);
	replay_close(&replay);
	if (session_close(&session) || code < 0)
		return EXIT_LOOPTOP;
	return 0;
}
