/* The rules of cluster: who gets which connection (Node's documentation:
 * "Cluster", "How it works"). */
#include "rules_cluster.h"

#include <unistd.h>

/* ---- 68, 71: one client after the other ---- */

enum { ASKS = 6 };

static int port, asked, asks;
static char answers[64];
static bool stays;

static void
go(void)
{
	rules_say("%s", answers);
	cluster_disconnect(&cluster);
	uv_stop(&loop.uv);
}

static void
ask_next(const char *text, int error)
{
	if (*text || error) {
		strcat(answers, *answers ? " " : "");
		strcat(answers, error ? uv_err_name(error) : text);
	}
	if (asked++ == asks)
		go();
	else
		client_start(port, stays, ask_next);
}

/* Each is forked when the one before it listens: so their order is known. */
static void
fork_next(struct cluster *of, struct cluster_worker *worker,
          const struct cluster_address *address)
{
	(void)of;
	port = address->port;
	if (worker->id < 3)
		fork_one();
	else
		ask_next("", 0);
}

static void
in_the_order_of_becoming_free(void)
{
	static const struct cluster_events events = {.listening = fork_next};

	asks = ASKS;
	cluster_run(&events, "serve", 1);
}

/* The first is full after one: what it refuses goes to the others. */
static void
full_passes_on(void)
{
	static const struct cluster_events events = {.listening = fork_next};

	asks = ASKS;
	stays = true;
	cluster_run(&events, "full", 1);
}

/* ---- 69 ---- */

static int listenings, first_port;

static void
compare_port(struct cluster *of, struct cluster_worker *worker,
             const struct cluster_address *address)
{
	(void)worker;
	if (listenings++ == 0)
		first_port = address->port;
	else
		rules_say("%s %s", yes(address->port == first_port),
		          yes(first_port > 0));
	if (listenings == 3)
		cluster_disconnect(of);
}

static void
any_port_is_one_port(void)
{
	static const struct cluster_events events = {.listening = compare_port};

	cluster_run(&events, "serve", 3);
}

/* ---- 70 ---- */

static void
say_error(struct cluster *of, struct cluster_worker *worker, json_t *message,
          bool has_handle)
{
	(void)of;
	(void)worker;
	(void)has_handle;
	rules_say("%s", json_string_value(message));
}

static void
each_is_told_of_the_error(void)
{
	static const struct cluster_events events = {.message = say_error};
	static uv_tcp_t taken;
	struct sockaddr_in address;
	struct sockaddr_storage name;
	int size = sizeof(name);
	char text[16];

	cluster_begin(&events, "serve");
	uv_ip4_addr("127.0.0.1", 0, &address);
	uv_tcp_init(&loop.uv, &taken);
	uv_tcp_bind(&taken, (struct sockaddr *)&address, 0);
	uv_listen((uv_stream_t *)&taken, 1, NULL);
	uv_unref((uv_handle_t *)&taken);
	uv_tcp_getsockname(&taken, (struct sockaddr *)&name, &size);
	snprintf(text, sizeof(text), "%d",
	         ntohs(((struct sockaddr_in *)&name)->sin_port));
	setenv("PORT", text, 1);
	fork_one();
	fork_one();
	loop_run(&loop);
	loop_close(&loop);
}

/* ---- 72 ---- */

static void
ask_when_closed(const char *text, int error)
{
	rules_say("%s", error ? uv_err_name(error) : text);
}

static void
note_port(struct cluster *of, struct cluster_worker *worker,
          const struct cluster_address *address)
{
	(void)worker;
	port = address->port;
	if (++listenings == 2)
		cluster_disconnect(of);
}

static void
closed(struct cluster *of, const struct cluster_address *address)
{
	(void)of;
	(void)address;
	client_start(port, false, ask_when_closed);
}

static void
the_last_closes_the_port(void)
{
	static const struct cluster_events events = {
	    .listening = note_port,
	    .unbound = closed,
	};

	cluster_run(&events, "serve", 2);
}

/* Asks in a way that blocks the primary: only somebody else can answer. */
static const char *
ask_blocked(int type)
{
	struct sockaddr_in address;
	struct timeval limit = {.tv_sec = 10};
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	char byte = '?';
	bool answered;

	uv_ip4_addr("127.0.0.1", port, &address);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	answered =
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	    send(fd, &byte, 1, MSG_NOSIGNAL) == 1 && recv(fd, &byte, 1, 0) == 1;
	close(fd);
	return answered ? "answered" : "nobody";
}

static int socket_type;

static void
ask_when_both_listen(struct cluster *of, struct cluster_worker *worker,
                     const struct cluster_address *address)
{
	(void)worker;
	port = address->port;
	if (++listenings < 2)
		return;
	rules_say("%s", ask_blocked(socket_type));
	cluster_disconnect(of);
}

static const struct cluster_events blocked_events = {
    .listening = ask_when_both_listen,
};

static void
workers_accept(void)
{
	setenv("NODE_CLUSTER_SCHED_POLICY", "none", 1);
	socket_type = SOCK_STREAM;
	cluster_run(&blocked_events, "serve", 2);
}

static void
udp_is_shared(void)
{
	socket_type = SOCK_DGRAM;
	cluster_run(&blocked_events, "udp", 2);
}

/* A worker that answers with its id; `more` about its server s. */
#define SERVES(end, more) \
	"else {\n" \
	"  const s = net.createServer((c) => {\n" \
	"    c.on('error', () => {});\n" \
	"    c." end "(String(cluster.worker.id));\n" \
	"  });\n" more "  s.listen(0, '127.0.0.1');\n" \
	"}\n"

