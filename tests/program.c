#include "program.h"

#include "test.h"
#include "tty/grid.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ARGS_MAX = 32, FILES = 8, ORPHAN_MS = 30000 };

static char config_home[160] = "XDG_CONFIG_HOME=/nonexistent";

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

const char *
program_path(void)
{
	const char *path = getenv("LOOPTOP");

	return path ? path : "build/looptop";
}

static void
new_mark(char mark[64])
{
	static int serial;

	snprintf(mark, 64, "LOOPTOP_MARK=%d-%d", (int)getpid(), ++serial);
}

/* ---- without a terminal ---- */

static void
become(struct program *program, const char *const *args, int out, int err)
{
	const char *argv[ARGS_MAX + 2] = {program_path()};
	int null = open("/dev/null", O_RDONLY);

	for (int i = 0; args[i] && i < ARGS_MAX; i++)
		argv[i + 1] = args[i];
	putenv(program->mark);
	putenv(config_home);
	setsid();
	dup2(null, 0);
	dup2(out, 1);
	dup2(err, 2);
	execv(argv[0], (char *const *)argv);
	_exit(99);
}

void
program_start(struct program *program, const char *const *args)
{
	int out[2], err[2];

	memset(program, 0, sizeof(*program));
	new_mark(program->mark);
	assert_return_code(pipe2(out, O_CLOEXEC), errno);
	assert_return_code(pipe2(err, O_CLOEXEC), errno);
	program->pid = fork();
	if (program->pid == 0)
		become(program, args, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	program->out_fd = out[0];
	program->err_fd = err[0];
}

/* Adds what there is to *text; false: end of file. */
static bool
take(int fd, char **text, size_t *size)
{
	ssize_t got;

	*text = realloc(*text, *size + 65537);
	got = read(fd, *text + *size, 65536);
	if (got > 0)
		*size += (size_t)got;
	(*text)[*size] = '\0';
	return got > 0;
}

void
program_wait(struct program *program)
{
	struct pollfd fds[2] = {{.fd = program->out_fd, .events = POLLIN},
	                        {.fd = program->err_fd, .events = POLLIN}};
	int64_t end = now_ms() + PROGRAM_MS;
	size_t sizes[2] = {0, 0};
	int status;

	program->out = calloc(1, 1);
	program->err = calloc(1, 1);
	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		int64_t left = end - now_ms();

		if (left <= 0 || poll(fds, 2, (int)left) <= 0) {
			kill(program->pid, SIGKILL);
			fail_msg("it did not end in %d ms", PROGRAM_MS);
		}
		if (fds[0].revents &&
		    !take(fds[0].fd, &program->out, &sizes[0]))
			fds[0].fd = -1;
		if (fds[1].revents &&
		    !take(fds[1].fd, &program->err, &sizes[1]))
			fds[1].fd = -1;
	}
	close(program->out_fd);
	close(program->err_fd);
	waitpid(program->pid, &status, 0);
	program->status =
	    WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void
program_run(struct program *program, const char *const *args)
{
	program_start(program, args);
	program_wait(program);
}

void
program_free(struct program *program)
{
	free(program->out);
	free(program->err);
	program->out = program->err = NULL;
}

/* ---- orphans ---- */

static bool
has_mark(const char *pid, const char *mark)
{
	char path[64], *environment;
	size_t size = 0, room = 1 << 18;
	bool found;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%.20s/environ", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	environment = malloc(room);
	size = fread(environment, 1, room, file);
	fclose(file);
	found = memmem(environment, size, mark, strlen(mark) + 1) != NULL;
	free(environment);
	return found;
}

static int
count_marked(const char *mark, char *names, size_t room)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int count = 0;

	*names = '\0';
	while ((entry = readdir(proc)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    atoi(entry->d_name) == getpid() ||
		    !has_mark(entry->d_name, mark))
			continue;
		count++;
		strncat(names, " ", room - strlen(names) - 1);
		strncat(names, entry->d_name, room - strlen(names) - 1);
	}
	closedir(proc);
	return count;
}

