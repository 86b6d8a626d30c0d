/* The files below /proc: as text, and as this kernel writes them. */
#include "observe_helper.h"

#include "observe/procfs.h"

#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <sys/syscall.h>

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))

/* ---- text ---- */

static void
schedstat_is_run_wait_and_slices(void **state)
{
	struct procfs_sched sched;

	(void)state;
	assert_int_equal(procfs_parse_sched("123 456 7\n", &sched), 0);
	assert_int_equal(sched.run_ns, 123);
	assert_int_equal(sched.wait_ns, 456);
	assert_int_equal(sched.slices, 7);
	assert_int_equal(procfs_parse_sched("0 0 0", &sched), 0);
	assert_int_equal(
	    procfs_parse_sched("18446744073709551615 "
	                       "99999999999999999999999 4294967296\n",
	                       &sched),
	    0);
	assert_true(sched.run_ns == UINT64_MAX);
	assert_true(sched.wait_ns == UINT64_MAX);
	assert_true(sched.slices == 4294967296u);
}

static void
schedstat_that_is_cut_or_odd_is_refused(void **state)
{
	static const char *const bad[] = {
	    "",       "\n",      "12",     "12\n",    "12 ",      "12 34",
	    "12 34 ", "12 34\n", "-1 2 3", " 1 2 3",  "1 -2 3",   "1 2 x",
	    "1 2 3x", "1 2 3 4", "1,2,3",  "0x1 2 3", "sleeping", "1\n2\n3\n",
	};
	struct procfs_sched sched;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (procfs_parse_sched(bad[i], &sched) != -EINVAL)
			fail_msg("taken: \"%s\"", bad[i]);
}

static void
syscall_is_a_number_and_its_arguments(void **state)
{
	struct procfs_syscall call;

	(void)state;
	assert_int_equal(
	    procfs_parse_syscall("232 0x7 0x7ffd12345678 0x400 0x5 0x0 0x0 "
	                         "0x7ffd1 0x7f0\n",
	                         &call),
	    0);
	assert_false(call.running);
	assert_int_equal(call.number, 232);
	assert_int_equal(call.args[0], 7);
	assert_true(call.args[1] == 0x7ffd12345678);
	assert_int_equal(
	    procfs_parse_syscall("0 0xffffffffffffffff 0x0 0x0\n", &call), 0);
	assert_int_equal(call.number, 0);
	assert_true(call.args[0] == UINT64_MAX);
}

static void
syscall_may_say_running_or_asleep_elsewhere(void **state)
{
	struct procfs_syscall call;

	(void)state;
	assert_int_equal(procfs_parse_syscall("running\n", &call), 0);
	assert_true(call.running);
	assert_int_equal(call.number, -1);
	assert_int_equal(procfs_parse_syscall("-1 0x7ffd0 0x7f0\n", &call), 0);
	assert_false(call.running);
	assert_int_equal(call.number, -1);
	assert_int_equal(call.args[0], 0);
}

static void
syscall_that_is_cut_or_odd_is_refused(void **state)
{
	static const char *const bad[] = {
	    "",      "\n",  "runn",    "sleeping\n", "0x10 0x1 0x2\n",
	    "232\n", "232", "232 0x7", "232 x y\n",
	};
	struct procfs_syscall call;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (procfs_parse_syscall(bad[i], &call) != -EINVAL)
			fail_msg("taken: \"%s\"", bad[i]);
}

static void
io_is_the_sum_of_reads_and_writes(void **state)
{
	static const char text[] = "rchar: 10\nwchar: 20\nsyscr: 30\n"
				   "syscw: 4\nread_bytes: 0\n";
	uint64_t calls;

	(void)state;
	assert_int_equal(procfs_parse_io(text, &calls), 0);
	assert_int_equal(calls, 34);
	assert_int_equal(
	    procfs_parse_io("syscr: 18446744073709551614\nsyscw: 1\n", &calls),
	    0);
	assert_true(calls == UINT64_MAX);
	assert_int_equal(procfs_parse_io("", &calls), -EINVAL);
	assert_int_equal(
	    procfs_parse_io("rchar: 10\nwchar: 20\nsyscr: 30\n", &calls),
	    -EINVAL);
	assert_int_equal(procfs_parse_io("syscr: 30\nsyscw: ", &calls),
	                 -EINVAL);
	assert_int_equal(procfs_parse_io("syscr: x\nsyscw: 1\n", &calls),
	                 -EINVAL);
}

