/*
 * A cluster of four under load that is reloaded, one worker after the other,
 * again and again: nobody is refused, and who has a connection for one request
 * gets its answer. (A kept connection may be closed just as its client asks
 * anew: HTTP has it so, and the client asks again.)
 *
 * In `make test` it is reloaded twice; with SOAK set (make soak) 50 times.
 */
#include "soak.h"

enum { RELOADS = 2, SOAK_RELOADS = 50, DEADLINE_MS = 60000 };

struct soak {
	struct loop loop;
	struct cluster cluster;
	struct child client;
	struct shared *shared;
	char fd[16];
	int wanted, reloads, error, listenings, exits, killed;
};

/* With nobody left to ask, the workers may go. */
static void
on_client_close(struct child *client)
{
	struct soak *soak = client->data;

	cluster_close(&soak->cluster);
	cluster_disconnect(&soak->cluster);
}

static const struct child_events client_events = {.close = on_client_close};

static void
on_listening(struct cluster *cluster, struct cluster_worker *worker,
             const struct cluster_address *address)
{
	struct soak *soak = cluster->data;

	(void)worker;
	if (++soak->listenings != WORKERS)
		return;
	start_client(&soak->client, &soak->loop, address->port, soak->fd,
	             &client_events);
	soak->client.data = soak;
	cluster_reload(cluster, DEADLINE_MS);
}

static void
on_reloaded(struct cluster *cluster, int error)
{
	struct soak *soak = cluster->data;

	soak->error = error;
	if (error || ++soak->reloads == soak->wanted)
		soak->shared->over = true;
	else
		cluster_reload(cluster, DEADLINE_MS);
}

static void
on_exited(struct cluster *cluster, struct cluster_worker *worker, int code,
          int signal)
{
	struct soak *soak = cluster->data;

	(void)worker;
	(void)code;
	soak->exits++;
	soak->killed += signal != 0;
}

static const struct cluster_events events = {
    .listening = on_listening,
    .reloaded = on_reloaded,
    .exit = on_exited,
};

static void
nobody_is_refused_and_nothing_lost(void **state)
{
	static struct soak soak;
	struct shared *shared = open_shared(soak.fd);

	(void)state;
	alarm(LIMIT_S);
	soak.shared = shared;
	soak.wanted = getenv("SOAK") ? SOAK_RELOADS : RELOADS;
	loop_open(&soak.loop, ROLE_MAIN, 0, "primary");
	cluster_init(&soak.cluster, &soak.loop, &events);
	soak.cluster.data = &soak;
	fork_workers(&soak.cluster, soak.fd);
	loop_run(&soak.loop);
	printf("soak: %d reloads, %d workers, %ld requests on %ld connections, "
	       "%ld lost, %ld kept connections closed as they were asked, "
	       "%ld refused, %ld not connected, %ld without an answer, "
	       "%d workers killed at the deadline\n",
	       soak.reloads, soak.exits, shared->requests, shared->connections,
	       shared->lost_alone, shared->lost - shared->lost_alone,
	       shared->refused, shared->failed, shared->hung, soak.killed);
	assert_int_equal(soak.error, 0);
	assert_int_equal(soak.reloads, soak.wanted);
	assert_int_equal(soak.exits, WORKERS * (soak.wanted + 1));
	assert_int_equal(soak.killed, 0);
	assert_true(shared->requests > 0);
	assert_int_equal(shared->lost_alone, 0);
	assert_int_equal(shared->refused, 0);
	assert_int_equal(shared->failed, 0);
	assert_int_equal(shared->hung, 0);
	close_shared(shared, soak.fd);
	loop_close(&soak.loop);
	alarm(0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nobody_is_refused_and_nothing_lost),
	};

	SOAK_MAIN(tests);
}
