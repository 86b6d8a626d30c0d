#include "serve.h"
#include "work.h"

#include <stdio.h>
#include <string.h>

/* "/fib/35" is the load fib(35). */
static bool
parse_path(struct work *work, const char *path)
{
	char text[64];
	char *slash;

	snprintf(text, sizeof(text), "%s", path + 1);
	slash = strchr(text, '/');
	if (slash)
		*slash = '(';
	return work_parse_text(work, text);
}

static int
answer(struct http_server *server, const char *path, char *body, size_t room)
{
	struct work work;

	if (strcmp(path, "/ping") == 0) {
		snprintf(body, room, "pong\n");
		return 200;
	}
	if (!parse_path(&work, path)) {
		snprintf(body, room, "no such page\n");
		return 404;
	}
	work_run(&work, server->loop);
	snprintf(body, room, "%s = %s\n", work.label, work.result);
	return 200;
}

void
serve_init(struct http_server *server, struct loop *loop)
{
	memset(server, 0, sizeof(*server));
	server->loop = loop;
	server->answer = answer;
}
