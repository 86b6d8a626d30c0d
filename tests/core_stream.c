/* Bytes, cut anywhere and partly damaged, become events for the sinks. */
#include "test.h"

#include "core/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { HEARD = 16, BYTES = 8 * EVENT_RECORD_MAX };

struct heard {
	struct event events[HEARD];
	char texts[HEARD][EVENT_TEXT_MAX + 1];
	int count;
	bool refuses; /* says that nothing is news */
};

struct bytes {
	char data[BYTES];
	size_t size;
};

struct world {
	struct stream stream;
	struct heard heard, behind;
	struct bytes bytes;
};

static bool
hear(void *data, const struct event *event, const char *text)
{
	struct heard *heard = data;

	assert_true(heard->count < HEARD);
	assert_int_equal(text[event->text], '\0');
	heard->events[heard->count] = *event;
	memcpy(heard->texts[heard->count], text, event->text + 1u);
	heard->count++;
	return !heard->refuses;
}

static int
set_up(void **state)
{
	static struct world world;

	memset(&world, 0, sizeof(world));
	stream_init(&world.stream);
	stream_add(&world.stream, hear, &world.heard);
	*state = &world;
	return 0;
}

static void
add_bytes(struct bytes *bytes, const void *data, size_t size)
{
	assert_true(bytes->size + size <= BYTES);
	memcpy(bytes->data + bytes->size, data, size);
	bytes->size += size;
}

static void
add_record(struct bytes *bytes, struct event event, const char *text)
{
	static const char padding[8] = "padding";
	size_t size = strlen(text);

	event.magic = EVENT_MAGIC;
	event.text = (uint16_t)size;
	add_bytes(bytes, &event, sizeof(event));
	add_bytes(bytes, text, size);
	add_bytes(bytes, padding, event_record_size(size) - EVENT_HEAD - size);
}

static void
add_numbered(struct bytes *bytes, uint64_t number, const char *text)
{
	add_record(bytes,
	           (struct event){.kind = EVENT_STDOUT,
	                          .time = 1000 + number,
	                          .pid = 7,
	                          .number = number},
	           text);
}

/* Texts that need all of the padding, some, and none. */
static void
add_three(struct bytes *bytes)
{
	add_numbered(bytes, 1, "");
	add_numbered(bytes, 2, "hello");
	add_numbered(bytes, 3, "eightfit");
}

static void
assert_three(const struct world *world)
{
	static const char *const texts[] = {"", "hello", "eightfit"};

	assert_int_equal(world->heard.count, 3);
	for (int i = 0; i < 3; i++) {
		const struct event *event = &world->heard.events[i];

		assert_int_equal(event->number, i + 1);
		assert_int_equal(event->time, 1001 + i);
		assert_int_equal(event->kind, EVENT_STDOUT);
		assert_int_equal(event->pid, 7);
		assert_int_equal(event->text, strlen(texts[i]));
		assert_string_equal(world->heard.texts[i], texts[i]);
	}
	assert_int_equal(world->stream.position, 3);
	assert_int_equal(world->stream.damaged, 0);
	assert_int_equal(world->stream.lost, 0);
	assert_int_equal(world->stream.held, 0);
}

/* ---- cut anywhere ---- */

static void
joins_records_cut_at_any_byte(void **state)
{
	struct world *world = *state;
	struct bytes bytes = {.size = 0};

	add_three(&bytes);
	for (size_t cut = 0; cut <= bytes.size; cut++) {
		set_up(state);
		stream_feed(&world->stream, bytes.data, cut);
		stream_feed(&world->stream, bytes.data + cut, bytes.size - cut);
		assert_three(world);
	}
}

static void
joins_records_that_come_byte_by_byte(void **state)
{
	struct world *world = *state;

	add_three(&world->bytes);
	for (size_t i = 0; i < world->bytes.size; i++)
		stream_feed(&world->stream, world->bytes.data + i, 1);
	assert_three(world);
}

static void
waits_for_the_padding_too(void **state)
{
	struct world *world = *state;

	add_numbered(&world->bytes, 1, "x");
	stream_feed(&world->stream, world->bytes.data, world->bytes.size - 1);
	assert_int_equal(world->heard.count, 0);
	stream_feed(&world->stream, "", 1);
	assert_int_equal(world->heard.count, 1);
	assert_string_equal(world->heard.texts[0], "x");
}

