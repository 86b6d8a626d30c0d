/* The rules of cluster: how a worker goes (Node's documentation: "Cluster",
 * worker.disconnect(), kill(), exitedAfterDisconnect, isDead()). */
#include "rules_cluster.h"

#include <unistd.h>

static bool
is_in_table(const struct cluster_worker *worker)
{
	return cluster_find(worker->cluster, worker->id) == worker;
}

/* ---- 61 ---- */

static void
disconnect_it(struct cluster *of, struct cluster_worker *worker,
              const struct cluster_address *address)
{
	(void)of;
	(void)address;
	cluster_worker_disconnect(worker);
	rules_say("%s %d", let_go(worker), table_size());
}

static void
say_message(struct cluster *of, struct cluster_worker *worker, json_t *message,
            bool has_handle)
{
	(void)of;
	(void)worker;
	(void)has_handle;
	rules_say("%s", json_string_value(message));
}

static void
say_disconnect(struct cluster *of, struct cluster_worker *worker)
{
	(void)of;
	(void)worker;
	rules_say("disconnect");
}

static void
primary_disconnects(void)
{
	static const struct cluster_events events = {
	    .listening = disconnect_it,
	    .message = say_message,
	    .disconnect = say_disconnect,
	    .exit = say_exit,
	};

	cluster_run(&events, "closed", 1);
}

/* ---- 62 ---- */

static void
kill_it(struct cluster *of, struct cluster_worker *worker)
{
	(void)of;
	cluster_worker_kill(worker, 0);
	rules_say("%s", let_go(worker));
}

static void
primary_kills(void)
{
	static const struct cluster_events events = {
	    .online = kill_it,
	    .exit = say_exit,
	};

	cluster_run(&events, "idle", 1);
}

/* ---- 63, 64, 65 ---- */

static const struct cluster_events only_exit = {.exit = say_exit};

static void
worker_goes(void)
{
	cluster_run(&only_exit, "disconnect", 1);
	cluster_run(&only_exit, "kill", 1);
}

static void
drop_it(struct cluster *of, struct cluster_worker *worker)
{
	(void)of;
	channel_disconnect(&worker->child.channel);
}

static void
channel_is_lost(void)
{
	static const struct cluster_events events = {
	    .online = drop_it,
	    .exit = say_exit,
	};

	cluster_run(&only_exit, "drop", 1);
	cluster_run(&events, "idle", 1);
}

static void
say_let_go(struct cluster *of, struct cluster_worker *worker)
{
	(void)of;
	rules_say("%s", let_go(worker));
}

static void
it_becomes_a_boolean(void)
{
	static const struct cluster_events events = {
	    .online = say_let_go,
	    .exit = say_exit,
	};

	cluster_run(&events, "exit", 1);
}

/* ---- 66, 73 ---- */

static void
say_where(const char *event, const struct cluster_worker *worker)
{
	rules_say("%s %s", event, yes(is_in_table(worker)));
}

static void
say_life(const char *event, const struct cluster_worker *worker)
{
	rules_say("%s %s %s", event, yes(cluster_worker_is_dead(worker)),
	          yes(cluster_worker_is_connected(worker)));
}

static void (*say_of)(const char *event, const struct cluster_worker *worker);

static void
of_online(struct cluster *of, struct cluster_worker *worker)
{
	say_of("online", worker);
	drop_it(of, worker);
}

static void
of_disconnect(struct cluster *of, struct cluster_worker *worker)
{
	(void)of;
	say_of("disconnect", worker);
}

static void
of_exit(struct cluster *of, struct cluster_worker *worker, int code, int number)
{
	(void)of;
	(void)code;
	(void)number;
	say_of("exit", worker);
}

static const struct cluster_events of_events = {
    .online = of_online,
    .disconnect = of_disconnect,
    .exit = of_exit,
};

static void
in_the_table_until_both(void)
{
	say_of = say_where;
	cluster_run(&of_events, "idle", 1);
}

static void
dead_and_connected(void)
{
	say_of = say_life;
	cluster_run(&of_events, "idle", 1);
}

/* ---- 67 ---- */

static int onlines, exits;

static void
disconnect_all(struct cluster *of, struct cluster_worker *worker)
{
	(void)worker;
	if (++onlines == 2)
		cluster_disconnect(of);
}

static void
say_disconnected(struct cluster *of)
{
	(void)of;
	rules_say("callback %d", table_size());
}

static void
count_exit(struct cluster *of, struct cluster_worker *worker, int code,
           int number)
{
	(void)of;
	(void)worker;
	(void)code;
	(void)number;
	exits++;
}

static void
disconnect_with_callback(void)
{
	static const struct cluster_events events = {
	    .online = disconnect_all,
	    .disconnected = say_disconnected,
	    .exit = count_exit,
	};

	cluster_run(&events, "idle", 2);
	rules_say("exits %d", exits);
}

#define SAY_EXIT \
	"const exit = (w, code, signal) =>" \
	" say('exit', String(code), String(signal), " \
	"w.exitedAfterDisconnect);\n" \
	"cluster.on('exit', exit);\n"
