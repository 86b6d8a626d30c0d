#include "role.h"

#include "core/emit.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

int
role_open(struct role_process *role, const char *title,
          const struct channel_events *events)
{
	struct event named = {.kind = EVENT_PROCESS_TITLE};
	const char *path = getenv(EMIT_ENVIRONMENT);
	int error;

	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_NAME, title);
	if (path)
		(void)emit_open(path, uv_hrtime);
	emit(&named, title);
	error = loop_open(&role->loop, ROLE_MAIN, 0, title);
	if (error)
		return error;
	return channel_open_inherited(&role->channel, &role->loop, events);
}

void
role_run(struct role_process *role)
{
	loop_run(&role->loop);
	loop_close(&role->loop);
	emit_close();
}

void
role_note(int level, const char *format, ...)
{
	struct event note = {.kind = EVENT_NOTE, .number = (uint64_t)level};
	char text[EVENT_TEXT_MAX];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	emit(&note, text);
}