static void
passes_texts_of_every_length(void **state)
{
	char text[EVENT_TEXT_MAX + 1] = "";

	for (size_t size = 0; size <= EVENT_TEXT_MAX; size++) {
		struct world *world = *state;

		set_up(state);
		memset(text, 'a' + (int)(size % 26), size);
		add_numbered(&world->bytes, 1, text);
		add_numbered(&world->bytes, 2, "next");
		stream_feed(&world->stream, world->bytes.data,
		            world->bytes.size);
		assert_int_equal(world->heard.count, 2);
		assert_int_equal(world->heard.events[0].text, size);
		assert_string_equal(world->heard.texts[0], text);
		assert_string_equal(world->heard.texts[1], "next");
	}
}

/* ---- descriptors ---- */

static void
reads_what_a_descriptor_has(void **state)
{
	struct world *world = *state;
	int ends[2];

	add_three(&world->bytes);
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	assert_int_equal(stream_read(&world->stream, ends[0]), -EAGAIN);
	assert_int_equal(write(ends[1], world->bytes.data, world->bytes.size),
	                 world->bytes.size);
	assert_int_equal(stream_read(&world->stream, ends[0]),
	                 world->bytes.size);
	assert_three(world);
	close(ends[1]);
	assert_int_equal(stream_read(&world->stream, ends[0]), 0);
	close(ends[0]);
	assert_int_equal(stream_read(&world->stream, -1), -EBADF);
}

static bool
count_up(void *data, const struct event *event, const char *text)
{
	uint64_t *count = data;

	assert_int_equal(event->number, *count);
	assert_int_equal(event->text, *count % (EVENT_TEXT_MAX + 1));
	assert_int_equal(strlen(text), event->text);
	++*count;
	return true;
}

/* Writes records of growing size to `fd`; returns how many bytes. */
static size_t
write_many(int fd, uint64_t records)
{
	static struct bytes bytes;
	char text[EVENT_TEXT_MAX + 1];
	size_t sum = 0;

	for (uint64_t i = 0; i < records; i++) {
		size_t size = i % (EVENT_TEXT_MAX + 1);

		memset(text, 't', size);
		text[size] = '\0';
		bytes.size = 0;
		add_numbered(&bytes, i, text);
		assert_int_equal(write(fd, bytes.data, bytes.size), bytes.size);
		sum += bytes.size;
	}
	return sum;
}

/* Others append to it: half a record is not there yet. */
static void
reads_a_file_that_grows(void **state)
{
	struct world *world = *state;
	int fd = memfd_create("rest", MFD_CLOEXEC);
	size_t half;
	off_t at = 0;

	assert_int_equal(stream_read_file(&world->stream, fd, &at), 0);
	add_three(&world->bytes);
	half = world->bytes.size - 8;
	assert_int_equal(write(fd, world->bytes.data, half), half);
	assert_true(stream_read_file(&world->stream, fd, &at) > 0);
	assert_true(at > 0 && (size_t)at < half);
	assert_int_equal(world->heard.count, 2);
	assert_int_equal(stream_read_file(&world->stream, fd, &at), 0);
	assert_int_equal(write(fd, world->bytes.data + half, 8), 8);
	assert_true(stream_read_file(&world->stream, fd, &at) > 0);
	assert_three(world);
	assert_int_equal(at, world->bytes.size);
	assert_int_equal(world->stream.held, 0);
	close(fd);
	assert_int_equal(stream_read_file(&world->stream, fd, &at), -EBADF);
}

/* More than the buffer holds, so that records lie across its end. */
static void
reads_more_than_its_buffer_holds(void **state)
{
	enum { RECORDS = 3 * STREAM_BUFFER / (EVENT_RECORD_MAX / 2) };
	struct world *world = *state;
	int fd = memfd_create("records", MFD_CLOEXEC);
	uint64_t count = 0;
	size_t size, sum = 0;
	ssize_t got;

	stream_init(&world->stream);
	stream_add(&world->stream, count_up, &count);
	size = write_many(fd, RECORDS);
	assert_true(size > 2 * STREAM_BUFFER);
	lseek(fd, 0, SEEK_SET);
	while ((got = stream_read(&world->stream, fd)) > 0) {
		sum += (size_t)got;
		assert_true(world->stream.held < EVENT_RECORD_MAX);
	}
	assert_int_equal(got, 0);
	assert_int_equal(sum, size);
	assert_int_equal(count, RECORDS);
	assert_int_equal(world->stream.held, 0);
	assert_int_equal(world->stream.damaged, 0);
	close(fd);
}

