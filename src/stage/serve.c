#include "serve.h"
#include "work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
answer(struct http_server *server, const char *path, char *body, size_t room)
{
	char name[16] = "";
	long argument = 0;
	struct work work;
	json_t *order;
	bool known;
	int fields;

	if (strcmp(path, "/ping") == 0) {
		snprintf(body, room, "pong\n");
		return 200;
	}
	fields = sscanf(path, "/%15[a-z]/%ld", name, &argument);
	order = fields == 2 ? json_pack("{s:s,s:I}", "load", name, "argument",
	                                (json_int_t)argument)
	                    : json_pack("{s:s}", "load", name);
	known = work_parse(&work, order);
	json_decref(order);
	if (!known) {
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