/* A line of /proc/PID/stat as proc(5) has it: 52 fields. */
static const char *
stat_line(const char *comm, char process, int threads, int exit_code)
{
	static char line[512];

	snprintf(line, sizeof(line),
	         "17 (%s) %c 1 17 17 0 -1 4228108 95 0 0 0 0 0 0 0 20 0 %d 0 "
	         "671533 0 0 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 "
	         "1 0 0 0 0 0 0 0 0 0 0 0 0 %d\n",
	         comm, process, threads, exit_code);
	return line;
}

static void
a_zombie_has_its_status_in_the_last_field(void **state)
{
	int status = -1;

	(void)state;
	assert_int_equal(
	    procfs_parse_zombie(stat_line("sh", 'Z', 1, 0x2a00), &status), 0);
	assert_int_equal(WEXITSTATUS(status), 42);
	assert_int_equal(
	    procfs_parse_zombie(stat_line("sh", 'X', 1, SIGKILL), &status), 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	for (const char *life = "RSDTtI"; *life; life++)
		assert_int_equal(
		    procfs_parse_zombie(stat_line("sh", *life, 1, 0), &status),
		    -EAGAIN);
}

static void
a_name_cannot_pretend_to_be_a_zombie(void **state)
{
	static const char *const names[] = {
	    "",
	    ")",
	    "))))",
	    "(",
	    ") Z 1 2 3",
	    "a) Z (b",
	    "a\nb",
	    "a b",
	    "\xff\xfe\x80",
	    ") Z 1 1 1\n",
	    "\xe2\x96",
	    "\\n)",
	    "(sd-pam) Z",
	};
	int status;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		assert_int_equal(procfs_parse_zombie(
				     stat_line(names[i], 'S', 1, 0), &status),
		                 -EAGAIN);
		assert_int_equal(procfs_parse_zombie(
				     stat_line(names[i], 'Z', 1, 256), &status),
		                 0);
		assert_int_equal(status, 256);
	}
}

/* The main thread has ended, the process has not. */
static void
a_process_with_threads_left_is_no_zombie(void **state)
{
	int status;

	(void)state;
	assert_int_equal(
	    procfs_parse_zombie(stat_line("sh", 'Z', 2, 0), &status), -EAGAIN);
}

static void
a_cut_line_of_stat_gives_no_status(void **state)
{
	const char *whole = stat_line("a) b", 'Z', 1, 256);
	char cut[512];
	int status;

	(void)state;
	for (size_t size = 0; size + 1 < strlen(whole); size++) {
		memcpy(cut, whole, size);
		cut[size] = '\0';
		if (procfs_parse_zombie(cut, &status) == 0)
			fail_msg("taken: \"%s\"", cut);
	}
	assert_int_equal(procfs_parse_zombie("", &status), -EINVAL);
	assert_int_equal(procfs_parse_zombie("1 (sh", &status), -EINVAL);
	assert_int_equal(procfs_parse_zombie("1 (sh)", &status), -EINVAL);
	assert_int_equal(procfs_parse_zombie("1 (sh)Z 1\n", &status), -EINVAL);
}

/* ---- own process ---- */

static void
the_clock_of_a_process_counts_its_cpu(void **state)
{
	uint64_t before, after, own;

	(void)state;
	assert_int_equal(procfs_clock(getpid(), &before), 0);
	helper_burn(5);
	own = helper_clock(CLOCK_PROCESS_CPUTIME_ID);
	assert_int_equal(procfs_clock(getpid(), &after), 0);
	assert_true(after - before >= 5 * HELPER_MS);
	assert_true(after >= own && after - own < 20 * HELPER_MS);
	/* Anybody's may be read. */
	assert_int_equal(procfs_clock(1, &after), 0);
}

static void
a_thread_s_figures_grow_as_it_works(void **state)
{
	int fd = procfs_open_sched(getpid(), gettid());
	struct procfs_sched before, after;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(procfs_read_sched(fd, &before), 0);
	helper_burn(30);
	assert_int_equal(procfs_read_sched(fd, &after), 0);
	/* What a running thread has used is known up to the last tick. */
	assert_true(after.run_ns - before.run_ns >= 15 * HELPER_MS);
	assert_true(after.run_ns - before.run_ns <= 60 * HELPER_MS);
	assert_true(after.slices >= before.slices);
	close(fd);
}

