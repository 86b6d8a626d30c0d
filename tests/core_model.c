/* The model as a whole: its clock, its rings of words, and that it is plain
 * data which a copy keeps. */
#include "test.h"

#include "core/model.h"

#include <string.h>

enum { MS = 1000000, PID = 10 };

static bool
tell(struct model *model, struct event event, const char *text)
{
	event.magic = EVENT_MAGIC;
	event.text = (uint16_t)strlen(text);
	event.pid = PID;
	event.tid = PID;
	return model_apply(model, &event, text);
}

static int
set_up(void **state)
{
	static struct model model;

	model_init(&model);
	*state = &model;
	return 0;
}

/* ---- its clock ---- */

static void
time_is_that_of_the_latest_event(void **state)
{
	struct model *model = *state;

	assert_int_equal(model->start, 0);
	assert_int_equal(model->now, 0);
	tell(model, (struct event){.kind = EVENT_NOTE, .time = 500}, "");
	assert_int_equal(model->start, 500);
	assert_int_equal(model->now, 500);
	tell(model, (struct event){.kind = EVENT_NOTE, .time = 900}, "");
	tell(model, (struct event){.kind = EVENT_NOTE, .time = 400}, "");
	assert_int_equal(model->start, 500);
	assert_int_equal(model->now, 900);
	model_tick(model, 1000);
	assert_int_equal(model->now, 1000);
	model_tick(model, 950);
	assert_int_equal(model->now, 1000);
}

static void
every_event_makes_a_new_version(void **state)
{
	struct event event = {.magic = EVENT_MAGIC, .kind = EVENT_NOTE};
	struct model *model = *state;

	for (uint64_t i = 1; i <= 5; i++) {
		uint64_t version = model->version;

		assert_true(model_put(model, &event, ""));
		assert_int_not_equal(model->version, version);
		assert_int_equal(model->totals.events, i);
	}
}

static void
all_that_was_lost_is_counted(void **state)
{
	struct model *model = *state;

	tell(model, (struct event){.kind = EVENT_LOST, .number = 5}, "");
	tell(model, (struct event){.kind = EVENT_LOST, .number = 37}, "");
	assert_int_equal(model->totals.lost, 42);
}

/* ---- words ---- */

static void
the_newest_notes_are_kept(void **state)
{
	struct model *model = *state;

	for (uint64_t i = 1; i <= NOTES_KEPT + 1; i++) {
		char text[24];

		snprintf(text, sizeof(text), "note\t%d", (int)i);
		tell(model,
		     (struct event){
			 .kind = EVENT_NOTE, .time = i, .number = i % NOTES},
		     text);
	}
	assert_int_equal(model->note_count, NOTES_KEPT + 1);
	assert_int_equal(model->notes[0].time, NOTES_KEPT + 1);
	assert_int_equal(model->notes[1].time, 2);
	assert_int_equal(model->notes[1].level, 2 % NOTES);
	assert_string_equal(model->notes[1].text, "note 2");
}

static void
a_note_of_no_level_is_an_information(void **state)
{
	struct model *model = *state;

	tell(model, (struct event){.kind = EVENT_NOTE, .number = NOTES}, "x");
	assert_int_equal(model->notes[0].level, NOTE_INFO);
}

static void
the_newest_lines_are_kept(void **state)
{
	struct model *model = *state;

	for (uint64_t i = 1; i <= OUTPUT_LINES + 1; i++)
		tell(model,
		     (struct event){.kind = i % 2 ? EVENT_STDOUT : EVENT_STDERR,
		                    .time = i},
		     i % 2 ? "odd" : "even");
	assert_int_equal(model->line_count, OUTPUT_LINES + 1);
	assert_int_equal(model->lines[0].time, OUTPUT_LINES + 1);
	assert_int_equal(model->lines[0].pid, PID);
	assert_false(model->lines[0].is_stderr);
	assert_string_equal(model->lines[0].text, "odd");
	assert_true(model->lines[1].is_stderr);
	assert_string_equal(model->lines[1].text, "even");
}

static void
a_line_is_cut_and_made_fit_for_a_screen(void **state)
{
	struct model *model = *state;
	char text[EVENT_TEXT_MAX + 1];

	memset(text, 'x', sizeof(text));
	text[EVENT_TEXT_MAX] = '\0';
	tell(model, (struct event){.kind = EVENT_STDOUT}, text);
	assert_int_equal(strlen(model->lines[0].text), LINE_BYTES - 1);
	tell(model, (struct event){.kind = EVENT_STDOUT}, "\033[31mred\xff");
	assert_string_equal(model->lines[1].text, " [31mred\xef\xbf\xbd");
}

/* ---- a copy is a keyframe ---- */

/* A little of everything, as step `i` of a story. */
static void
live(struct model *model, uint64_t i)
{
	static const enum event_kind kinds[] = {
	    EVENT_PROCESS_BORN, EVENT_PROCESS_TITLE, EVENT_THREAD_BORN,
	    EVENT_CHANNEL_BORN, EVENT_MESSAGE_SEND,  EVENT_SPAN_BEGIN,
	    EVENT_SPAN_END,     EVENT_LOOP_TURNS,    EVENT_MESSAGE_RECV,
	    EVENT_STDOUT,       EVENT_NOTE,          EVENT_PROCESS_DIED,
	};

	tell(model,
	     (struct event){.kind = (uint8_t)kinds[i % 12],
	                    .time = i * 3 * MS,
	                    .channel = 2,
	                    .number = i / 12,
	                    .value = 2 * MS},
	     "words");
	model_tick(model, i * 3 * MS + 1);
}

static void
a_copy_is_a_model_of_its_own(void **state)
{
	static struct model copy, again;
	struct model *model = *state;

	for (uint64_t i = 1; i < 50; i++)
		live(model, i);
	copy = *model;
	again = *model;
	for (uint64_t i = 50; i < 100; i++)
		live(model, i);
	assert_memory_equal(&copy, &again, sizeof(copy));
	assert_memory_not_equal(&copy, model, sizeof(copy));
	/* From the keyframe on the same story ends the same. */
	for (uint64_t i = 50; i < 100; i++)
		live(&copy, i);
	assert_memory_equal(&copy, model, sizeof(copy));
}

static void
a_model_knows_nothing_of_where_it_lies(void **state)
{
	static struct model other;
	struct model *model = *state;

	model_init(&other);
	for (uint64_t i = 1; i < 100; i++) {
		live(model, i);
		live(&other, i);
	}
	assert_memory_equal(&other, model, sizeof(other));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
	const struct CMUnitTest tests[] = {
	    TEST(time_is_that_of_the_latest_event),
	    TEST(every_event_makes_a_new_version),
	    TEST(all_that_was_lost_is_counted),
	    TEST(the_newest_notes_are_kept),
	    TEST(a_note_of_no_level_is_an_information),
	    TEST(the_newest_lines_are_kept),
	    TEST(a_line_is_cut_and_made_fit_for_a_screen),
	    TEST(a_copy_is_a_model_of_its_own),
	    TEST(a_model_knows_nothing_of_where_it_lies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
