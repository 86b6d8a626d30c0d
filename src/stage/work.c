#include "work.h"

#include <stdio.h>
#include <string.h>

bool
work_parse_text(struct work *work, const char *text)
{
	char name[16];
	long argument;
	int fields = sscanf(text, "%15[a-z](%ld)", name, &argument);

	memset(work, 0, sizeof(*work));
	work->load = fields >= 1 ? load_find(name) : NULL;
	if (!work->load)
		return false;
	work->argument = fields == 2 ? argument : work->load->argument;
	if (work->argument < work->load->least)
		work->argument = work->load->least;
	if (work->argument > work->load->most)
		work->argument = work->load->most;
	load_label(work->load, work->argument, work->label,
	           sizeof(work->label));
	return true;
}

bool
work_parse(struct work *work, json_t *message)
{
	const char *text = json_string_value(json_object_get(message, "load"));

	return work_parse_text(work, text ? text : "");
}

void
work_run(struct work *work, struct loop *loop)
{
	uint64_t begin = uv_hrtime();

	load_watch(loop ? loop->stop : NULL);
	if (loop)
		loop_span_begin(loop, work->label);
	work->load->run(work->argument, work->result, sizeof(work->result));
	if (loop)
		loop_span_end(loop, work->label);
	work->ms = (double)(uv_hrtime() - begin) / 1e6;
}

json_t *
work_order(const struct work *work)
{
	return json_pack("{s:s}", "load", work->label);
}

json_t *
work_answer(const struct work *work)
{
	char done[sizeof(work->label) + sizeof(work->result) + 4];

	snprintf(done, sizeof(done), "%s = %s", work->label, work->result);
	return json_pack("{s:s,s:I}", "done", done, "ms",
	                 (json_int_t)(work->ms + 0.5));
}

json_t *
work_reply(json_t *message, struct loop *loop)
{
	json_t *ping = json_object_get(message, "ping");
	struct work work;

	if (json_is_integer(ping))
		return json_pack("{s:O}", "pong", ping);
	if (!work_parse(&work, message))
		return NULL;
	work_run(&work, loop);
	return work_answer(&work);
}

static void
on_scope_message(struct worker_scope *scope, struct message *order)
{
	json_t *message =
	    json_loadb(order->bytes, order->size, JSON_DECODE_ANY, NULL);
	json_t *reply = message ? work_reply(message, &scope->loop) : NULL;
	char text[256];
	size_t length;

	if (reply) {
		length = json_dumpb(reply, text, sizeof(text), JSON_COMPACT);
		if (length <= sizeof(text))
			worker_scope_post(scope, text, length);
	}
	json_decref(reply);
	json_decref(message);
}

const struct worker_script work_script = {.message = on_scope_message};
