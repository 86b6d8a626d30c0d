#include "work.h"

#include <string.h>

bool
work_parse(struct work *work, json_t *message)
{
	const char *name = json_string_value(json_object_get(message, "load"));
	json_t *argument = json_object_get(message, "argument");

	memset(work, 0, sizeof(*work));
	work->load = name ? load_find(name) : NULL;
	if (!work->load)
		return false;
	work->argument = json_is_integer(argument)
	                         ? (long)json_integer_value(argument)
	                         : work->load->argument;
	if (work->argument < work->load->least)
		work->argument = work->load->least;
	if (work->argument > work->load->most)
		work->argument = work->load->most;
	load_label(work->load, work->argument, work->label,
	           sizeof(work->label));
	return true;
}

void
work_run(struct work *work, struct loop *loop)
{
	uint64_t begin = uv_hrtime();

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
	return json_pack("{s:s,s:I}", "load", work->load->name, "argument",
	                 (json_int_t)work->argument);
}

json_t *
work_answer(const struct work *work)
{
	return json_pack("{s:s,s:s,s:I}", "done", work->label, "result",
	                 work->result, "ms", (json_int_t)(work->ms + 0.5));
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
