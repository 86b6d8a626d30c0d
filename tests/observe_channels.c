/* Channels: the parsers, the matching with made-up ends, and real ones. */
#include "observe_said.h"

#include "observe/channels_parts.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

/* ---- parsers ---- */

static void
links_are_read(void **state)
{
	static const char *const bad[] = {
	    "",          "pipe:",      "pipe:[]",
	    "pipe:[12",  "pipe:[12]x", "socket[1]",
	    "/tmp/file", "sock:[12]",  "anon_inode:[x]"};
	struct holding holding;

	(void)state;
	assert_true(holdings_parse_link("pipe:[12]", &holding));
	assert_int_equal(holding.kind, HOLDING_PIPE);
	assert_int_equal(holding.inode, 12);
	assert_true(holdings_parse_link("socket:[4294967295]", &holding));
	assert_int_equal(holding.kind, HOLDING_SOCKET);
	assert_int_equal(holding.inode, 4294967295u);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(holdings_parse_link(bad[i], &holding));
}

static void
maps_are_read(void **state)
{
	static const char *const bad[] = {
	    "",
	    "7f00-7f01",
	    "7f00-7f01 r--s 00000000 00:01 77 /memfd:x (deleted)\n",
	    "7f00-7f01 rw-p 00000000 00:01 77 /memfd:x (deleted)\n",
	    "7f00-7f01 rw-s 00000000 08:01 77 /var/cache/file\n",
	    "7f00-7f01 rw-s 00000000 00:01 0 \n",
	    "nonsense rw-s nonsense",
	};
	struct holding holding;

	(void)state;
	assert_true(holdings_parse_map(
	    "7f0000000000-7f0000010000 rw-s 00000000 00:01 77    "
	    "/memfd:ring (deleted)\n",
	    &holding));
	assert_int_equal(holding.kind, HOLDING_MEMORY);
	assert_int_equal(holding.kb, 64);
	assert_string_equal(holding.name, "memfd:ring");
	assert_true(holdings_parse_map("1000-2000 rw-s 0 00:05 9 "
	                               "/dev/shm/a-name-that-is-far-too-long\n",
	                               &holding));
	assert_int_equal(strlen(holding.name), sizeof(holding.name) - 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(holdings_parse_map(bad[i], &holding));
}

/* ---- matching ---- */

static int
no_node(void *data, pid_t pid)
{
	(void)data;
	(void)pid;
	return -1;
}

static int
node_at_three(void *data, pid_t pid)
{
	(void)data;
	return pid == 12 ? 3 : -1;
}

static bool
eleven_is_the_parent(void *data, pid_t pid, pid_t of)
{
	(void)data;
	return pid != 11 && of == 11;
}

static void
pair_of_sockets(struct unix_socket sockets[2])
{
	memset(sockets, 0, 2 * sizeof(*sockets));
	sockets[0].inode = sockets[1].peer = 70;
	sockets[1].inode = sockets[0].peer = 60;
	sockets[0].queued = 5;
}

static void
a_socketpair_joins_two(void **state)
{
	struct holding rows[] = {
	    {HOLDING_SOCKET, 60, 12, 3, false, false, 0, ""},
	    {HOLDING_SOCKET, 70, 11, 9, false, false, 0, ""},
	    {HOLDING_SOCKET, 80, 12, 4, false, false, 0, ""},
	};
	struct unix_socket sockets[2];
	struct channels_seen seen = {
	    .holdings = {rows, 3, 3},
	    .unixes = sockets,
	    .unix_count = 2,
	    .node_fd = no_node,
	    .is_child = eleven_is_the_parent,
	};
	struct found_channels found = {0};

	(void)state;
	pair_of_sockets(sockets);
	channels_find(&seen, &found);
	assert_int_equal(found.count, 1);
	assert_int_equal(found.rows[0].type, CHANNEL_SOCKET);
	assert_int_equal(found.rows[0].a, 11);
	assert_int_equal(found.rows[0].b, 12);
	assert_int_equal(found.rows[0].to_a, 5);
	seen.node_fd = node_at_three;
	channels_find(&seen, &found);
	assert_int_equal(found.count, 1);
	assert_int_equal(found.rows[0].type, CHANNEL_IPC);
	assert_int_equal(found.rows[0].id, channel_id(CHANNEL_IPC, 11, 12));
	free(found.rows);
}

static int
both_at_three(void *data, pid_t pid)
{
	(void)data;
	return pid == 12 || pid == 13 ? 3 : -1;
}

static bool
one_below_the_other(void *data, pid_t pid, pid_t of)
{
	(void)data;
	return pid == of + 1;
}

/* A shell stands between parent and child, and holds the child's end too: that
 * is one channel, named by who is the parent's child. */
static void
a_shell_makes_no_second_channel(void **state)
{
	struct holding rows[] = {
	    {HOLDING_SOCKET, 60, 12, 3, false, false, 0, ""},
	    {HOLDING_SOCKET, 60, 13, 3, false, false, 0, ""},
	    {HOLDING_SOCKET, 70, 11, 9, false, false, 0, ""},
	};
	struct unix_socket sockets[2];
	struct channels_seen seen = {
	    .holdings = {rows, 3, 3},
	    .unixes = sockets,
	    .unix_count = 2,
	    .node_fd = both_at_three,
	    .is_child = one_below_the_other,
	};
	struct found_channels found = {0};

	(void)state;
	pair_of_sockets(sockets);
	channels_find(&seen, &found);
	assert_int_equal(found.count, 1);
	assert_int_equal(found.rows[0].id, channel_id(CHANNEL_IPC, 11, 12));
	/* The shell is gone: its child is what is left. */
	rows[0] = rows[2];
	seen.holdings.count = 2;
	channels_find(&seen, &found);
	assert_int_equal(found.count, 1);
	assert_int_equal(found.rows[0].id, channel_id(CHANNEL_IPC, 11, 13));
	free(found.rows);
}

static void
nothing_matches_nothing(void **state)
{
	struct channels_seen seen = {.node_fd = no_node};
	struct found_channels found = {0};

	(void)state;
	channels_find(&seen, &found);
	assert_int_equal(found.count, 0);
	free(found.rows);
}

/* A pipe that a whole family inherited: no more pairs than are of use. */
static void
a_crowd_is_cut(void **state)
{
	struct holding rows[100];
	struct channels_seen seen = {
	    .holdings = {rows, 100, 100},
	    .node_fd = no_node,
	    .is_child = eleven_is_the_parent,
	};
	struct found_channels found = {0};

	(void)state;
	for (int i = 0; i < 100; i++)
		rows[i] = (struct holding){HOLDING_PIPE, 1,    100 + i, i,
		                           true,         true, 0,       ""};
	channels_find(&seen, &found);
	assert_true(found.count > 0 && found.count <= 64);
	free(found.rows);
}

/* Three connections of two clients to a server, one client from elsewhere. */
static void
connections_are_counted_by_client(void **state)
{
	struct holding rows[] = {
	    {HOLDING_SOCKET, 1, 11, 3, false, false, 0, ""},
	    {HOLDING_SOCKET, 2, 11, 4, false, false, 0, ""},
	    {HOLDING_SOCKET, 3, 11, 5, false, false, 0, ""},
	    {HOLDING_SOCKET, 4, 11, 6, false, false, 0, ""},
	    {HOLDING_SOCKET, 5, 12, 4, false, false, 0, ""},
	    {HOLDING_SOCKET, 6, 12, 5, false, false, 0, ""},
	};
	struct tcp_socket sockets[] = {
	    {.inode = 1, .listens = true, .port = 80, .queued = 2, .room = 9},
	    {.inode = 2, .port = 80, .other_port = 5001, .queued = 10},
	    {.inode = 3, .port = 80, .other_port = 5002, .queued = 1},
	    {.inode = 4, .port = 80, .other_port = 5003},
	    {.inode = 5, .port = 5001, .other_port = 80},
	    {.inode = 6, .port = 5002, .other_port = 80, .queued = 7},
	};
	struct channels_seen seen = {
	    .holdings = {rows, 6, 6},
	    .tcps = sockets,
	    .tcp_count = 6,
	    .node_fd = no_node,
	    .is_child = eleven_is_the_parent,
	};
	struct found_channels found = {0};
	int inside = 0, outside = 0, listens = 0;

	(void)state;
	channels_find(&seen, &found);
	assert_int_equal(found.count, 3);
	for (int i = 0; i < 3; i++) {
		const struct found_channel *channel = &found.rows[i];

		assert_int_equal(channel->a, 11);
		assert_int_equal(channel->port, 80);
		if (channel->type == CHANNEL_LISTEN) {
			listens++;
			assert_int_equal(channel->to_a, 2);
			assert_int_equal(channel->to_b, 9);
		} else if (channel->b == 12) {
			inside += (int)channel->count;
			assert_int_equal(channel->to_a, 11);
			assert_int_equal(channel->to_b, 7);
		} else {
			outside += (int)channel->count;
		}
	}
	assert_int_equal(listens, 1);
	assert_int_equal(inside, 2);
	assert_int_equal(outside, 1);
	free(found.rows);
}

/* ---- real ones ---- */

enum { WORDS = 11 };

/* The other end of everything; it ends when its parent does. */
static void
be_other(const int *pipe_ends, int memory, int port)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int client = socket(AF_INET, SOCK_STREAM, 0);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(pipe_ends[1]);
	mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	if (connect(client, (struct sockaddr *)&address, sizeof(address)) ||
	    write(client, "unread text", WORDS) != WORDS)
		_exit(1);
	helper_say(getpid());
	for (;;)
		pause();
}

