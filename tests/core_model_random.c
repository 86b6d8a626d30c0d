/*
 * Whatever comes, the model stays whole.
 *
 * Random events of few actors and channels go through a stream into a model,
 * and into a second one, as if they were recorded and replayed. Tame events are
 * what lost and late records can make of a true story; wild ones have fields
 * that only a damaged recording has.
 */
#include "test.h"

#include "core/blocks.h"
#include "core/text.h"

#include <string.h>

enum { EVENTS = 50000, CHECK_EVERY = 500, TICK_EVERY = 16 };
enum { PIDS = 14, TIDS = 30, NUMBERS = 40, MS = 1000000 };

struct world {
	uint64_t chance;
	bool wild;
	uint64_t time, latest;
	uint64_t channel, number; /* of the last message */
	struct stream stream;
	struct blocks blocks;
	struct model model, replayed;
	uint64_t events, sent, received, lost, blocks_freed, requests;
};

/* ---- chance ---- */

static uint64_t
any(struct world *world)
{
	world->chance =
	    world->chance * 6364136223846793005u + 1442695040888963u;
	return world->chance >> 33 | world->chance << 31;
}

static uint64_t
below(struct world *world, uint64_t limit)
{
	return any(world) % limit;
}

/* A number of a size that any of the fields may have. */
static uint64_t
any_number(struct world *world)
{
	switch (below(world, world->wild ? 6 : 4)) {
	case 0:
		return below(world, 3);
	case 1:
		return below(world, NUMBERS);
	case 2:
		return below(world, 100000);
	case 3:
		return below(world, 200 * MS);
	case 4:
		return UINT64_MAX - below(world, 3);
	default:
		return any(world);
	}
}

/* Forward, sometimes a little back: writers are read one after the other. */
static uint64_t
any_time(struct world *world)
{
	world->time += below(world, 3 * MS);
	if (world->wild && below(world, 200) == 0)
		return any_number(world);
	if (below(world, 10) == 0)
		return world->time - below(world, 50 * MS);
	return world->time;
}

static size_t
any_text(struct world *world, char text[EVENT_TEXT_MAX])
{
	size_t size = below(world, 20) ? below(world, 24)
	                               : below(world, EVENT_TEXT_MAX + 1);

	for (size_t i = 0; i < size; i++)
		text[i] = (char)(below(world, 8) ? 'a' + below(world, 26)
		                                 : any(world));
	return size;
}

static uint64_t
any_channel(struct world *world)
{
	enum channel_type type = (enum channel_type)below(world, CHANNEL_TYPES);

	return channel_id(type, (uint32_t)below(world, 3), 1) | below(world, 2);
}

static bool
is_message(const struct event *event)
{
	enum shape shape = event_shape((enum event_kind)event->kind);

	return shape == SHAPE_SEND || shape == SHAPE_RECV;
}

/* Every other one is the other end of the last one, if it may be. */
static void
join(struct world *world, struct event *event)
{
	if (below(world, 2)) {
		event->channel = world->channel;
		event->number = world->number;
	} else {
		event->number = below(world, NUMBERS);
	}
	world->channel = event->channel;
	world->number = event->number;
}

static struct event
any_event(struct world *world)
{
	struct event event = {
	    .magic = EVENT_MAGIC,
	    .kind = (uint8_t)below(world, EVENT_KINDS),
	    .lost = below(world, 100) ? 0 : (uint32_t)below(world, 9),
	    .time = any_time(world),
	    .pid = (uint32_t)below(world, PIDS),
	    .other_pid = (uint32_t)below(world, PIDS),
	    .number = any_number(world),
	    .size = any_number(world),
	    .value = any_number(world),
	};

	/* Tids of two processes are the same ones, as after lost deaths. */
	event.tid = below(world, 2) ? event.pid : (uint32_t)below(world, TIDS);
	event.other_tid = (uint32_t)below(world, TIDS);
	event.channel =
	    event.kind == EVENT_LOOP_GAUGE ? any(world) : any_channel(world);
	if (is_message(&event))
		join(world, &event);
	return event;
}

/* ---- the way to the models ---- */

static bool
replay(void *data, const struct event *event, const char *text)
{
	struct world *world = data;

	model_apply(&world->replayed, event, text);
	return true;
}

/* Stands in front of the model, and counts what it should count. */
static bool
count(void *data, const struct event *event, const char *text)
{
	struct world *world = data;
	enum shape shape = event_shape((enum event_kind)event->kind);

	assert_int_equal(text[event->text], '\0');
	world->events++;
	world->sent += shape == SHAPE_SEND;
	world->received += shape == SHAPE_RECV;
	world->blocks_freed += event->kind == EVENT_LOOP_FREED;
	world->requests += event->kind == EVENT_REQUEST;
	if (event->kind == EVENT_LOST)
		world->lost += event->number;
	if (event->time > world->latest)
		world->latest = event->time;
	return true;
}

