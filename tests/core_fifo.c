/* A FIFO in a private directory, and nothing left of it afterwards. */
#include "test.h"

#include "core/fifo.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

struct world {
	char parent[32];
	struct fifo fifo;
};

static int
set_up(void **state)
{
	static struct world world;

	strcpy(world.parent, "/tmp/core_fifo-XXXXXX");
	*state = &world;
	return mkdtemp(world.parent) ? 0 : -1;
}

/* Fails when something was left behind. */
static int
tear_down(void **state)
{
	struct world *world = *state;

	return rmdir(world->parent);
}

static int
entries(const char *path)
{
	DIR *directory = opendir(path);
	int count = 0;

	assert_non_null(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count - 2;
}

static void
is_private(void **state)
{
	struct world *world = *state;
	struct stat status;

	assert_int_equal(fifo_open(&world->fifo, world->parent), 0);
	assert_memory_equal(world->fifo.directory, world->parent,
	                    strlen(world->parent));
	assert_int_equal(stat(world->fifo.directory, &status), 0);
	assert_int_equal(status.st_mode, S_IFDIR | 0700);
	assert_int_equal(stat(world->fifo.path, &status), 0);
	assert_int_equal(status.st_mode, S_IFIFO | 0600);
	assert_int_equal(status.st_uid, geteuid());
	assert_int_equal(fstat(world->fifo.rest, &status), 0);
	assert_int_equal(status.st_mode, S_IFREG | 0600);
	assert_int_equal(entries(world->fifo.directory), 2);
	fifo_close(&world->fifo);
}

static void
leaves_nothing_behind(void **state)
{
	struct world *world = *state;

	assert_int_equal(fifo_open(&world->fifo, world->parent), 0);
	assert_int_equal(entries(world->parent), 1);
	fifo_close(&world->fifo);
	assert_int_equal(entries(world->parent), 0);
	assert_int_equal(world->fifo.fd, -1);
	fifo_close(&world->fifo);
}

static void
does_not_meet_another_one(void **state)
{
	struct world *world = *state;
	struct fifo other;

	assert_int_equal(fifo_open(&world->fifo, world->parent), 0);
	assert_int_equal(fifo_open(&other, world->parent), 0);
	assert_string_not_equal(world->fifo.path, other.path);
	fifo_close(&other);
	assert_int_equal(access(world->fifo.path, F_OK), 0);
	fifo_close(&world->fifo);
}

static void
never_blocks_and_never_ends_between_two_writers(void **state)
{
	struct world *world = *state;
	char byte;

	assert_int_equal(fifo_open(&world->fifo, world->parent), 0);
	assert_int_equal(read(world->fifo.fd, &byte, 1), -1);
	assert_int_equal(errno, EAGAIN);
	for (int i = 0; i < 2; i++) {
		int fd = open(world->fifo.path, O_WRONLY | O_NONBLOCK);

		assert_true(fd >= 0);
		assert_int_equal(write(fd, "x", 1), 1);
		close(fd);
		assert_int_equal(read(world->fifo.fd, &byte, 1), 1);
		assert_int_equal(read(world->fifo.fd, &byte, 1), -1);
		assert_int_equal(errno, EAGAIN);
	}
	fifo_close(&world->fifo);
}

static void
is_not_inherited(void **state)
{
	struct world *world = *state;

	assert_int_equal(fifo_open(&world->fifo, world->parent), 0);
	assert_true(fcntl(world->fifo.fd, F_GETFD) & FD_CLOEXEC);
	fifo_close(&world->fifo);
}

static void
says_why_there_is_no_place_for_it(void **state)
{
	struct world *world = *state;

	assert_int_equal(fifo_open(&world->fifo, "/nowhere"), -ENOENT);
	fifo_close(&world->fifo);
	assert_int_equal(fifo_open(&world->fifo, "/dev/null"), -ENOTDIR);
	fifo_close(&world->fifo);
}

/* The same parent under ever longer names: it is opened, or it is said why. */
static void
minds_the_length_of_a_path(void **state)
{
	struct world *world = *state;
	size_t length = strlen(world->parent);
	char longest[PATH_MAX + 1];
	int opened = 0;

	memset(longest, '/', sizeof(longest));
	strcpy(longest + PATH_MAX - length, world->parent);
	for (size_t before = 0; before < 64; before++) {
		int error = fifo_open(&world->fifo, longest + before);

		if (!error)
			opened++;
		else
			assert_int_equal(error, -ENAMETOOLONG);
		assert_int_equal(entries(world->parent), !error);
		fifo_close(&world->fifo);
	}
	assert_true(opened > 0 && opened < 64);
}

static void
leaves_nothing_behind_when_it_cannot_be_opened(void **state)
{
	struct world *world = *state;
	struct rlimit limit, none;
	int result;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	result = fifo_open(&world->fifo, world->parent);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(result, -EMFILE);
	assert_int_equal(entries(world->parent), 0);
	fifo_close(&world->fifo);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(is_private),
	    TEST(leaves_nothing_behind),
	    TEST(does_not_meet_another_one),
	    TEST(never_blocks_and_never_ends_between_two_writers),
	    TEST(is_not_inherited),
	    TEST(says_why_there_is_no_place_for_it),
	    TEST(minds_the_length_of_a_path),
	    TEST(leaves_nothing_behind_when_it_cannot_be_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