void
program_assert_no_orphans(const char *mark)
{
	int64_t end = now_ms() + ORPHAN_MS;
	char names[256];

	while (count_marked(mark, names, sizeof(names)) > 0) {
		if (now_ms() > end)
			fail_msg("left behind:%s", names);
		poll(NULL, 0, 20);
	}
}

/* ---- on a terminal ---- */

void
program_start_tty(struct tty *tty, char mark[64], const char *const *args,
                  int rows, int cols, const char *const *env)
{
	const char *argv[ARGS_MAX + 2] = {program_path()};
	const char *environment[ARGS_MAX + 3] = {mark, config_home};
	struct tty_options options = {
	    .argv = argv, .env = environment, .rows = rows, .cols = cols};

	new_mark(mark);
	for (int i = 0; args && args[i] && i < ARGS_MAX; i++)
		argv[i + 1] = args[i];
	for (int i = 0; env && env[i] && i < ARGS_MAX; i++)
		environment[i + 2] = env[i];
	assert_int_equal(tty_start(tty, &options), 0);
}

static void
show(struct tty *tty, const char *what, const char *text, int error)
{
	struct grid grid;
	char *screen;

	if (grid_take(&grid, tty))
		fail_msg("%s \"%s\": %s", what, text, strerror(-error));
	screen = grid_text(&grid);
	print_error("%s", screen);
	free(screen);
	grid_free(&grid);
	fail_msg("%s \"%s\": %s; the screen is above", what, text,
	         strerror(-error));
}

void
program_expect(struct tty *tty, const char *text)
{
	int error = tty_wait_text(tty, text, PROGRAM_MS);

	if (error)
		show(tty, "never shown:", text, error);
}

void
program_expect_gone(struct tty *tty, const char *text)
{
	int error = tty_wait_gone(tty, text, PROGRAM_MS);

	if (error)
		show(tty, "still shown:", text, error);
}

/* ---- JSON lines ---- */

json_t *
program_lines(const struct program *program)
{
	json_t *lines = json_array();
	const char *at = program->out;

	while (*at) {
		size_t length = strcspn(at, "\n");
		json_error_t error;
		json_t *line = json_loadb(at, length, 0, &error);

		if (!line || at[length] != '\n')
			fail_msg("no JSON line: %.*s", (int)length, at);
		json_array_append_new(lines, line);
		at += length + 1;
	}
	return lines;
}

json_t *
program_line(json_t *lines, const char *kind, size_t n)
{
	size_t i;
	json_t *line;

	json_array_foreach(lines, i, line)
	{
		const char *text =
		    json_string_value(json_object_get(line, "kind"));

		if (text && strcmp(text, kind) == 0 && n-- == 0)
			return line;
	}
	return NULL;
}

/* ---- files ---- */

static char directory[] = "/tmp/looptop-test-XXXXXX";
static char files[FILES][128];
static int file_count;

static void
remove_files(void)
{
	char command[160];

	snprintf(command, sizeof(command), "rm -rf %s", directory);
	if (system(command))
		perror(directory);
}

static void
need_directory(void)
{
	if (access(directory, F_OK) == 0)
		return;
	assert_non_null(mkdtemp(directory));
	atexit(remove_files);
}

const char *
program_file(const char *name, const char *text)
{
	char *path = files[file_count++ % FILES];
	FILE *file;

	need_directory();
	snprintf(path, sizeof(files[0]), "%s/%s", directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	return path;
}

const char *
program_config(const char *text)
{
	char folder[128];

	if (!text) {
		strcpy(config_home, "XDG_CONFIG_HOME=/nonexistent");
		return NULL;
	}
	need_directory();
	snprintf(folder, sizeof(folder), "%s/looptop", directory);
	mkdir(folder, 0700);
	snprintf(config_home, sizeof(config_home), "XDG_CONFIG_HOME=%s",
	         directory);
	return program_file("looptop/config", text);
}

bool
program_has_node(void)
{
	return system("command -v node >/dev/null") == 0;
}

bool
program_has_agents_node(void)
{
	return system("node -e 'process.exit(parseInt(process.versions.node) "
	              ">= 20 ? 0 : 1)' 2>/dev/null") == 0;
}