static void
begin(struct world *world, uint64_t seed, bool wild)
{
	memset(world, 0, sizeof(*world));
	world->chance = seed;
	world->wild = wild;
	world->time = 1000 * MS;
	model_init(&world->model);
	model_init(&world->replayed);
	stream_init(&world->stream);
	world->blocks.model = &world->model;
	world->blocks.stream = &world->stream;
	stream_add(&world->stream, count, world);
	stream_add(&world->stream, replay, world);
	stream_add(&world->stream, model_put, &world->model);
	stream_add(&world->stream, blocks_put, &world->blocks);
}

static void
step(struct world *world)
{
	struct event event = any_event(world);
	char text[EVENT_TEXT_MAX];

	event.text = (uint16_t)any_text(world, text);
	stream_event(&world->stream, &event, text);
	if (below(world, TICK_EVERY))
		return;
	model_tick(&world->model, world->latest);
	model_tick(&world->replayed, world->latest);
	blocks_tick(&world->model, &world->stream, world->latest);
}

/* ---- what must always hold ---- */

static const struct row *
row_at(const struct table *table, const void *rows, uint32_t index)
{
	return (const struct row *)((const char *)rows +
	                            (size_t)index * table->row_size);
}

/* Every row is in one chain, and one that lives is the one that is found. */
static void
check_table(const struct table *table, const void *rows)
{
	uint32_t chained = 0;

	assert_true(table->count <= table->capacity);
	for (int i = 0; i < TABLE_BUCKETS; i++)
		for (uint16_t at = table->buckets[i]; at;
		     at = row_at(table, rows, at - 1u)->next) {
			assert_true(at <= table->count);
			assert_true(++chained <= table->count);
		}
	assert_int_equal(chained, table->count);
	for (uint32_t i = 0; i < table->count; i++) {
		const struct row *row = row_at(table, rows, i);

		assert_non_null(table_find(table, rows, row->id));
		if (!row->died)
			assert_ptr_equal(table_find(table, rows, row->id), row);
	}
}

/* Ends within its field, and is fit for a screen. */
static void
check_text(const char *text, size_t room)
{
	const char *end = memchr(text, '\0', room);

	assert_non_null(end);
	while (text < end) {
		uint32_t point;
		size_t size = text_decode(text, (size_t)(end - text), &point);

		assert_true(point >= 0x20 && point != 0x7f);
		assert_true(point != TEXT_REPLACEMENT || size == 3);
		text += size;
	}
}

static void
check_processes(const struct model *model)
{
	const struct actors *actors = &model->actors;
	uint32_t alive = 0;

	check_table(&actors->process_table, actors->processes);
	for (uint32_t i = 0; i < actors->process_table.count; i++) {
		const struct process *process = &actors->processes[i];
		char label[64];

		assert_int_equal(process->pid, process->row.id);
		assert_true(process->how < BIRTHS);
		assert_true(process->death < DEATHS);
		check_text(process->command, sizeof(process->command));
		check_text(process->title, sizeof(process->title));
		model_process_label(process, label, sizeof(label));
		assert_true(model_process_cpu(model, process) <=
		            1000u * THREADS);
		alive += !process->row.died;
	}
	assert_true(alive <= model->totals.processes);
	assert_true(model->totals.crashed <= model->totals.processes);
}

static void
check_thread(const struct model *model, const struct thread *thread)
{
	const struct process *process =
	    actor_process(&model->actors, thread->pid);
	char label[64];

	assert_int_equal(thread->tid, thread->row.id);
	assert_true(thread->role < ROLES);
	assert_true(thread->loop.witness < WITNESSES);
	assert_true(thread->lane <= LANES);
	assert_true(model_thread_cpu(model, thread) <= 1000);
	assert_true(model_blocked(model, thread) <= model->now);
	check_text(thread->name, sizeof(thread->name));
	check_text(thread->span, sizeof(thread->span));
	check_text(thread->loop.cause, sizeof(thread->loop.cause));
	model_thread_label(model, thread, label, sizeof(label));
	if (thread->row.died) {
		assert_int_equal(thread->waiting, 0);
		assert_int_equal(thread->span_since, 0);
		assert_int_equal(thread->loop.blocked_since, 0);
		return;
	}
	/* The living are threads of the living. */
	assert_non_null(process);
	assert_int_equal(process->row.died, 0);
}