static void
a_thread_s_reads_and_writes_are_counted(void **state)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	uint64_t before, after;
	char byte;

	(void)state;
	assert_int_equal(procfs_read_io(getpid(), gettid(), &before), 0);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(read(null, &byte, 1), 0);
		assert_int_equal(write(null, "x", 1), 1);
	}
	assert_int_equal(procfs_read_io(getpid(), gettid(), &after), 0);
	/* Reading the file is a read too. */
	assert_in_range(after - before, 20, 21);
	close(null);
}

static void
check_name(const char *given, const char *kept)
{
	char name[16] = "none";

	assert_int_equal(prctl(PR_SET_NAME, given), 0);
	assert_int_equal(procfs_read_comm(getpid(), gettid(), name), 0);
	assert_string_equal(name, kept);
}

static void
a_name_is_read_whole_whatever_it_is(void **state)
{
	char own[16];

	(void)state;
	assert_int_equal(prctl(PR_GET_NAME, own), 0);
	check_name("plain", "plain");
	check_name("", "");
	check_name("two words", "two words");
	check_name("a) Z 1 (b", "a) Z 1 (b");
	check_name("two\nlines", "two\nlines");
	check_name("end\n", "end\n");
	check_name("\n", "\n");
	check_name("\xff\xfe\x80\x01", "\xff\xfe\x80\x01");
	check_name("123456789012345", "123456789012345");
	check_name("1234567890123456789", "123456789012345");
	assert_int_equal(prctl(PR_SET_NAME, own), 0);
}

/* ---- threads ---- */

enum { SOME = 3 };

struct ids {
	pid_t id[1024];
	int count;
};

static void
keep_id(void *data, pid_t id)
{
	struct ids *ids = data;

	if (ids->count < (int)COUNT_OF(ids->id))
		ids->id[ids->count++] = id;
}

static int
place_of(const struct ids *ids, pid_t id)
{
	for (int i = 0; i < ids->count; i++)
		if (ids->id[i] == id)
			return i;
	return -1;
}

struct crew {
	pthread_t threads[SOME];
	pid_t tids[SOME];
	int orders[2], answers[2];
	int hired;
};

static struct crew crew;

/* Says who it is, then waits for a byte. */
static void *
wait_for_order(void *data)
{
	pid_t tid = gettid();
	char order;

	(void)data;
	if (write(crew.answers[1], &tid, sizeof(tid)) < 0)
		return NULL;
	(void)!read(crew.orders[0], &order, 1);
	return NULL;
}

static void
hire(void *(*work)(void *))
{
	assert_int_equal(
	    pthread_create(&crew.threads[crew.hired], NULL, work, NULL), 0);
	assert_int_equal(
	    read(crew.answers[0], &crew.tids[crew.hired], sizeof(pid_t)),
	    sizeof(pid_t));
	crew.hired++;
}

static void
dismiss(void)
{
	for (int i = 0; i < crew.hired; i++)
		assert_int_equal(write(crew.orders[1], "x", 1), 1);
	while (crew.hired > 0)
		pthread_join(crew.threads[--crew.hired], NULL);
}

static int
open_crew(void **state)
{
	(void)state;
	crew.hired = 0;
	return pipe2(crew.orders, O_CLOEXEC) || pipe2(crew.answers, O_CLOEXEC);
}

static int
close_crew(void **state)
{
	(void)state;
	dismiss();
	for (int i = 0; i < 2; i++) {
		close(crew.orders[i]);
		close(crew.answers[i]);
	}
	return 0;
}

static void
threads_are_listed_and_counted(void **state)
{
	struct ids ids = {0};

	(void)state;
	for (int i = 0; i < SOME; i++)
		hire(wait_for_order);
	assert_int_equal(procfs_threads(getpid(), keep_id, &ids), SOME + 1);
	assert_int_equal(ids.count, SOME + 1);
	assert_true(place_of(&ids, getpid()) >= 0);
	for (int i = 0; i < SOME; i++)
		assert_true(place_of(&ids, crew.tids[i]) >= 0);
	assert_int_equal(procfs_thread_count(getpid()), SOME + 1);
}

