/*
 * A cluster of four under load, whose workers are killed at random: nobody is
 * refused at the port, and no request is lost but those that a killed worker
 * had taken. A worker killed between its two notes (see soak.h) leaves the
 * first: no more requests may be lost to nobody than that.
 *
 * In `make test` ten are killed; with SOAK set (make soak) two hundred.
 */
#include "soak.h"

enum { KILLS = 10, SOAK_KILLS = 200, KILL_MS = 25 /* on average */ };

/* ---- the primary ---- */

struct soak {
	struct loop loop;
	struct cluster cluster;
	struct child client;
	uv_timer_t timer;
	struct shared *shared;
	char fd[16];
	int wanted, kills, exits, port;
	bool has_client;
	unsigned seed;
};

static unsigned
chance(struct soak *soak, unsigned of)
{
	soak->seed = soak->seed * 1103515245 + 12345;
	return (soak->seed >> 16) % of;
}

static struct cluster_worker *
any_alive(struct soak *soak)
{
	struct cluster_worker *worker, *found = NULL;
	unsigned count = 0;

	for (worker = soak->cluster.workers; worker; worker = worker->next)
		if (!cluster_worker_is_dead(worker) &&
		    !soak->shared->killed[worker->id] &&
		    chance(soak, ++count) == 0)
			found = worker;
	return found;
}

static void
on_timer(uv_timer_t *timer)
{
	struct soak *soak = timer->data;
	struct cluster_worker *worker = any_alive(soak);

	/* Where others use the CPUs, none may have lived to answer yet. */
	if (soak->kills == soak->wanted && soak->shared->requests > 0) {
		soak->shared->over = true;
		return;
	}
	if (worker && soak->kills < soak->wanted) {
		soak->shared->killed[worker->id] = true;
		cluster_worker_kill(worker, SIGKILL);
		soak->kills++;
	}
	uv_timer_start(timer, on_timer, 1 + chance(soak, 2 * KILL_MS), 0);
}

/* With nobody left to ask, the workers may go. */
static void
on_client_close(struct child *client)
{
	struct soak *soak = client->data;

	cluster_close(&soak->cluster);
	cluster_disconnect(&soak->cluster);
	uv_close((uv_handle_t *)&soak->timer, NULL);
}

static const struct child_events client_events = {.close = on_client_close};

static void
on_listening(struct cluster *cluster, struct cluster_worker *worker,
             const struct cluster_address *address)
{
	struct soak *soak = cluster->data;

	(void)worker;
	if (soak->has_client)
		return;
	soak->has_client = true;
	start_client(&soak->client, &soak->loop, address->port, soak->fd,
	             &client_events);
	soak->client.data = soak;
	uv_timer_start(&soak->timer, on_timer, 4 * KILL_MS, 0);
}

static void
on_exited(struct cluster *cluster, struct cluster_worker *worker, int code,
          int signal)
{
	struct soak *soak = cluster->data;

	(void)worker;
	(void)code;
	soak->exits += signal == SIGKILL;
}

static const struct cluster_events events = {
    .listening = on_listening,
    .exit = on_exited,
};

static void
soak_open(struct soak *soak)
{
	const struct cluster_respawn_options again = {
	    .first_ms = 1,
	    .most_ms = 1,
	    .stop_after = SOAK_KILLS,
	};

	memset(soak, 0, offsetof(struct soak, wanted));
	soak->shared = open_shared(soak->fd);
	loop_open(&soak->loop, ROLE_MAIN, 0, "primary");
	uv_timer_init(&soak->loop.uv, &soak->timer);
	soak->timer.data = soak;
	cluster_init(&soak->cluster, &soak->loop, &events);
	soak->cluster.data = soak;
	cluster_respawn_set(&soak->cluster, &again);
	fork_workers(&soak->cluster, soak->fd);
}

static long
left_taking(const struct shared *shared)
{
	long count = 0;

	for (int id = 0; id < IDS; id++)
		if (shared->killed[id])
			count += shared->taking[id];
	return count;
}

static void
killed_workers_lose_only_what_they_had(void **state)
{
	static struct soak soak = {.seed = 1};
	struct shared *shared;

	(void)state;
	alarm(LIMIT_S);
	soak.wanted = getenv("SOAK") ? SOAK_KILLS : KILLS;
	soak_open(&soak);
	shared = soak.shared;
	loop_run(&soak.loop);
	printf("soak: %d kills, %llu respawns, %ld requests on %ld "
	       "connections, %ld lost with their worker (%ld as it took "
	       "them), %ld lost otherwise, "
	       "%ld refused, %ld not connected, %ld without an answer\n",
	       soak.kills, (unsigned long long)soak.cluster.respawn.count,
	       shared->requests, shared->connections,
	       shared->lost - shared->wrong, shared->lost_to_nobody,
	       shared->wrong, shared->refused, shared->failed, shared->hung);
	assert_int_equal(soak.kills, soak.wanted);
	assert_int_equal(soak.exits, soak.wanted);
	assert_true(shared->requests > 0);
	assert_int_equal(shared->refused, 0);
	assert_int_equal(shared->failed, 0);
	assert_int_equal(shared->hung, 0);
	assert_int_equal(shared->wrong, 0);
	assert_true(shared->lost_to_nobody <= left_taking(shared));
	close_shared(shared, soak.fd);
	loop_close(&soak.loop);
	alarm(0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(killed_workers_lose_only_what_they_had),
	};

	SOAK_MAIN(tests);
}
