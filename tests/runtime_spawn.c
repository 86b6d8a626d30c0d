/* Processes started without a copy of this one, and their ends. */
#include "runtime_world.h"

#include "runtime/spawn.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

struct fixture {
	struct world world;
	struct spawn spawn;
	int out[2]; /* a pipe from the child */
	int exits, closes, code, signal;
};

static void
on_end(struct spawn *spawn, int code, int signal)
{
	struct fixture *fixture = spawn->data;

	fixture->code = code;
	fixture->signal = signal;
	fixture->exits++;
}

static void
on_closed(struct spawn *spawn)
{
	struct fixture *fixture = spawn->data;

	fixture->closes++;
}

static int
open_fixture(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	world_init(&fixture->world);
	assert_int_equal(pipe2(fixture->out, O_CLOEXEC), 0);
	*state = fixture;
	return 0;
}

static int
close_fixture(void **state)
{
	struct fixture *fixture = *state;

	close(fixture->out[0]);
	close(fixture->out[1]);
	world_end(&fixture->world);
	free(fixture);
	return 0;
}

static int
start(struct fixture *fixture, struct spawn_options options,
      const char *const *args)
{
	const int fds[] = {-1, fixture->out[1], 2};
	int error;

	options.file = options.file ? options.file : args[0];
	options.args = args;
	options.env = options.env ? options.env : (const char *const *)environ;
	if (!options.fds) {
		options.fds = fds;
		options.fd_count = 3;
	}
	error = spawn_start(&fixture->spawn, &fixture->world.loop.uv, &options,
	                    on_end);
	fixture->spawn.data = fixture;
	return error;
}

static void
run(struct fixture *fixture)
{
	world_run(&fixture->world, &fixture->exits, 1);
	spawn_close(&fixture->spawn, on_closed);
	world_run(&fixture->world, &fixture->closes, 1);
}

/* What it wrote, without the newline at the end. */
static const char *
said(struct fixture *fixture)
{
	static char text[4096];
	ssize_t got;

	(void)fcntl(fixture->out[0], F_SETFL, O_NONBLOCK);
	got = read(fixture->out[0], text, sizeof(text) - 1);
	text[got > 0 ? got : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return text;
}

#define SHELL(script) ((const char *const[]){"sh", "-c", script, NULL})

/* ---- its end ---- */

static void
it_ends_with_a_code(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(
	    start(fixture, (struct spawn_options){0}, SHELL("exit 7")), 0);
	assert_true(fixture->spawn.pid > 0);
	run(fixture);
	assert_int_equal(fixture->code, 7);
	assert_int_equal(fixture->signal, 0);
}

static void
it_ends_by_a_signal(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, (struct spawn_options){0}, SHELL("sleep 60"));
	assert_int_equal(spawn_kill(&fixture->spawn, SIGTERM), 0);
	run(fixture);
	assert_int_equal(fixture->code, -1);
	assert_int_equal(fixture->signal, SIGTERM);
	assert_int_equal(spawn_kill(&fixture->spawn, SIGTERM), -ESRCH);
}

static void
a_zombie_is_kept_until_it_is_let_go(void **state)
{
	struct fixture *fixture = *state;
	siginfo_t info = {0};
	int pid;

	start(fixture, (struct spawn_options){0}, SHELL("exit 3"));
	pid = fixture->spawn.pid;
	spawn_keep_zombie(&fixture->spawn, true);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	world_turn(&fixture->world);
	assert_int_equal(fixture->exits, 0);
	assert_int_equal(kill(pid, 0), 0);
	spawn_keep_zombie(&fixture->spawn, false);
	run(fixture);
	assert_int_equal(fixture->code, 3);
}

/* ---- what it is given ---- */

static void
it_has_the_descriptors_it_was_given(void **state)
{
	struct fixture *fixture = *state;
	int fds[6] = {-1, -1, -1, -1, -1, -1};

	fds[1] = fds[5] = fixture->out[1];
	start(fixture, (struct spawn_options){.fds = fds, .fd_count = 6},
	      SHELL("cd /proc/$$/fd; a=$(readlink 5); b=$(readlink 1); "
	            "[ $a = $b ] && echo $(readlink 0) $(readlink 2) "
	            "4:$(readlink 4)"));
	run(fixture);
	assert_string_equal(said(fixture), "/dev/null /dev/null 4:");
}

/* Each is where the other one is to go. */
static void
descriptors_may_change_places(void **state)
{
	struct fixture *fixture = *state;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int fds[64], count = fixture->out[1] + 1;
	char script[160];

	assert_true(count < 64 && null < 64);
	count = null >= count ? null + 1 : count;
	for (int fd = 0; fd < count; fd++)
		fds[fd] = -1;
	fds[1] = fixture->out[1];
	fds[fixture->out[1]] = null;
	fds[null] = fixture->out[1];
	snprintf(script, sizeof(script),
	         "cd /proc/$$/fd; [ $(readlink %d) = /dev/null ] && "
	         "[ $(readlink %d) = $(readlink 1) ]",
	         fixture->out[1], null);
	start(fixture, (struct spawn_options){.fds = fds, .fd_count = count},
	      SHELL(script));
	close(null);
	run(fixture);
	assert_int_equal(fixture->code, 0);
}