static void
takes_more_than_its_buffer_holds_at_once(void **state)
{
	enum { RECORDS = 2 * STREAM_BUFFER / EVENT_RECORD_MAX + 1 };
	static char all[RECORDS * EVENT_RECORD_MAX];
	struct world *world = *state;
	struct event event = {.magic = EVENT_MAGIC, .text = EVENT_TEXT_MAX};

	for (uint64_t i = 0; i < RECORDS; i++) {
		char *place = all + i * EVENT_RECORD_MAX;

		memcpy(place, &event, EVENT_HEAD);
		memset(place + EVENT_HEAD, 'm', EVENT_TEXT_MAX);
	}
	stream_init(&world->stream);
	stream_feed(&world->stream, all, sizeof(all));
	assert_int_equal(world->stream.position, RECORDS);
	assert_int_equal(world->stream.held, 0);
}

/* ---- damage ---- */

static void
skips_and_counts_bytes_that_are_no_record(void **state)
{
	static const char rubbish[] = "hello, FIFO\n\xe7\xe7\xff";
	size_t size = sizeof(rubbish) - 1;
	struct world *world = *state;

	add_bytes(&world->bytes, rubbish, size);
	add_numbered(&world->bytes, 1, "one");
	add_bytes(&world->bytes, rubbish, size);
	add_numbered(&world->bytes, 2, "two");
	add_numbered(&world->bytes, 3, "three");
	stream_feed(&world->stream, world->bytes.data, world->bytes.size);
	assert_int_equal(world->heard.count, 3);
	assert_string_equal(world->heard.texts[0], "one");
	assert_string_equal(world->heard.texts[1], "two");
	assert_string_equal(world->heard.texts[2], "three");
	assert_int_equal(world->stream.damaged, 2 * size);
}

static void
takes_no_head_that_lies(void **state)
{
	struct event magic = {.magic = EVENT_MAGIC + 1};
	struct event kind = {.magic = EVENT_MAGIC, .kind = EVENT_KINDS};
	struct event text = {.magic = EVENT_MAGIC, .text = EVENT_TEXT_MAX + 1};
	struct world *world = *state;

	add_bytes(&world->bytes, &magic, EVENT_HEAD);
	add_bytes(&world->bytes, &kind, EVENT_HEAD);
	add_bytes(&world->bytes, &text, EVENT_HEAD);
	add_numbered(&world->bytes, 1, "true");
	stream_feed(&world->stream, world->bytes.data, world->bytes.size);
	assert_int_equal(world->heard.count, 1);
	assert_string_equal(world->heard.texts[0], "true");
	assert_int_equal(world->stream.damaged, 3 * EVENT_HEAD);
}

/* Whatever a byte turns into: what stood before it arrives, and each byte is
 * in a record, counted as damaged, or still held. */
static void
accounts_for_every_byte_whichever_is_damaged(void **state)
{
	static const unsigned char flips[] = {0x01, 0x18, 0x80, 0xff};
	struct world *world = *state;
	struct bytes bytes = {.size = 0};

	add_three(&bytes);
	for (size_t i = 0; i < bytes.size * sizeof(flips); i++) {
		unsigned char flip = flips[i % sizeof(flips)];
		size_t at = i / sizeof(flips), sum;

		set_up(state);
		bytes.data[at] ^= (char)flip;
		stream_feed(&world->stream, bytes.data, bytes.size);
		bytes.data[at] ^= (char)flip;
		sum = world->stream.damaged + world->stream.held;
		for (int e = 0; e < world->heard.count; e++)
			if (world->heard.events[e].kind != EVENT_LOST)
				sum += event_record_size(
				    world->heard.events[e].text);
		assert_int_equal(sum, bytes.size);
		if (at >= EVENT_HEAD)
			assert_int_equal(world->heard.events[0].number, 1);
	}
}

static bool
ignore(void *data, const struct event *event, const char *text)
{
	(void)data;
	assert_true(event_is_valid(event));
	assert_int_equal(text[event->text], '\0');
	return true;
}