static void
check_threads(const struct model *model)
{
	const struct actors *actors = &model->actors;
	bool lent[LANES] = {false};

	check_table(&actors->thread_table, actors->threads);
	for (uint32_t i = 0; i < actors->thread_table.count; i++) {
		const struct thread *thread = &actors->threads[i];
		const struct lane *lane = actor_find_lane(actors, thread);

		check_thread(model, thread);
		if (!lane || thread->row.died)
			continue;
		assert_int_equal(lane->series.count, LANE_BINS);
		assert_false(lent[lane - actors->lanes]);
		lent[lane - actors->lanes] = true;
	}
}

static void
check_channels(const struct model *model)
{
	check_table(&model->channel_table, model->channels);
	for (uint32_t i = 0; i < model->channel_table.count; i++) {
		const struct channel_row *channel = &model->channels[i];

		assert_int_equal(channel->row.id & 1, 0);
		assert_true(channel->type < CHANNEL_TYPES);
		check_text(channel->name, sizeof(channel->name));
	}
}

static void
check_flows(const struct model *model)
{
	const struct flows *flows = &model->flows;

	assert_true(flows->settled <= flows->newest);
	assert_true(flows->newest <=
	            model->totals.sent + model->totals.received);
	for (uint64_t id = flow_oldest(flows); id <= flows->newest; id++) {
		const struct flow *flow = flow_at(flows, id);

		assert_non_null(flow);
		assert_true(flow->next < id);
		check_text(flow->text, sizeof(flow->text));
		if (flow->received)
			assert_false(model_is_waiting(model, flow));
	}
}

/* What the last tick has counted in front of each thread. */
static void
check_waiting(const struct model *model)
{
	const struct actors *actors = &model->actors;
	uint64_t waiting = 0, counted = 0;

	for (uint64_t id = flow_oldest(&model->flows);
	     id <= model->flows.newest; id++) {
		const struct flow *flow = flow_at(&model->flows, id);

		waiting += model_is_waiting(model, flow) &&
		           actor_thread(actors, flow->wait_tid);
	}
	for (uint32_t i = 0; i < actors->thread_table.count; i++)
		counted += actors->threads[i].waiting;
	assert_int_equal(counted, waiting);
}

static void
check_rings(const struct model *model)
{
	for (int i = 0; i < SPANS; i++)
		check_text(model->spans[i].name, CAUSE_BYTES);
	for (int i = 0; i < OUTPUT_LINES; i++)
		check_text(model->lines[i].text, LINE_BYTES);
	for (int i = 0; i < NOTES_KEPT; i++) {
		check_text(model->notes[i].text, NOTE_BYTES);
		assert_true(model->notes[i].level < NOTES);
	}
}

static void
check_totals(const struct world *world)
{
	const struct totals *totals = &world->model.totals;

	assert_int_equal(totals->events, world->events);
	assert_int_equal(totals->sent, world->sent);
	assert_int_equal(totals->received, world->received);
	assert_int_equal(totals->lost, world->lost);
	assert_int_equal(totals->blocks, world->blocks_freed);
	assert_int_equal(totals->requests, world->requests);
	assert_int_equal(totals->answer.count, world->requests);
	assert_true(totals->requests_failed <= totals->requests);
	assert_true(totals->latency.count <= totals->sent);
	assert_true(totals->latency.count <= totals->received);
	assert_int_equal(world->model.now, world->latest);
}

/* What happened depends on what was said, and on nothing else. */
static void
check_replayed(const struct world *world)
{
	assert_memory_equal(&world->replayed, &world->model,
	                    sizeof(world->model));
}

static void
check(struct world *world)
{
	const struct model *model = &world->model;

	model_tick(&world->model, world->latest);
	model_tick(&world->replayed, world->latest);
	check_processes(model);
	check_threads(model);
	check_channels(model);
	check_flows(model);
	check_waiting(model);
	check_rings(model);
	check_totals(world);
	check_replayed(world);
}

static void
run(uint64_t seed, bool wild)
{
	static struct world world;

	begin(&world, seed, wild);
	for (int i = 0; i < EVENTS; i++) {
		step(&world);
		if (i % CHECK_EVERY == CHECK_EVERY - 1)
			check(&world);
	}
	/* It was no test of an empty model. */
	assert_true(world.model.totals.latency.count > 100);
	assert_true(world.model.totals.processes > 100);
	assert_true(world.model.totals.threads > 100);
	assert_true(world.model.channel_table.count > 3);
}

static void
stays_whole_whatever_is_lost_or_late(void **state)
{
	(void)state;
	run(1, false);
	run(2, false);
}

static void
stays_whole_whatever_a_recording_says(void **state)
{
	(void)state;
	run(3, true);
	run(4, true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(stays_whole_whatever_is_lost_or_late),
	    cmocka_unit_test(stays_whole_whatever_a_recording_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