/* A child with NODE_CHANNEL_FD in its environment, as Node starts one. */
static pid_t
start_node_child(int channel)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(channel, 3);
	setenv("NODE_CHANNEL_FD", "3", 1);
	execlp("sleep", "sleep", "100", NULL);
	_exit(127);
}

/* Says: its port; the pid of the other end and, as a negative number, that of
 * Node's child, in no fixed order. */
static void
play_talker(void)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int memory = memfd_create("ring", 0), ends[2], channel[2];

	bind(listener, (struct sockaddr *)&address, sizeof(address));
	listen(listener, 5);
	getsockname(listener, (struct sockaddr *)&address, &size);
	helper_say(ntohs(address.sin_port));
	if (pipe(ends) || ftruncate(memory, 65536))
		_exit(1);
	mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	if (fork() == 0)
		be_other(ends, memory, ntohs(address.sin_port));
	close(ends[0]);
	/* Not before the listener has it: accepted it is ours. */
	dup2(accept(listener, NULL, NULL), 40);
	socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel);
	helper_say(-start_node_child(channel[1]));
	close(channel[1]);
	while (helper_hear() != 'q')
		;
}

static const struct helper_role roles[] = {
    {"@talker", play_talker},
    {NULL, NULL},
};

/* The channel of a type between two; awaited. */
static const struct said *
await_channel(struct watching *watching, enum channel_type type, pid_t a,
              pid_t b)
{
	uint64_t deadline = helper_now() + HELPER_PATIENCE_MS * HELPER_MS;
	const struct said *said = NULL;

	while (helper_now() < deadline) {
		while ((said = said_next(watching, said, EVENT_CHANNEL_BORN, a,
		                         0)) != NULL)
			if (said->event.number == type &&
			    said->event.other_pid == (uint32_t)b)
				return said;
		watching_round(watching);
	}
	said_print(watching);
	fail_msg("no %s between %d and %d", event_channel_name(type), (int)a,
	         (int)b);
	return NULL;
}

