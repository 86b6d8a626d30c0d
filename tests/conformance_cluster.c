/* The rules of cluster: settings, life of a worker (Node's documentation:
 * "Cluster"). The ports: conformance_cluster_ports. */
#include "rules_cluster.h"

#include <unistd.h>

/* ---- 57 ---- */

static void
first_facts(void)
{
	static const struct cluster_events none = {0};
	char *settings;

	loop_open(&loop, ROLE_MAIN, 0, "primary");
	cluster_init(&cluster, &loop, &none);
	settings = json_dumps(cluster.settings, JSON_COMPACT);
	rules_say("%s %s %s %d", yes(!getenv("NODE_UNIQUE_ID")), settings,
	          cluster.workers ? "workers" : "{}", (int)cluster.policy);
	free(settings);
	cluster_run(&none, "who", 1);
}

/* ---- 58 ---- */

static void
say_setup(struct cluster *of, const json_t *settings)
{
	json_t *args = json_object_get(settings, "args");
	json_t *silent = json_object_get(settings, "silent");

	(void)of;
	rules_say("setup %s %s", json_string_value(json_array_get(args, 0)),
	          yes(json_is_true(silent)));
}

static void
setup_merges(void)
{
	static const struct cluster_events events = {.setup = say_setup};
	const struct cluster_settings silent = {.silent = CLUSTER_SILENT};

	cluster_begin(&events, "exit");
	cluster_setup(&cluster, &silent);
	fork_one();
	rules_say("returned");
	loop_run(&loop);
	loop_close(&loop);
}

/* ---- 59 ---- */

static const char *
state_of(const struct cluster_worker *worker)
{
	static const char *const names[] = {"none", "online", "listening",
	                                    "disconnected", "dead"};

	return names[worker->state];
}

static void
state_fork(struct cluster *of, struct cluster_worker *worker)
{
	(void)of;
	rules_say("fork %s", state_of(worker));
}

static void
state_online(struct cluster *of, struct cluster_worker *worker)
{
	(void)of;
	rules_say("online %s", state_of(worker));
}

static void
state_message(struct cluster *of, struct cluster_worker *worker,
              json_t *message, bool has_handle)
{
	(void)of;
	(void)worker;
	(void)has_handle;
	rules_say("message %s", json_string_value(message));
}

static void
state_listening(struct cluster *of, struct cluster_worker *worker,
                const struct cluster_address *address)
{
	(void)of;
	(void)address;
	rules_say("listening %s", state_of(worker));
	cluster_worker_disconnect(worker);
}

static void
state_disconnect(struct cluster *of, struct cluster_worker *worker)
{
	(void)of;
	rules_say("disconnect %s", state_of(worker));
}

static void
state_exit(struct cluster *of, struct cluster_worker *worker, int code,
           int number)
{
	(void)of;
	(void)code;
	(void)number;
	rules_say("exit %s", state_of(worker));
}

static void
fork_and_states(void)
{
	static const struct cluster_events events = {
	    .fork = state_fork,
	    .online = state_online,
	    .message = state_message,
	    .listening = state_listening,
	    .disconnect = state_disconnect,
	    .exit = state_exit,
	};
	const char *const env[] = {"B=2", "C=3", NULL};
	int error;

	setenv("A", "1", 1);
	setenv("B", "1", 1);
	cluster_begin(&events, "env");
	cluster_fork(&cluster, env, &error);
	rules_say("returned");
	loop_run(&loop);
	loop_close(&loop);
}

/* ---- 60 ---- */

/* The same callbacks, for who listens to the worker and to the cluster. */
#define LISTENER(who, text) \
	static void who##_online(struct cluster *of, \
	                         struct cluster_worker *worker) \
	{ \
		(void)of; \
		(void)worker; \
		rules_say(text " online"); \
	} \
	static void who##_message(struct cluster *of, \
	                          struct cluster_worker *worker, \
	                          json_t *message, bool has_handle) \
	{ \
		(void)of; \
		(void)worker; \
		(void)message; \
		(void)has_handle; \
		rules_say(text " message"); \
	} \
	static void who##_listening(struct cluster *of, \
	                            struct cluster_worker *worker, \
	                            const struct cluster_address *address) \
	{ \
		(void)of; \
		(void)worker; \
		rules_say(text " listening %d %s %s", address->type, \
		          address->address, yes(address->port > 0)); \
	} \
	static void who##_disconnect(struct cluster *of, \
	                             struct cluster_worker *worker) \
	{ \
		(void)of; \
		(void)worker; \
		rules_say(text " disconnect"); \
	} \
	static void who##_exit(struct cluster *of, \
	                       struct cluster_worker *worker, int code, \
	                       int number) \
	{ \
		(void)of; \
		(void)worker; \
		rules_say(text " exit %d %d", code, number); \
	} \
	static const struct cluster_events who##_events = { \
	    .online = who##_online, \
	    .message = who##_message, \
	    .listening = who##_listening, \
	    .disconnect = who##_disconnect, \
	    .exit = who##_exit, \
	};

LISTENER(one, "worker")
LISTENER(all, "cluster")

static void
all_listening_and_go(struct cluster *of, struct cluster_worker *worker,
                     const struct cluster_address *address)
{
	all_listening(of, worker, address);
	cluster_worker_disconnect(worker);
}

static void
the_worker_first(void)
{
	struct cluster_events events = all_events;

	events.listening = all_listening_and_go;
	cluster_begin(&events, "env");
	fork_one()->events = &one_events;
	loop_run(&loop);
	loop_close(&loop);
}

/* ---- 74 ---- */

