/* A recording gives back what was put in; a damaged one gives what is whole,
 * and says where the damage is. */
#include "test.h"

#include "core/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { FILE_MAX = 8192, RECORDS = 4 };

struct world {
	int fd; /* a file in memory, and its name */
	char path[32];
	struct trace trace;
	struct event event;
	char text[EVENT_TEXT_MAX + 1];
	char bytes[FILE_MAX]; /* of the recording of four records */
	size_t size, header;
};

/* Four records: all padding, some, none, and a text of the longest kind. */
static size_t
text_size(uint64_t number)
{
	static const size_t sizes[RECORDS] = {0, 5, 16, EVENT_TEXT_MAX};

	return sizes[number % RECORDS];
}

static void
put_numbered(struct trace *trace, uint64_t number)
{
	struct event event = {
	    .magic = EVENT_MAGIC,
	    .kind = (uint8_t)(number % EVENT_KINDS),
	    .text = (uint16_t)text_size(number),
	    .time = 1000 + number,
	    .pid = 7,
	    .number = number,
	    .value = UINT64_MAX,
	};
	char text[EVENT_TEXT_MAX + 1] = "";

	memset(text, 'a' + (int)(number % 26), event.text);
	assert_true(trace_put(trace, &event, text));
}

static void
assert_numbered(const struct event *event, const char *text, uint64_t number)
{
	assert_int_equal(event->number, number);
	assert_int_equal(event->kind, number % EVENT_KINDS);
	assert_int_equal(event->time, 1000 + number);
	assert_int_equal(event->pid, 7);
	assert_int_equal(event->value, UINT64_MAX);
	assert_int_equal(event->text, text_size(number));
	assert_int_equal(strlen(text), event->text);
	for (size_t i = 0; i < event->text; i++)
		assert_int_equal(text[i], 'a' + number % 26);
}

static void
record(struct world *world, uint64_t records, const char *about)
{
	assert_int_equal(trace_create(&world->trace, world->path, about), 0);
	for (uint64_t i = 0; i < records; i++)
		put_numbered(&world->trace, i);
	assert_int_equal(trace_close(&world->trace), 0);
}

static int
set_up(void **state)
{
	static struct world world;

	memset(&world, 0, sizeof(world));
	world.fd = memfd_create("recording", MFD_CLOEXEC);
	if (world.fd < 0)
		return -1;
	snprintf(world.path, sizeof(world.path), "/proc/self/fd/%d", world.fd);
	record(&world, RECORDS, "looptop: 0\nmachine: a:b\n");
	world.size = (size_t)read(world.fd, world.bytes, FILE_MAX);
	world.header = world.size;
	for (uint64_t i = 0; i < RECORDS; i++)
		world.header -= event_record_size(text_size(i));
	*state = &world;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *world = *state;

	return close(world->fd);
}

static int
next(struct world *world)
{
	memset(world->text, '~', sizeof(world->text));
	return trace_next(&world->trace, &world->event, world->text);
}

/* Opens the recording with these bytes instead. */
static int
open_bytes(struct world *world, const char *bytes, size_t size)
{
	assert_int_equal(ftruncate(world->fd, (off_t)size), 0);
	assert_int_equal(pwrite(world->fd, bytes, size, 0), size);
	return trace_open(&world->trace, world->path);
}

static void
assert_error(const struct world *world, const char *part)
{
	if (!strstr(world->trace.error, part))
		fail_msg("\"%s\" is not in \"%s\"", part, world->trace.error);
}

static void
assert_error_at(const struct world *world, const char *what, size_t offset)
{
	char expected[80];

	snprintf(expected, sizeof(expected), "%s at offset %zu", what, offset);
	assert_string_equal(world->trace.error, expected);
}

/* ---- whole ---- */

static void
gives_back_what_was_put_in(void **state)
{
	struct world *world = *state;

	record(world, 5 * EVENT_KINDS, "name: value\n");
	assert_int_equal(trace_open(&world->trace, world->path), 0);
	for (uint64_t i = 0; i < 5 * EVENT_KINDS; i++) {
		assert_int_equal(next(world), 1);
		assert_numbered(&world->event, world->text, i);
	}
	assert_int_equal(next(world), 0);
	assert_int_equal(next(world), 0);
	assert_string_equal(world->trace.error, "");
	assert_int_equal(trace_close(&world->trace), 0);
	assert_int_equal(trace_close(&world->trace), 0);
}

static void
may_be_empty_and_say_nothing_about_itself(void **state)
{
	struct world *world = *state;

	record(world, 0, NULL);
	assert_int_equal(trace_open(&world->trace, world->path), 0);
	assert_int_equal(next(world), 0);
	trace_close(&world->trace);
}