static bool
is_in_read(pid_t pid, pid_t tid, int fd)
{
	struct procfs_syscall call;

	return procfs_read_syscall(pid, tid, &call) == 0 && !call.running &&
	       call.number == SYS_read && call.args[0] == (uint64_t)fd;
}

static void
a_waiting_thread_is_seen_in_its_call(void **state)
{
	uint64_t deadline = helper_now() + HELPER_PATIENCE_MS * HELPER_MS;

	(void)state;
	hire(wait_for_order);
	while (!is_in_read(getpid(), crew.tids[0], crew.orders[0])) {
		assert_true(helper_now() < deadline);
		poll(NULL, 0, 1);
	}
}

static void *
work_until_told(void *data)
{
	struct pollfd told = {.fd = crew.orders[0], .events = POLLIN};
	pid_t tid = gettid();

	(void)data;
	if (write(crew.answers[1], &tid, sizeof(tid)) < 0)
		return NULL;
	while (poll(&told, 1, 0) == 0)
		helper_burn(5);
	return NULL;
}

static void
a_working_thread_is_running(void **state)
{
	uint64_t deadline = helper_now() + HELPER_PATIENCE_MS * HELPER_MS;
	struct procfs_syscall call = {0};

	(void)state;
	hire(work_until_told);
	while (!call.running) {
		assert_true(helper_now() < deadline);
		assert_int_equal(
		    procfs_read_syscall(getpid(), crew.tids[0], &call), 0);
	}
	assert_int_equal(call.number, -1);
}

static void
figures_kept_open_say_when_the_thread_is_gone(void **state)
{
	uint64_t deadline = helper_now() + HELPER_PATIENCE_MS * HELPER_MS;
	struct procfs_sched sched;
	int fd, error;

	(void)state;
	hire(wait_for_order);
	fd = procfs_open_sched(getpid(), crew.tids[0]);
	assert_true(fd >= 0);
	assert_int_equal(procfs_read_sched(fd, &sched), 0);
	assert_int_equal(procfs_read_sched(fd, &sched), 0);
	dismiss();
	/* A thread can be joined a little before it is gone. */
	while ((error = procfs_read_sched(fd, &sched)) == 0) {
		assert_true(helper_now() < deadline);
		poll(NULL, 0, 1);
	}
	assert_int_equal(error, -ESRCH);
	assert_int_equal(procfs_open_sched(getpid(), crew.tids[0]), -ENOENT);
	close(fd);
}

/* ---- children ---- */

/* A child that lives until the pipe is closed, then ends with its number. */
struct brood {
	int gate[2];
	pid_t pids[1024];
	int count;
};

static pid_t
bear(struct brood *brood)
{
	pid_t pid = fork();
	char byte;

	if (pid == 0) {
		close(brood->gate[1]);
		(void)!read(brood->gate[0], &byte, 1);
		_exit(brood->count);
	}
	assert_true(pid > 0);
	brood->pids[brood->count++] = pid;
	return pid;
}

static int
open_brood(void **state)
{
	static struct brood brood;

	brood.count = 0;
	*state = &brood;
	return pipe2(brood.gate, O_CLOEXEC);
}

static int
close_brood(void **state)
{
	struct brood *brood = *state;

	close(brood->gate[0]);
	close(brood->gate[1]);
	for (int i = 0; i < brood->count; i++)
		waitpid(brood->pids[i], NULL, 0);
	return 0;
}

/* Waits until it is a zombie, and leaves it one. */
static void
await_zombie(pid_t pid)
{
	siginfo_t ended;

	assert_int_equal(waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOWAIT),
	                 0);
}

static pid_t
bear_zombie(struct brood *brood, int code, int signal)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_NAME, "Z) S 1 (S");
		if (signal)
			raise(signal);
		_exit(code);
	}
	assert_true(pid > 0);
	brood->pids[brood->count++] = pid;
	await_zombie(pid);
	return pid;
}

static void
children_are_listed_zombies_too(void **state)
{
	struct brood *brood = *state;
	struct ids ids = {0};

	for (int i = 0; i < SOME; i++)
		bear(brood);
	bear_zombie(brood, 1, 0);
	assert_int_equal(procfs_children(getpid(), gettid(), keep_id, &ids),
	                 SOME + 1);
	assert_int_equal(ids.count, SOME + 1);
	for (int i = 0; i < brood->count; i++)
		assert_true(place_of(&ids, brood->pids[i]) >= 0);
}