static void
again_play(int argc, char **argv)
{
	static const struct cluster_events none = {0};

	if (getenv("NODE_UNIQUE_ID")) {
		rules_say("worker %s", argc > 2 ? argv[2] : "");
		return;
	}
	rules_say("primary %s", argc > 2 ? argv[2] : "");
	loop_open(&loop, ROLE_MAIN, 0, "primary");
	cluster_init(&cluster, &loop, &none);
	fork_one();
	loop_run(&loop);
	loop_close(&loop);
}

static void
again_by_itself(void)
{
	execl("/proc/self/exe", "rule", "@again", "x", (char *)NULL);
}

#define WORKER_LISTENS \
	"net.createServer((c) => c.end(String(cluster.worker.id)))" \
	".listen(0, '127.0.0.1');\n"

static const struct rule rules[] = {
    {
	.number = "cluster 57",
	.text = "isPrimary, ids from 1, no settings and workers at first, RR",
	.expect = "true {} {} 2\nworker true 1\n",
	.node = "if (cluster.isPrimary) {\n"
		"  say(cluster.isPrimary, JSON.stringify(cluster.settings),\n"
		"    JSON.stringify(cluster.workers),\n"
		"    cluster.schedulingPolicy);\n"
		"  cluster.fork();\n"
		"} else {\n"
		"  say('worker', cluster.isWorker, cluster.worker.id);\n"
		"  cluster.worker.disconnect();\n"
		"}\n",
	.play = first_facts,
    },
    {
	.number = "cluster 58",
	.text = "setupPrimary merges; 'setup' later, each time, by fork too",
	.expect = "returned\nsetup exit false\nsetup exit true\n"
		  "setup exit true\n",
	.node =
	    "if (cluster.isPrimary) {\n"
	    "  cluster.on('setup', (s) => say('setup', s.args, s.silent));\n"
	    "  cluster.setupPrimary({ args: ['exit'] });\n"
	    "  cluster.setupPrimary({ silent: true });\n"
	    "  cluster.fork();\n"
	    "  say('returned');\n"
	    "} else process.exit(3);\n",
	.play = setup_merges,
    },
    {
	.number = "cluster 59",
	.text = "fork(env): over ours, the id unset; 'fork' later; the states",
	.expect = "returned\nfork none\nonline online\n"
		  "message 1 2 3 undefined\nlistening listening\n"
		  "disconnect disconnected\nexit dead\n",
	.node = "if (cluster.isPrimary) {\n"
		"  process.env.A = process.env.B = '1';\n"
		"  for (const e of ['fork', 'online', 'disconnect', 'exit'])\n"
		"    cluster.on(e, (w) => say(e, w.state));\n"
		"  cluster.on('message', (w, m) => say('message', m));\n"
		"  cluster.on('listening', (w) => {\n"
		"    say('listening', w.state);\n"
		"    w.disconnect();\n"
		"  });\n"
		"  cluster.fork({ B: '2', C: '3' });\n"
		"  say('returned');\n"
		"} else {\n"
		"  const e = process.env;\n"
		"  process.send([e.A, e.B, e.C, String(e.NODE_UNIQUE_ID)]\n"
		"    .join(' '));\n" WORKER_LISTENS "}\n",
	.play = fork_and_states,
    },
    {
	.number = "cluster 60",
	.text = "events: the worker first, then the cluster; not for messages",
	.expect = "worker online\ncluster online\n"
		  "cluster message\nworker message\n"
		  "worker listening 4 127.0.0.1 true\n"
		  "cluster listening 4 127.0.0.1 true\n"
		  "worker disconnect\ncluster disconnect\n"
		  "worker exit 0 0\ncluster exit 0 0\n",
	.node = "if (cluster.isPrimary) {\n"
		"  const on = (of, who) => {\n"
		"    for (const e of ['online', 'message', 'disconnect'])\n"
		"      of.on(e, () => say(who, e));\n"
		"    of.on('listening', (...a) => {\n"
		"      const i = a.pop();\n"
		"      say(who, 'listening', i.addressType, i.address,\n"
		"        i.port > 0);\n"
		"      if (of === cluster) a.pop().disconnect();\n"
		"    });\n"
		"    of.on('exit', (...a) => {\n"
		"      const signal = a.pop() ?? 0;\n"
		"      say(who, 'exit', a.pop(), signal);\n"
		"    });\n"
		"  };\n"
		"  on(cluster, 'cluster');\n"
		"  on(cluster.fork(), 'worker');\n"
		"} else {\n"
		"  process.send('hello');\n" WORKER_LISTENS "}\n",
	.play = the_worker_first,
    },
    {
	.number = "cluster 74",
	.text = "by default a worker is what the primary was started as",
	.expect = "primary x\nworker x\n",
	.node = "cp.execFileSync(process.execPath, ['-e', `\n"
		"  const cluster = require('cluster');\n"
		"  const role = cluster.isPrimary ? 'primary' : 'worker';\n"
		"  require('fs').writeSync(1, role + ' ' + process.argv[1] +\n"
		"    '\\\\n');\n"
		"  if (cluster.isPrimary) cluster.fork();\n"
		"  if (cluster.isWorker) process.exit();\n"
		"`, 'x'], { stdio: 'inherit' });\n",
	.play = again_by_itself,
    },
};

static const struct rule_role roles[] = {
    {"@worker", worker_play},
    {"@again", again_play},
    {NULL, NULL},
};

int
main(int argc, char **argv)
{
	return rules_main(argc, argv, rules, sizeof(rules) / sizeof(*rules),
	                  roles);
}