static void
survives_noise(void **state)
{
	struct world *world = *state;
	uint64_t chance = 1;

	stream_init(&world->stream);
	stream_add(&world->stream, ignore, NULL);
	for (int round = 0; round < 2000; round++) {
		char noise[300];

		for (size_t i = 0; i < sizeof(noise); i++) {
			chance = chance * 6364136223846793005u + 1442695041u;
			/* Few values, so that heads come by chance. */
			noise[i] = "\0\1\xe7\xe7\2\3"[(chance >> 33) % 6];
		}
		stream_feed(&world->stream, noise, sizeof(noise));
		assert_true(world->stream.held < EVENT_RECORD_MAX);
	}
	assert_true(world->stream.position > 0);
	assert_true(world->stream.damaged > 0);
}

/* ---- losses and times ---- */

static void
puts_a_lost_event_in_front_of_the_record_that_reports_it(void **state)
{
	struct world *world = *state;
	struct event event = {
	    .kind = EVENT_STDERR, .lost = 5, .time = 90, .pid = 3, .tid = 4};

	add_record(&world->bytes, event, "after");
	event.lost = 2;
	add_record(&world->bytes, event, "again");
	stream_feed(&world->stream, world->bytes.data, world->bytes.size);
	assert_int_equal(world->heard.count, 4);
	assert_int_equal(world->heard.events[0].kind, EVENT_LOST);
	assert_int_equal(world->heard.events[0].magic, EVENT_MAGIC);
	assert_int_equal(world->heard.events[0].number, 5);
	assert_int_equal(world->heard.events[0].time, 90);
	assert_int_equal(world->heard.events[0].pid, 3);
	assert_int_equal(world->heard.events[0].tid, 4);
	assert_string_equal(world->heard.texts[0], "");
	assert_string_equal(world->heard.texts[1], "after");
	assert_int_equal(world->heard.events[2].kind, EVENT_LOST);
	assert_int_equal(world->heard.events[2].number, 2);
	assert_string_equal(world->heard.texts[3], "again");
	assert_int_equal(world->stream.lost, 7);
	assert_int_equal(world->stream.position, 4);
}

/* A recorder keeps what it is given, and a replay feeds it in again: the same
 * loss must not be reported a second time. */
static void
reports_a_loss_once_also_when_it_is_replayed(void **state)
{
	struct world *world = *state;
	struct heard recorded;

	add_record(&world->bytes,
	           (struct event){.kind = EVENT_STDERR, .lost = 5}, "after");
	stream_feed(&world->stream, world->bytes.data, world->bytes.size);
	recorded = world->heard;
	assert_int_equal(recorded.count, 2);
	set_up(state);
	for (int i = 0; i < recorded.count; i++)
		stream_event(&world->stream, &recorded.events[i],
		             recorded.texts[i]);
	assert_int_equal(world->heard.count, 2);
	assert_int_equal(world->heard.events[0].kind, EVENT_LOST);
	assert_int_equal(world->heard.events[0].number, 5);
}

static void
puts_what_comes_from_the_future_at_the_limit(void **state)
{
	struct world *world = *state;

	add_three(&world->bytes);
	add_record(&world->bytes, (struct event){.time = UINT64_MAX, .lost = 1},
	           "");
	world->stream.latest = 1002;
	stream_feed(&world->stream, world->bytes.data, world->bytes.size);
	assert_int_equal(world->heard.count, 5);
	assert_int_equal(world->heard.events[0].time, 1001);
	assert_int_equal(world->heard.events[1].time, 1002);
	assert_int_equal(world->heard.events[2].time, 1002);
	assert_int_equal(world->heard.events[3].kind, EVENT_LOST);
	assert_int_equal(world->heard.events[3].time, 1002);
	assert_int_equal(world->heard.events[4].time, 1002);
}

/* The limit is set when the FIFO is read. While it is silent the observer goes
 * on sampling, and its clock is the reader's own. */
static void
limits_no_source_in_this_process(void **state)
{
	struct world *world = *state;
	struct event event = {.magic = EVENT_MAGIC, .time = 5000};

	world->stream.latest = 1000;
	stream_event(&world->stream, &event, "");
	assert_int_equal(world->heard.events[0].time, 5000);
}

/* ---- sinks ---- */