/* Six clients, one after the other, when three workers listen. */
#define ASKS_SIX(after) \
	"if (cluster.isPrimary) {\n" \
	"  const got = [];\n" \
	"  const ask = (port) => {\n" \
	"    const c = net.connect(port, '127.0.0.1');\n" \
	"    c.on('error', () => {});\n" \
	"    c.on('data', (d) => {\n" \
	"      got.push(+d);\n" after "      if (got.length < 6) ask(port);\n" \
	"      else { say(...got); process.exit(); }\n" \
	"    });\n" \
	"  };\n" \
	"  cluster.on('listening', (w, where) => {\n" \
	"    if (w.id < 3) cluster.fork(); else ask(where.port);\n" \
	"  });\n" \
	"  cluster.fork();\n" \
	"}\n"

/* Two workers; then a client in a process that the primary waits for. */
#define BLOCKED(client) \
	"if (cluster.isPrimary) {\n" \
	"  let n = 0;\n" \
	"  cluster.on('listening', (w, where) => {\n" \
	"    if (++n < 2) return;\n" \
	"    say(cp.execFileSync(process.execPath, ['-e', `" client "`," \
	" where.port]).toString());\n" \
	"    cluster.disconnect();\n" \
	"  });\n" \
	"  cluster.fork();\n" \
	"  cluster.fork();\n" \
	"}\n"

static const struct rule rules[] = {
    {
	.number = "cluster 68",
	.text = "round robin in the order in which workers became free",
	.expect = "1 2 3 1 2 3\n",
	.node = ASKS_SIX("      c.destroy();\n") SERVES("end", ""),
	.play = in_the_order_of_becoming_free,
    },
    {
	.number = "cluster 69",
	.text = "listen(0) in several workers: all get the same port",
	.expect = "true true\ntrue true\n",
	.node = "if (cluster.isPrimary) {\n"
		"  let n = 0, port;\n"
		"  cluster.on('listening', (w, where) => {\n"
		"    if (n++ === 0) port = where.port;\n"
		"    else say(where.port === port, port > 0);\n"
		"    if (n === 3) cluster.disconnect();\n"
		"  });\n"
		"  for (let i = 0; i < 3; i++) cluster.fork();\n"
		"}\n" SERVES("end", ""),
	.play = any_port_is_one_port,
    },
    {
	.number = "cluster 70",
	.text = "a bind error is told to each worker as its own",
	.expect = "EADDRINUSE\nEADDRINUSE\n",
	.node = "if (cluster.isPrimary) {\n"
		"  const taken = net.createServer();\n"
		"  taken.listen(0, '127.0.0.1', () => {\n"
		"    const PORT = taken.address().port;\n"
		"    taken.unref();\n"
		"    cluster.fork({ PORT });\n"
		"    cluster.fork({ PORT });\n"
		"  });\n"
		"  cluster.on('message', (w, m) => say(m));\n"
		"} else {\n"
		"  net.createServer().listen(process.env.PORT, '127.0.0.1')\n"
		"    .on('error', (e) => {\n"
		"      process.send(e.code);\n"
		"      process.disconnect();\n"
		"    });\n"
		"}\n",
	.play = each_is_told_of_the_error,
    },
    {
	.number = "cluster 71",
	.text = "maxConnections is reached: another worker gets it",
	.expect = "1 2 3 2 3 2\n",
	.node = ASKS_SIX("") SERVES(
	    "write", "  if (cluster.worker.id === 1) s.maxConnections = 1;\n"),
	.play = full_passes_on,
    },
    {
	.number = "cluster 72 rr",
	.text = "the primary's port closes when the last worker leaves",
	.expect = "ECONNREFUSED\n",
	.node = "if (cluster.isPrimary) {\n"
		"  let n = 0;\n"
		"  cluster.on('listening', (w, where) => {\n"
		"    if (++n < 2) return;\n"
		"    cluster.disconnect();\n"
		"    net.connect(where.port, '127.0.0.1')\n"
		"      .on('error', (e) => say(e.code));\n"
		"  });\n"
		"  cluster.fork();\n"
		"  cluster.fork();\n"
		"}\n" SERVES("end", ""),
	.play = the_last_closes_the_port,
    },
    {
	.number = "cluster 72 none",
	.text = "SCHED_NONE: workers accept while the primary is blocked",
	.expect = "answered\n",
	.node = "cluster.schedulingPolicy = cluster.SCHED_NONE;\n" BLOCKED(
	    "require('net').connect(process.argv[1], '127.0.0.1')"
	    ".on('data', () => { process.stdout.write('answered');"
	    " process.exit(); })") SERVES("end", ""),
	.play = workers_accept,
    },
    {
	.number = "cluster 72 udp",
	.text = "UDP is shared whatever the policy",
	.expect = "answered\n",
	.node = BLOCKED(
	    "const s = require('dgram').createSocket('udp4');"
	    "s.send('?', process.argv[1], '127.0.0.1');"
	    "s.on('message', () => { process.stdout.write('answered');"
	    " process.exit(); })") "else {\n"
				   "  const s = dgram.createSocket('udp4');\n"
				   "  s.on('message', (m, from) =>\n"
				   "    s.send('1', from.port));\n"
				   "  s.bind(0, '127.0.0.1');\n"
				   "}\n",
	.play = udp_is_shared,
    },
};

static const struct rule_role roles[] = {
    {"@worker", worker_play},
    {NULL, NULL},
};

int
main(int argc, char **argv)
{
	return rules_main(argc, argv, rules, sizeof(rules) / sizeof(*rules),
	                  roles);
}