static void
all_kinds_are_found(void **state)
{
	struct watching *watching = *state;
	const struct said *born, *queue = NULL;
	pid_t talker, other = 0, node = 0;
	uint64_t tcp;
	int64_t port;

	helper_start(&watching->helper, "@talker");
	talker = watching->helper.pid;
	port = helper_answer(&watching->helper);
	for (int i = 0; i < 2; i++) {
		int64_t pid = helper_answer(&watching->helper);

		if (pid < 0)
			node = (pid_t)-pid;
		else
			other = (pid_t)pid;
	}
	assert_int_equal(observe_watch(watching->observe, talker, BIRTH_SEEN),
	                 0);
	await_channel(watching, CHANNEL_LISTEN, talker, 0);
	born = await_channel(watching, CHANNEL_SOCKET, talker, other);
	assert_int_equal(born->event.value, port);
	tcp = born->event.channel;
	await_channel(watching, CHANNEL_PIPE, talker, other);
	born = await_channel(watching, CHANNEL_SHM, talker, other);
	assert_string_equal(born->text, "memfd:ring 64 KB");
	await_channel(watching, CHANNEL_IPC, talker, node);
	do {
		queue = said_next(watching, queue, EVENT_CHANNEL_QUEUE, 0, 0);
		assert_non_null(queue);
	} while (queue->event.channel != tcp);
	assert_int_equal(queue->event.number, WORDS);
	assert_int_equal(queue->event.value, 1);
	/* They end with their holder. */
	kill(other, SIGKILL);
	while (!said_next(watching, NULL, EVENT_CHANNEL_DIED, talker, 0))
		watching_round(watching);
}

