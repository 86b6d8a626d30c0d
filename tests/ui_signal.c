/* The list of signals, and the group that is shown before it is reached. */
#include "hands.h"

#include <signal.h>

/* Three in the group of the stage; looptop is in that of the client. */
static bool
find_group(uint32_t pid, struct ui_group *group)
{
	*group = (struct ui_group){
	    .id = pid,
	    .count = 3,
	    .pids = {pid, pid == WORLD_CLIENT ? WORLD_LOOPTOP : WORLD_CLIENT,
	             9999},
	};
	return true;
}

/* More than can be shown. */
static bool
find_many(uint32_t pid, struct ui_group *group)
{
	find_group(pid, group);
	group->count = UI_GROUP + 1;
	return true;
}

static bool
is_listed(const struct hands *hands, const char *text)
{
	for (int i = 0; i < hands->ui.popup.count; i++)
		if (strstr(hands->ui.popup.items[i].text, text))
			return true;
	return false;
}

static void
a_group_is_shown_before_it_is_signalled(void **state)
{
	struct hands *hands = *state;

	hands->ui.setup.find_group = find_group;
	hands_draw(hands);
	hands_press(hands, "1 j K");
	assert_true(is_listed(hands, "all of its group 4101: 3 processes..."));
	hands_press(hands, "g");
	assert_int_equal(hands->command.kind, COMMAND_NONE);
	assert_string_equal(hands->ui.popup.title,
	                    "Signal all 3 of group 4101");
	assert_true(is_listed(hands, "4101  stage"));
	assert_true(is_listed(hands, "4102  client"));
	assert_true(is_listed(hands, "9999  not watched"));
	/* A process is no answer: the list stays. */
	hands_press(hands, "Up Enter");
	assert_int_equal(hands->ui.mode, UI_SIGNAL_GROUP);
	hands_press(hands, "t");
	assert_int_equal(hands->command.kind, COMMAND_SIGNAL);
	assert_int_equal(hands->command.group, 4101);
	assert_int_equal(hands->command.signal, SIGTERM);
	/* To one alone it is as before. */
	hands_press(hands, "K t");
	assert_int_equal(hands->command.group, 0);
	assert_int_equal(hands->command.pid, WORLD_STAGE);
}

static void
the_group_that_looptop_is_in_is_not_offered(void **state)
{
	struct hands *hands = *state;

	hands->ui.setup.find_group = find_group;
	hands_draw(hands);
	hands_press(hands, "1 j j K");
	assert_string_equal(hands->ui.popup.title, "Signal client, pid 4102");
	assert_false(is_listed(hands, "group"));
}

static void
nor_one_that_cannot_be_shown_whole(void **state)
{
	struct hands *hands = *state;

	hands->ui.setup.find_group = find_many;
	hands_draw(hands);
	hands_press(hands, "1 j K");
	assert_false(is_listed(hands, "group"));
	hands_press(hands, "Esc");
	hands->ui.setup.find_group = NULL;
	hands_press(hands, "K");
	assert_false(is_listed(hands, "group"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    with_hands(a_group_is_shown_before_it_is_signalled),
	    with_hands(the_group_that_looptop_is_in_is_not_offered),
	    with_hands(nor_one_that_cannot_be_shown_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