static void
nine_hundred_children_are_all_listed(void **state)
{
	static struct ids ids;
	struct brood *brood = *state;

	ids.count = 0;
	for (int i = 0; i < 900; i++)
		bear(brood);
	assert_int_equal(procfs_children(getpid(), gettid(), keep_id, &ids),
	                 900);
	assert_int_equal(ids.count, 900);
	for (int i = 0; i < 900; i++)
		assert_int_equal(place_of(&ids, brood->pids[i]), i);
}

static struct brood *brood_of_thread;

static void *
bear_in_thread(void *data)
{
	bear(brood_of_thread);
	return wait_for_order(data);
}

static void
children_are_those_of_the_thread_that_forked(void **state)
{
	struct brood *brood = *state;
	struct ids ids = {0};

	open_crew(NULL);
	brood_of_thread = brood;
	hire(bear_in_thread);
	assert_int_equal(procfs_children(getpid(), gettid(), keep_id, &ids), 0);
	assert_int_equal(procfs_children(getpid(), crew.tids[0], keep_id, &ids),
	                 1);
	assert_int_equal(ids.id[0], brood->pids[0]);
	close_crew(NULL);
}

static void
a_zombie_tells_how_it_ended_until_it_is_fetched(void **state)
{
	struct brood *brood = *state;
	pid_t coded = bear_zombie(brood, 3, 0);
	pid_t killed = bear_zombie(brood, 0, SIGKILL);
	pid_t living = bear(brood);
	int status = -1;

	assert_int_equal(procfs_zombie_status(coded, &status), 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 3);
	assert_int_equal(procfs_zombie_status(killed, &status), 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_int_equal(procfs_zombie_status(living, &status), -EAGAIN);
	waitpid(coded, NULL, 0);
	assert_int_equal(procfs_zombie_status(coded, &status), -ENOENT);
}

static void
a_zombie_has_a_clock_and_one_thread(void **state)
{
	pid_t pid = bear_zombie(*state, 0, 0);
	struct ids ids = {0};
	uint64_t clock;
	char name[16];

	assert_int_equal(procfs_clock(pid, &clock), 0);
	assert_int_equal(procfs_threads(pid, keep_id, &ids), 1);
	assert_int_equal(ids.id[0], pid);
	assert_int_equal(procfs_thread_count(pid), 1);
	assert_int_equal(procfs_children(pid, pid, keep_id, &ids), 0);
	assert_int_equal(procfs_read_comm(pid, pid, name), 0);
	assert_string_equal(name, "Z) S 1 (S");
}

static void
assert_gone(int error)
{
	assert_true(error == -ESRCH || error == -ENOENT);
}

static void
of_a_process_that_is_gone_all_say_so(void **state)
{
	pid_t gone = helper_gone_pid();
	struct procfs_syscall call;
	struct ids ids = {0};
	uint64_t number;
	char name[16];
	int status;

	(void)state;
	assert_gone(procfs_clock(gone, &number));
	assert_gone(procfs_open_sched(gone, gone));
	assert_gone(procfs_read_syscall(gone, gone, &call));
	assert_gone(procfs_read_io(gone, gone, &number));
	assert_gone(procfs_read_comm(gone, gone, name));
	assert_gone(procfs_children(gone, gone, keep_id, &ids));
	assert_gone(procfs_threads(gone, keep_id, &ids));
	assert_gone(procfs_thread_count(gone));
	assert_gone(procfs_fd_count(gone));
	assert_gone(procfs_zombie_status(gone, &status));
	assert_int_equal(ids.count, 0);
}

/* ---- descendants ---- */

/* "@family": each order makes it fork; the child can be ordered in its stead
 * (it reads the same pipe), so a line of descendants grows. */
static void
play_family(void)
{
	for (;;) {
		char order = helper_hear();
		pid_t pid = order == 'f' || order == 'z' ? fork() : 0;

		if (pid == 0 && order == 'z')
			_exit(4);
		if (order == 'n')
			prctl(PR_SET_NAME, "x) S 1 (S");
		helper_say(pid ? pid : getpid());
		/* The older one listens no more. */
		while (pid && order == 'f')
			pause();
	}
}

/* "@headless": its main thread ends, another one stays and forks. */
static void *
stay(void *data)
{
	(void)data;
	for (;;) {
		pid_t pid;

		helper_hear();
		pid = fork();
		if (pid == 0)
			pause();
		helper_say(pid);
	}
	return NULL;
}

static void
play_headless(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, stay, NULL);
	syscall(SYS_exit, 0);
}