static void
it_runs_where_and_with_what_it_was_told(void **state)
{
	static const char *const env[] = {"PATH=/bin:/usr/bin", "COLOUR=red",
	                                  NULL};
	struct fixture *fixture = *state;

	start(fixture, (struct spawn_options){.cwd = "/usr", .env = env},
	      SHELL("echo $COLOUR $PWD $(env | wc -l)"));
	run(fixture);
	assert_true(strncmp(said(fixture), "red /usr", 8) == 0);
}

static void
a_detached_one_leads_its_own_session(void **state)
{
	struct fixture *fixture = *state;
	char text[64];
	int pid;

	start(fixture, (struct spawn_options){.detached = true},
	      SHELL("cut -d' ' -f5,6 /proc/$$/stat"));
	pid = fixture->spawn.pid;
	run(fixture);
	snprintf(text, sizeof(text), "%d %d", pid, pid);
	assert_string_equal(said(fixture), text);
}

/* Also those that the C library keeps for itself: they come ignored from
 * whoever started us. */
static void
set_first_real_time(void (*handler)(int))
{
	const unsigned long action[8] = {(unsigned long)handler};

	assert_int_equal(syscall(SYS_rt_sigaction, 33, action, NULL, NSIG / 8),
	                 0);
}

/* What is ignored or blocked here is not so there. */
static void
signals_are_as_after_a_login(void **state)
{
	struct fixture *fixture = *state;
	sigset_t blocked, before, after;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR2);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	signal(SIGUSR1, SIG_IGN);
	set_first_real_time(SIG_IGN);
	start(fixture, (struct spawn_options){0},
	      SHELL("grep -E 'Sig(Blk|Ign)' /proc/self/status | cut -f2 | "
	            "tr '\\n' ' '"));
	run(fixture);
	signal(SIGUSR1, SIG_DFL);
	set_first_real_time(SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, &after);
	assert_true(sigismember(&after, SIGUSR2));
	assert_string_equal(said(fixture),
	                    "0000000000000000 0000000000000000 ");
}

static void
another_user_is_for_who_may(void **state)
{
	struct fixture *fixture = *state;
	const struct spawn_options options = {
	    .has_uid = true, .has_gid = true, .uid = 65534, .gid = 65534};
	int error = start(fixture, options, SHELL("id -u"));

	if (getuid() != 0) {
		assert_int_equal(error, -EPERM);
		return;
	}
	assert_int_equal(error, 0);
	run(fixture);
	assert_string_equal(said(fixture), "65534");
	assert_int_equal(getuid(), 0);
}

/* ---- what cannot be started ---- */

static int
error_of(struct fixture *fixture, const char *file, const char *cwd)
{
	return start(fixture, (struct spawn_options){.file = file, .cwd = cwd},
	             (const char *const[]){"x", NULL});
}

static void
what_cannot_be_started_is_an_error_at_once(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(error_of(fixture, "/no/such/file", NULL), -ENOENT);
	assert_int_equal(error_of(fixture, "no-such-word", NULL), -ENOENT);
	assert_int_equal(error_of(fixture, "/etc/passwd", NULL), -EACCES);
	assert_int_equal(error_of(fixture, "/etc", NULL), -EACCES);
	assert_int_equal(error_of(fixture, "true", "/no/such/place"), -ENOENT);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void
a_file_that_may_not_be_run_hides_none(void **state)
{
	static const char *const env[] = {"PATH=/etc:/nowhere::/bin:/usr/bin",
	                                  NULL};
	struct fixture *fixture = *state;

	assert_int_equal(
	    start(fixture, (struct spawn_options){.env = env}, SHELL("exit 4")),
	    0);
	run(fixture);
	assert_int_equal(fixture->code, 4);
}

static void
too_long_an_argument_is_said(void **state)
{
	struct fixture *fixture = *state;
	size_t size = 16 << 20;
	char *word = malloc(size + 1);

	memset(word, 'x', size);
	word[size] = '\0';
	assert_int_equal(start(fixture, (struct spawn_options){.file = "true"},
	                       (const char *const[]){"true", word, NULL}),
	                 -E2BIG);
	free(word);
}

/* ---- nothing is left ---- */

static void
nothing_is_left_behind(void **state)
{
	struct fixture *fixture = *state;

	for (int i = 0; i < 200; i++) {
		fixture->exits = fixture->closes = 0;
		start(fixture, (struct spawn_options){0},
		      (const char *const[]){"true", NULL});
		run(fixture);
		assert_int_equal(fixture->code, 0);
	}
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

#define SPAWN_TEST(test) \
	cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    SPAWN_TEST(it_ends_with_a_code),
	    SPAWN_TEST(it_ends_by_a_signal),
	    SPAWN_TEST(a_zombie_is_kept_until_it_is_let_go),
	    SPAWN_TEST(it_has_the_descriptors_it_was_given),
	    SPAWN_TEST(descriptors_may_change_places),
	    SPAWN_TEST(it_runs_where_and_with_what_it_was_told),
	    SPAWN_TEST(a_detached_one_leads_its_own_session),
	    SPAWN_TEST(signals_are_as_after_a_login),
	    SPAWN_TEST(another_user_is_for_who_may),
	    SPAWN_TEST(what_cannot_be_started_is_an_error_at_once),
	    SPAWN_TEST(a_file_that_may_not_be_run_hides_none),
	    SPAWN_TEST(too_long_an_argument_is_said),
	    SPAWN_TEST(nothing_is_left_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