#define STAYS "process.on('message', () => {});\n"
/* One worker after the other, each told its way by its environment. */
#define IN_TURN(ways) \
	"if (cluster.isPrimary) {\n" SAY_EXIT "  const ways = " ways ";\n" \
	"  const next = () => ways.length &&" \
	" cluster.fork({ WAY: ways.shift() });\n" \
	"  cluster.on('exit', next);\n" \
	"  next();\n" \
	"}\n"

/* A worker whose primary closes the channel. */
#define DROPPED(what) \
	"if (cluster.isPrimary) {\n" \
	"  for (const e of ['online', 'disconnect', 'exit'])\n" \
	"    cluster.on(e, (w) => say(e, " what "));\n" \
	"  cluster.on('online', (w) => w.process.disconnect());\n" \
	"  cluster.fork();\n" \
	"} else {\n" STAYS "}\n"

static const struct rule rules[] = {
    {
	.number = "cluster 61",
	.text = "disconnect() in the primary: gone from the table at once; it "
		"closes, exits 0",
	.expect = "true 0\nclosed\ndisconnect\nexit 0 null true\n",
	.node = "if (cluster.isPrimary) {\n" SAY_EXIT
		"  cluster.on('listening', (w) => {\n"
		"    w.disconnect();\n"
		"    say(w.exitedAfterDisconnect,\n"
		"      Object.keys(cluster.workers).length);\n"
		"  });\n"
		"  cluster.on('message', (w, m) => say(m));\n"
		"  cluster.on('disconnect', () => say('disconnect'));\n"
		"  cluster.fork();\n"
		"} else {\n"
		"  net.createServer().listen(0, '127.0.0.1')\n"
		"    .on('close', () => process.send('closed'));\n"
		"}\n",
	.play = primary_disconnects,
    },
    {
	.number = "cluster 62",
	.text = "kill() in the primary is SIGTERM: not exitedAfterDisconnect",
	.expect = "undefined\nexit null SIGTERM false\n",
	.node = "if (cluster.isPrimary) {\n" SAY_EXIT
		"  cluster.on('online', (w) => {\n"
		"    w.kill();\n"
		"    say(String(w.exitedAfterDisconnect));\n"
		"  });\n"
		"  cluster.fork();\n"
		"} else {\n" STAYS "}\n",
	.play = primary_kills,
    },
    {
	.number = "cluster 63",
	.text = "disconnect() and kill() inside: exit 0, "
		"exitedAfterDisconnect",
	.expect = "exit 0 null true\nexit 0 null true\n",
	.node = IN_TURN(
	    "['disconnect', 'kill']") "else "
				      "cluster.worker[process.env.WAY]();\n",
	.play = worker_goes,
    },
    {
	.number = "cluster 64",
	.text = "the channel lost without disconnect(): exit 0, not "
		"exitedAfterDisconnect",
	.expect = "exit 0 null false\nexit 0 null false\n",
	.node = IN_TURN(
	    "['worker', 'primary']") "if (cluster.isPrimary)\n"
				     "  cluster.on('message', (w) => "
				     "w.process.disconnect());\n"
				     "else if (process.env.WAY === 'worker') "
				     "process.disconnect();\n"
				     "else { process.send(1); " STAYS "}\n",
	.play = channel_is_lost,
    },
    {
	.number = "cluster 65",
	.text = "exitedAfterDisconnect: undefined, at the exit a boolean",
	.expect = "undefined\nexit 3 null false\n",
	.node = "if (cluster.isPrimary) {\n" SAY_EXIT
		"  cluster.on('online', (w) =>\n"
		"    say(String(w.exitedAfterDisconnect)));\n"
		"  cluster.fork();\n"
		"} else process.exit(3);\n",
	.play = it_becomes_a_boolean,
    },
    {
	.number = "cluster 66",
	.text = "in cluster.workers until both disconnect and exit",
	.expect = "online true\ndisconnect true\nexit false\n",
	.node = DROPPED("w.id in cluster.workers"),
	.play = in_the_table_until_both,
    },
    {
	.number = "cluster 67",
	.text = "cluster.disconnect(callback): once, the table is empty",
	.expect = "callback 0\nexits 2\n",
	.node = "if (cluster.isPrimary) {\n"
		"  let onlines = 0, exits = 0;\n"
		"  cluster.on('online', () => ++onlines === 2 &&\n"
		"    cluster.disconnect(() => say('callback',\n"
		"      Object.keys(cluster.workers).length)));\n"
		"  cluster.on('exit', () => exits++);\n"
		"  process.on('exit', () => say('exits', exits));\n"
		"  cluster.fork();\n"
		"  cluster.fork();\n"
		"} else {\n" STAYS "}\n",
	.play = disconnect_with_callback,
    },
    {
	.number = "cluster 73",
	.text = "isDead() and isConnected()",
	.expect =
	    "online false true\ndisconnect false false\nexit true false\n",
	.node = DROPPED("w.isDead(), w.isConnected()"),
	.play = dead_and_connected,
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