static int
open_helper(void **state)
{
	static struct helper helper;

	helper.pid = 0;
	*state = &helper;
	return 0;
}

static int
close_helper(void **state)
{
	helper_end(*state);
	return 0;
}

static void
descendants_are_found_to_the_last_generation(void **state)
{
	struct helper *helper = *state;
	struct ids ids = {0};
	pid_t line[5];

	helper_start(helper, "@family");
	line[0] = helper->pid;
	for (int i = 1; i < 5; i++) {
		/* One says whom it bore, the other who it is. */
		line[i] = (pid_t)helper_ask(helper, 'f');
		assert_int_equal(helper_answer(helper), line[i]);
		/* Its name shall not hide whose child it is. */
		assert_int_equal(helper_ask(helper, 'n'), line[i]);
	}
	assert_int_equal(procfs_descendants(getpid(), keep_id, &ids), 5);
	assert_int_equal(ids.count, 5);
	for (int i = 0; i < 5; i++)
		assert_int_equal(place_of(&ids, line[i]), i);
	ids.count = 0;
	assert_int_equal(procfs_descendants(line[2], keep_id, &ids), 2);
	assert_int_equal(place_of(&ids, line[4]), 1);
}

static void
zombies_are_no_descendants(void **state)
{
	struct helper *helper = *state;
	struct ids ids = {0};
	pid_t zombie;
	int status;

	helper_start(helper, "@family");
	zombie = (pid_t)helper_ask(helper, 'z');
	for (uint64_t deadline = helper_now() + HELPER_PATIENCE_MS * HELPER_MS;
	     procfs_zombie_status(zombie, &status);) {
		assert_true(helper_now() < deadline);
		poll(NULL, 0, 1);
	}
	assert_int_equal(WEXITSTATUS(status), 4);
	assert_int_equal(procfs_descendants(getpid(), keep_id, &ids), 1);
	assert_int_equal(ids.id[0], helper->pid);
}

static bool
main_thread_is_over(pid_t pid)
{
	char text[512] = "", path[64];
	const char *at;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	at = strrchr(text, ')');
	return at && at[2] == 'Z';
}

static void
a_process_whose_main_thread_has_ended_lives(void **state)
{
	struct helper *helper = *state;
	struct ids ids = {0};
	pid_t child;
	int status;

	helper_start(helper, "@headless");
	child = (pid_t)helper_ask(helper, 'f');
	for (uint64_t deadline = helper_now() + HELPER_PATIENCE_MS * HELPER_MS;
	     !main_thread_is_over(helper->pid);) {
		assert_true(helper_now() < deadline);
		poll(NULL, 0, 1);
	}
	assert_int_equal(procfs_zombie_status(helper->pid, &status), -EAGAIN);
	assert_int_equal(procfs_thread_count(helper->pid), 2);
	assert_int_equal(procfs_descendants(getpid(), keep_id, &ids), 2);
	assert_int_equal(ids.id[0], helper->pid);
	assert_int_equal(ids.id[1], child);
}

static void
nobody_descends_from_a_pid_that_cannot_be(void **state)
{
	struct ids ids = {0};

	(void)state;
	assert_true(procfs_descendants(helper_gone_pid(), keep_id, &ids) <= 0);
	assert_true(procfs_descendants(INT_MAX, keep_id, &ids) <= 0);
	assert_true(procfs_descendants(1 << 22, keep_id, &ids) <= 0);
	assert_true(procfs_descendants(-1, keep_id, &ids) <= 0);
	assert_true(procfs_descendants(INT_MIN, keep_id, &ids) <= 0);
	assert_int_equal(ids.count, 0);
}