static void
knows_by_what_it_was_made(void **state)
{
	struct world *world = *state;

	record(world, 1, "looptop: 1\nverb: lab\nclock: x\n");
	assert_int_equal(trace_open(&world->trace, world->path), 0);
	assert_string_equal(world->trace.verb, "lab");
	trace_close(&world->trace);
	record(world, 1, "verb: abcdefghijklmnopqrstuvwxyz\n");
	assert_int_equal(trace_open(&world->trace, world->path), 0);
	assert_string_equal(world->trace.verb, "abcdefghijklmno");
	trace_close(&world->trace);
	record(world, 1, "averb: lab\n");
	assert_int_equal(trace_open(&world->trace, world->path), 0);
	assert_string_equal(world->trace.verb, "");
	trace_close(&world->trace);
}

static void
begins_with_a_header_to_read(void **state)
{
	static const char first[] = "looptop trace 1\nbyte-order: ";
	static const char last[] = "\nlooptop: 0\nmachine: a:b\n\n";
	struct world *world = *state;

	assert_memory_equal(world->bytes, first, strlen(first));
	assert_memory_equal(world->bytes + world->header - strlen(last), last,
	                    strlen(last));
}

/* ---- cut ---- */

/* What is to be found in a recording that ends at `cut`. */
static void
check_cut(struct world *world, size_t cut)
{
	size_t end = world->header;
	uint64_t whole = 0;

	while (whole < RECORDS &&
	       end + event_record_size(text_size(whole)) <= cut)
		end += event_record_size(text_size(whole++));
	for (uint64_t i = 0; i < whole; i++) {
		assert_int_equal(next(world), 1);
		assert_numbered(&world->event, world->text, i);
	}
	if (end == cut) {
		assert_int_equal(next(world), 0);
		return;
	}
	assert_int_equal(next(world), -EINVAL);
	assert_error_at(world, "it is cut", cut);
}

static void
says_where_it_is_cut(void **state)
{
	struct world *world = *state;

	for (size_t cut = world->header; cut <= world->size; cut++) {
		assert_int_equal(open_bytes(world, world->bytes, cut), 0);
		check_cut(world, cut);
		trace_close(&world->trace);
	}
}

static void
says_where_its_header_is_cut(void **state)
{
	struct world *world = *state;

	for (size_t cut = 0; cut < world->header; cut++) {
		assert_int_equal(open_bytes(world, world->bytes, cut), -EINVAL);
		if (cut == 0)
			assert_string_equal(world->trace.error, "it is empty");
		else if (cut < strlen("looptop trace 1\n"))
			assert_error(world, "no looptop recording");
		else
			assert_error_at(world, "its header is damaged", cut);
		trace_close(&world->trace);
	}
}

/* ---- damaged ---- */

/* Reads on to the end or to an error; whatever comes is an event. */
static int
read_out(struct world *world)
{
	int result, count = 0;

	while ((result = next(world)) == 1) {
		assert_true(event_is_valid(&world->event));
		assert_int_equal(world->text[world->event.text], '\0');
		assert_true(++count <= RECORDS + EVENT_TEXT_MAX / EVENT_HEAD);
	}
	return result;
}

static void
check_flipped(struct world *world, size_t at)
{
	int result = open_bytes(world, world->bytes, world->size);

	if (result == 0)
		result = read_out(world);
	else
		assert_true(at < world->header);
	assert_true(result == 0 || result == -EINVAL);
	assert_true((result == -EINVAL) == (world->trace.error[0] != '\0'));
	if (result && at >= world->header)
		assert_error(world, "at offset ");
	trace_close(&world->trace);
}

static void
survives_any_byte_that_is_wrong(void **state)
{
	static const unsigned char flips[] = {0x01, 0x20, 0x80, 0xff};
	struct world *world = *state;

	for (size_t at = 0; at < world->size; at++)
		for (size_t i = 0; i < sizeof(flips); i++) {
			world->bytes[at] ^= (char)flips[i];
			check_flipped(world, at);
			world->bytes[at] ^= (char)flips[i];
		}
}

static void
says_where_no_record_begins(void **state)
{
	struct world *world = *state;
	size_t third = world->header + event_record_size(text_size(0)) +
	               event_record_size(text_size(1));

	world->bytes[third]++;
	assert_int_equal(open_bytes(world, world->bytes, world->size), 0);
	assert_int_equal(next(world), 1);
	assert_int_equal(next(world), 1);
	assert_int_equal(next(world), -EINVAL);
	assert_error_at(world, "no record begins", third);
	trace_close(&world->trace);
}