static void
ends_the_round_where_nothing_is_news(void **state)
{
	struct world *world = *state;

	stream_add(&world->stream, hear, &world->behind);
	add_three(&world->bytes);
	stream_feed(&world->stream, world->bytes.data, world->bytes.size);
	assert_int_equal(world->behind.count, 3);
	world->heard.refuses = true;
	stream_feed(&world->stream, world->bytes.data, world->bytes.size);
	assert_int_equal(world->heard.count, 6);
	assert_int_equal(world->behind.count, 3);
	assert_int_equal(world->stream.position, 6);
}

static void
has_room_for_so_many_sinks(void **state)
{
	struct world *world = *state;

	for (int i = 1; i < STREAM_SINKS; i++)
		assert_int_equal(
		    stream_add(&world->stream, hear, &world->behind), 0);
	assert_int_equal(stream_add(&world->stream, hear, &world->behind),
	                 -ENOSPC);
	add_numbered(&world->bytes, 1, "");
	stream_feed(&world->stream, world->bytes.data, world->bytes.size);
	assert_int_equal(world->heard.count, 1);
	assert_int_equal(world->behind.count, STREAM_SINKS - 1);
}

static bool
answer(void *data, const struct event *event, const char *text)
{
	struct world *world = data;
	struct event reply = {.magic = EVENT_MAGIC, .kind = EVENT_NOTE};

	(void)text;
	if (event->kind != EVENT_NOTE) {
		reply.number = event->number;
		reply.text = 5;
		stream_event(&world->stream, &reply, "reply");
	}
	return true;
}

static void
puts_what_a_sink_adds_behind_its_cause(void **state)
{
	struct world *world = *state;

	stream_add(&world->stream, answer, world);
	add_three(&world->bytes);
	stream_feed(&world->stream, world->bytes.data, world->bytes.size);
	assert_int_equal(world->heard.count, 6);
	for (int i = 0; i < 6; i++) {
		assert_int_equal(world->heard.events[i].number, i / 2 + 1);
		assert_int_equal(world->heard.events[i].kind,
		                 i % 2 ? EVENT_NOTE : EVENT_STDOUT);
	}
	assert_string_equal(world->heard.texts[5], "reply");
}

static void
needs_no_nul_behind_a_text(void **state)
{
	struct world *world = *state;
	struct event event = {.magic = EVENT_MAGIC, .text = 4};

	stream_event(&world->stream, &event, "nine lives");
	assert_string_equal(world->heard.texts[0], "nine");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(joins_records_cut_at_any_byte, set_up),
	    cmocka_unit_test_setup(joins_records_that_come_byte_by_byte,
	                           set_up),
	    cmocka_unit_test_setup(waits_for_the_padding_too, set_up),
	    cmocka_unit_test_setup(passes_texts_of_every_length, set_up),
	    cmocka_unit_test_setup(reads_what_a_descriptor_has, set_up),
	    cmocka_unit_test_setup(reads_a_file_that_grows, set_up),
	    cmocka_unit_test_setup(reads_more_than_its_buffer_holds, set_up),
	    cmocka_unit_test_setup(takes_more_than_its_buffer_holds_at_once,
	                           set_up),
	    cmocka_unit_test_setup(skips_and_counts_bytes_that_are_no_record,
	                           set_up),
	    cmocka_unit_test_setup(takes_no_head_that_lies, set_up),
	    cmocka_unit_test_setup(accounts_for_every_byte_whichever_is_damaged,
	                           set_up),
	    cmocka_unit_test_setup(survives_noise, set_up),
	    cmocka_unit_test_setup(
		puts_a_lost_event_in_front_of_the_record_that_reports_it,
		set_up),
	    cmocka_unit_test_setup(reports_a_loss_once_also_when_it_is_replayed,
	                           set_up),
	    cmocka_unit_test_setup(puts_what_comes_from_the_future_at_the_limit,
	                           set_up),
	    cmocka_unit_test_setup(limits_no_source_in_this_process, set_up),
	    cmocka_unit_test_setup(ends_the_round_where_nothing_is_news,
	                           set_up),
	    cmocka_unit_test_setup(has_room_for_so_many_sinks, set_up),
	    cmocka_unit_test_setup(puts_what_a_sink_adds_behind_its_cause,
	                           set_up),
	    cmocka_unit_test_setup(needs_no_nul_behind_a_text, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