static void
open_descriptors_are_counted(void **state)
{
	struct brood *brood = *state;
	int extra[8], before;
	pid_t with, without = bear(brood);

	for (int i = 0; i < 8; i++)
		extra[i] = dup(brood->gate[0]);
	with = bear(brood);
	before = procfs_fd_count(without);
	assert_true(before > 0);
	/* The child closes an end; that is when it is there. */
	for (uint64_t deadline = helper_now() + HELPER_PATIENCE_MS * HELPER_MS;
	     procfs_fd_count(with) != procfs_fd_count(without) + 8;) {
		assert_true(helper_now() < deadline);
		poll(NULL, 0, 1);
	}
	for (int i = 0; i < 8; i++)
		close(extra[i]);
}

/* ---- what we may not see ---- */

static int
look_as_nobody(pid_t zombie)
{
	struct procfs_syscall call;
	uint64_t calls;
	int status;

	if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
		return 1;
	if (procfs_read_syscall(getppid(), getppid(), &call) != -EACCES)
		return 2;
	if (procfs_read_io(getppid(), getppid(), &calls) != -EACCES)
		return 3;
	if (procfs_fd_count(getppid()) != -EACCES)
		return 4;
	/* The kernel says 0 to us, which would be a lie. */
	return procfs_zombie_status(zombie, &status) == -EACCES ? 0 : 5;
}

static void
what_is_another_user_s_is_refused_not_invented(void **state)
{
	pid_t zombie, pid;
	int status;

	if (geteuid() != 0)
		skip_because("needs root to become another user");
	zombie = bear_zombie(*state, 9, 0);
	pid = fork();
	if (pid == 0)
		_exit(look_as_nobody(zombie));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static const struct helper_role roles[] = {
    {"@family", play_family},
    {"@headless", play_headless},
    {NULL, NULL},
};

#define WITH_CREW(test) \
	cmocka_unit_test_setup_teardown(test, open_crew, close_crew)
#define WITH_BROOD(test) \
	cmocka_unit_test_setup_teardown(test, open_brood, close_brood)
#define WITH_HELPER(test) \
	cmocka_unit_test_setup_teardown(test, open_helper, close_helper)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(schedstat_is_run_wait_and_slices),
	    cmocka_unit_test(schedstat_that_is_cut_or_odd_is_refused),
	    cmocka_unit_test(syscall_is_a_number_and_its_arguments),
	    cmocka_unit_test(syscall_may_say_running_or_asleep_elsewhere),
	    cmocka_unit_test(syscall_that_is_cut_or_odd_is_refused),
	    cmocka_unit_test(io_is_the_sum_of_reads_and_writes),
	    cmocka_unit_test(a_zombie_has_its_status_in_the_last_field),
	    cmocka_unit_test(a_name_cannot_pretend_to_be_a_zombie),
	    cmocka_unit_test(a_process_with_threads_left_is_no_zombie),
	    cmocka_unit_test(a_cut_line_of_stat_gives_no_status),
	    cmocka_unit_test(the_clock_of_a_process_counts_its_cpu),
	    cmocka_unit_test(a_thread_s_figures_grow_as_it_works),
	    cmocka_unit_test(a_thread_s_reads_and_writes_are_counted),
	    cmocka_unit_test(a_name_is_read_whole_whatever_it_is),
	    WITH_CREW(threads_are_listed_and_counted),
	    WITH_CREW(a_waiting_thread_is_seen_in_its_call),
	    WITH_CREW(a_working_thread_is_running),
	    WITH_CREW(figures_kept_open_say_when_the_thread_is_gone),
	    WITH_BROOD(children_are_listed_zombies_too),
	    WITH_BROOD(nine_hundred_children_are_all_listed),
	    WITH_BROOD(children_are_those_of_the_thread_that_forked),
	    WITH_BROOD(a_zombie_tells_how_it_ended_until_it_is_fetched),
	    WITH_BROOD(a_zombie_has_a_clock_and_one_thread),
	    cmocka_unit_test(of_a_process_that_is_gone_all_say_so),
	    WITH_HELPER(descendants_are_found_to_the_last_generation),
	    WITH_HELPER(zombies_are_no_descendants),
	    WITH_HELPER(a_process_whose_main_thread_has_ended_lives),
	    cmocka_unit_test(nobody_descends_from_a_pid_that_cannot_be),
	    WITH_BROOD(open_descriptors_are_counted),
	    WITH_BROOD(what_is_another_user_s_is_refused_not_invented),
	};

	helper_play(argc, argv, roles);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