/* How much it costs is printed, not asserted. */
static void
a_look_has_a_price(void **state)
{
	struct watching *watching = *state;
	uint64_t from;

	helper_start(&watching->helper, "@talker");
	for (int i = 0; i < 3; i++)
		helper_answer(&watching->helper);
	observe_watch(watching->observe, watching->helper.pid, BIRTH_SEEN);
	from = helper_clock(CLOCK_THREAD_CPUTIME_ID);
	for (int i = 0; i < 50; i++)
		channels_look(watching->observe, helper_now());
	print_message(
	    "a look at %d processes: %.2f ms of CPU\n",
	    observe_alive(watching->observe),
	    (double)(helper_clock(CLOCK_THREAD_CPUTIME_ID) - from) / 50e6);
}

/* Born and not yet dead. */
static int
count_open(const struct watching *watching, enum channel_type type)
{
	const struct said *born = NULL;
	int count = 0;

	while ((born = said_next(watching, born, EVENT_CHANNEL_BORN, 0, 0))) {
		const struct said *died = born;

		if (born->event.number != type)
			continue;
		while ((died = said_next(watching, died, EVENT_CHANNEL_DIED, 0,
		                         0)) != NULL)
			if (died->event.channel == born->event.channel)
				break;
		count += !died;
	}
	return count;
}

/* Eleven processes with some ninety ends, as a cluster of Node's has them;
 * again the price is only printed. */
static void
a_cluster_of_node_is_understood(void **state)
{
	static const char script[] =
	    "const c = require('cluster'), p = require('child_process');"
	    "if (c.isPrimary) {"
	    "  for (let i = 0; i < 6; i++) c.fork();"
	    "  for (let i = 0; i < 4; i++) p.spawn('cat');"
	    "} else require('http').createServer().listen(0);";
	char path[] = "/tmp/looptop-cluster-XXXXXX.js";
	char *const argv[] = {(char *)"node", path, NULL};
	int file;
	struct watching *watching = *state;
	struct observe *observe = watching->observe;
	int ends = 0;
	uint64_t from;

	if (system("command -v node >/dev/null"))
		skip_because("node is not installed");
	file = mkstemps(path, 3);
	assert_int_equal(write(file, script, sizeof(script) - 1),
	                 sizeof(script) - 1);
	close(file);
	helper_start_program(&watching->helper, argv);
	observe_watch(observe, watching->helper.pid, BIRTH_RUN);
	from = helper_now();
	while (count_open(watching, CHANNEL_IPC) != 6 ||
	       count_open(watching, CHANNEL_SOCKET) < 4 * 3) {
		assert_true(helper_now() - from <
		            HELPER_PATIENCE_MS * HELPER_MS);
		watching_round(watching);
	}
	unlink(path);
	for (int i = 0; i < observe->channels->keeper_count; i++)
		ends += observe->channels->keepers[i].descriptors.count;
	from = helper_clock(CLOCK_THREAD_CPUTIME_ID);
	for (uint64_t i = 0; i < 20; i++)
		channels_look(observe, helper_now() + i * 1000 * HELPER_MS);
	print_message(
	    "a look at %d processes with %d ends: %.2f ms of CPU\n",
	    observe_alive(observe), ends,
	    (double)(helper_clock(CLOCK_THREAD_CPUTIME_ID) - from) / 20e6);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, watching_setup, watching_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(links_are_read),
	    cmocka_unit_test(maps_are_read),
	    cmocka_unit_test(a_socketpair_joins_two),
	    cmocka_unit_test(a_shell_makes_no_second_channel),
	    cmocka_unit_test(nothing_matches_nothing),
	    cmocka_unit_test(a_crowd_is_cut),
	    cmocka_unit_test(connections_are_counted_by_client),
	    TEST(all_kinds_are_found),
	    TEST(a_look_has_a_price),
	    TEST(a_cluster_of_node_is_understood),
	};

	helper_play(argc, argv, roles);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