static void
takes_no_record_longer_than_the_longest(void **state)
{
	struct world *world = *state;
	uint16_t text = EVENT_TEXT_MAX + 1;

	memcpy(world->bytes + world->header + offsetof(struct event, text),
	       &text, sizeof(text));
	assert_int_equal(open_bytes(world, world->bytes, world->size), 0);
	assert_int_equal(next(world), -EINVAL);
	assert_error_at(world, "no record begins", world->header);
	trace_close(&world->trace);
}

static void
doubts_its_header(void **state)
{
	static const struct {
		const char *bytes, *error;
	} wrong[] = {
	    {"looptop trace 2\n\n", "no looptop recording"},
	    {"looptop trace 1", "no looptop recording"},
	    {"\177ELF\n", "no looptop recording"},
	    {"looptop trace 1\n\n", "byte order"},
	    {"looptop trace 1\nbyte-order: middle\n\n", "byte order"},
	    {"looptop trace 1\nno colon\n\n", "damaged at offset 25"},
	    {"looptop trace 1\nname: no end", "damaged at offset 28"},
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_int_equal(
		    open_bytes(world, wrong[i].bytes, strlen(wrong[i].bytes)),
		    -EINVAL);
		assert_error(world, wrong[i].error);
		trace_close(&world->trace);
	}
}

static void
takes_no_endless_line_for_a_header(void **state)
{
	struct world *world = *state;

	memset(world->bytes + strlen("looptop trace 1\n"), ':', 1000);
	assert_int_equal(open_bytes(world, world->bytes, world->size), -EINVAL);
	assert_error(world, "its header is damaged at offset ");
	trace_close(&world->trace);
}

/* ---- files that are none ---- */

static void
says_why_it_does_not_open(void **state)
{
	struct world *world = *state;

	assert_int_equal(trace_open(&world->trace, "/nowhere"), -ENOENT);
	assert_int_equal(trace_close(&world->trace), 0);
	assert_int_equal(trace_open(&world->trace, "/tmp"), -EISDIR);
	trace_close(&world->trace);
	assert_int_equal(trace_create(&world->trace, "/nowhere/x", NULL),
	                 -ENOENT);
	assert_int_equal(trace_close(&world->trace), 0);
}

/* zcat recording.gz | looptop replay /dev/stdin */
static void
knows_the_offset_also_in_a_pipe(void **state)
{
	struct world *world = *state;
	char path[32];
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], world->bytes, world->header + 10),
	                 world->header + 10);
	close(ends[1]);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
	assert_int_equal(trace_open(&world->trace, path), 0);
	assert_int_equal(next(world), -EINVAL);
	assert_error_at(world, "it is cut", world->header + 10);
	trace_close(&world->trace);
	close(ends[0]);
}

/* ---- no room ---- */

static void
says_at_the_end_that_the_disk_was_full(void **state)
{
	struct world *world = *state;

	/* Few records reach the disk only when the file is closed. */
	for (uint64_t records = 0; records < 100; records += 33) {
		assert_int_equal(trace_create(&world->trace, "/dev/full", NULL),
		                 0);
		for (uint64_t i = 0; i < records; i++)
			put_numbered(&world->trace, i);
		assert_true(trace_close(&world->trace) < 0);
	}
}

static void
limit_files(rlim_t size)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = size < limit.rlim_max ? size : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Room that comes back must not let the recording go on behind a gap. */
static void
ends_with_the_first_write_that_fails(void **state)
{
	struct world *world = *state;
	uint64_t count = 0;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(trace_create(&world->trace, world->path, NULL), 0);
	limit_files(10000);
	for (uint64_t i = 0; i < 100; i++)
		put_numbered(&world->trace, i);
	limit_files(RLIM_INFINITY);
	for (uint64_t i = 100; i < 1000; i++)
		put_numbered(&world->trace, i);
	assert_true(trace_close(&world->trace) < 0);
	assert_int_equal(trace_open(&world->trace, world->path), 0);
	for (; next(world) == 1; count++)
		assert_numbered(&world->event, world->text, count);
	assert_true(count > 0 && count < 100);
	assert_error(world, "it is cut at offset ");
	trace_close(&world->trace);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(gives_back_what_was_put_in),
	    TEST(may_be_empty_and_say_nothing_about_itself),
	    TEST(knows_by_what_it_was_made),
	    TEST(begins_with_a_header_to_read),
	    TEST(says_where_it_is_cut),
	    TEST(says_where_its_header_is_cut),
	    TEST(survives_any_byte_that_is_wrong),
	    TEST(says_where_no_record_begins),
	    TEST(takes_no_record_longer_than_the_longest),
	    TEST(doubts_its_header),
	    TEST(takes_no_endless_line_for_a_header),
	    TEST(says_why_it_does_not_open),
	    TEST(knows_the_offset_also_in_a_pipe),
	    TEST(says_at_the_end_that_the_disk_was_full),
	    TEST(ends_with_the_first_write_that_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
