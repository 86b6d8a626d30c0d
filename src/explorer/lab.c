#include "lab.h"

#include "core/emit.h"
#include "load/load.h"

#include <stdlib.h>
#include <unistd.h>

void
lab_setup(struct ui_setup *setup)
{
	setup->lab = true;
	for (size_t i = 0; i < load_count && i < UI_LOADS; i++) {
		setup->loads[i].name = loads[i].name;
		setup->loads[i].unit = loads[i].unit;
		setup->loads[i].help = loads[i].help;
		setup->loads[i].argument = loads[i].argument;
		setup->load_count = (int)i + 1;
	}
}

void
lab_announce(void)
{
	struct event born = {
	    .kind = EVENT_PROCESS_BORN,
	    .other_pid = (uint32_t)getppid(),
	};
	struct event titled = {.kind = EVENT_PROCESS_TITLE};

	emit(&born, "looptop");
	emit(&titled, "looptop");
}

void
lab_begin(struct session *session)
{
	session_command(session,
	                json_pack("{s:i}", "serve", session->options->port));
}

int
lab_command(struct session *session, const struct command *command)
{
	json_t *message = json_object();

	for (int i = 0; i < command->field_count; i++) {
		const struct command_field *field = &command->fields[i];

		json_object_set_new(
		    message, field->name,
		    field->is_number
			? json_integer(strtoll(field->value, NULL, 10))
			: json_string(field->value));
	}
	return session_command(session, message);
}
