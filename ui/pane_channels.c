/* The channels: who is connected to whom, what waits in front of whom. */
#include "pane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TYPE_COLS = 8, WAIT_COLS = 12, NAME_COLS = 16, END_LEAST = 10 };

/* Who listens first, then what carries messages, then the rest. */
static const struct {
	const char *word;
	int rank;
} types[CHANNEL_TYPES] = {
    [CHANNEL_LISTEN] = {"listens", 0}, [CHANNEL_IPC] = {"ipc", 1},
    [CHANNEL_PORT] = {"port", 2},      [CHANNEL_SOCKET] = {"socket", 3},
    [CHANNEL_PIPE] = {"pipe", 4},      [CHANNEL_SHM] = {"memory", 5},
    [CHANNEL_BROADCAST] = {"cast", 2},
};

static int
by_rank(const void *a, const void *b)
{
	const struct channel_row *one = *(const struct channel_row *const *)a;
	const struct channel_row *other = *(const struct channel_row *const *)b;
	int order = types[one->type].rank - types[other->type].rank;

	if (!order)
		order =
		    (one->a_pid > other->a_pid) - (one->a_pid < other->a_pid);
	if (!order)
		order =
		    (one->b_pid > other->b_pid) - (one->b_pid < other->b_pid);
	return order ? order
	             : (one->row.id > other->row.id) -
	                   (one->row.id < other->row.id);
}

/* Those that are open, in order. */
static int
open_channels(const struct model *model,
              const struct channel_row *rows[CHANNELS])
{
	int count = 0;

	for (uint32_t i = 0; i < model->channel_table.count; i++)
		if (!model->channels[i].row.died)
			rows[count++] = &model->channels[i];
	if (count > 1)
		qsort(rows, (size_t)count, sizeof(*rows), by_rank);
	return count;
}

static void
put_end(const struct view *view, const struct area *area, int row, int col,
        int cols, uint32_t pid, uint32_t tid)
{
	const struct actors *actors = &view->model->actors;
	const struct thread *thread = actor_thread(actors, tid);
	const struct process *process = actor_process(actors, pid);
	char name[64] = "?", text[96];

	if (pid && pid == view->own_pid)
		snprintf(name, sizeof(name), "looptop");
	else if (tid != pid && thread)
		model_thread_label(view->model, thread, name, sizeof(name));
	else if (process)
		model_process_label(process, name, sizeof(name));
	if (pid)
		snprintf(text, sizeof(text), "%u %s", tid ? tid : pid, name);
	else
		snprintf(text, sizeof(text), "(not watched)");
	area_cut(area, row, col, cols, pid ? STYLE_PLAIN : STYLE_LABEL, text);
}

/* "12", "3.4K", "120M": at most five columns. */
static void
put_bytes(char into[24], uint64_t bytes)
{
	if (bytes < 1000)
		snprintf(into, 24, "%u", (unsigned)bytes);
	else if (bytes < 100 * 1024)
		snprintf(into, 24, "%.1fK", (double)bytes / 1024);
	else if (bytes < 1000 * 1024)
		snprintf(into, 24, "%uK", (unsigned)(bytes / 1024));
	else
		snprintf(into, 24, "%.1fM", (double)bytes / 1048576);
}

/* What has not been read, and on which side it waits. */
static void
put_waits(const struct area *area, int row, int col,
          const struct channel_row *channel)
{
	char left[24], right[24];
	bool waits = channel->waits_a || channel->waits_b;

	put_bytes(left, channel->waits_a);
	put_bytes(right, channel->waits_b);
	if (channel->type == CHANNEL_LISTEN) {
		if (channel->waits_b)
			area_format(
			    area, row, col,
			    channel->waits_a ? STYLE_WAITING : STYLE_LABEL,
			    "%s of %s", left, right);
	} else if (waits) {
		area_format(area, row, col, STYLE_WAITING, "%s%s%s%s",
		            channel->waits_a ? "\u2190" : "",
		            channel->waits_a ? left : "",
		            channel->waits_b ? "\u2192" : "",
		            channel->waits_b ? right : "");
	}
}

static void
put_name(const struct area *area, int row, int col, int cols,
         const struct channel_row *channel)
{
	char text[64];

	if (channel->type == CHANNEL_LISTEN && channel->port)
		snprintf(text, sizeof(text), "port %u", channel->port);
	else if (channel->connections)
		snprintf(text, sizeof(text), "%u to port %u",
		         channel->connections, channel->port);
	else
		snprintf(text, sizeof(text), "%s", channel->name);
	area_cut(area, row, col, cols, STYLE_LABEL, text);
}

struct channel_columns {
	int a, b, wait, name; /* wait, name -1: no room */
	int end;              /* columns of an end */
};

static struct channel_columns
columns_for(int cols)
{
	struct channel_columns at = {.a = 1 + TYPE_COLS};
	int rest = cols - at.a - 3;
	bool name = rest > 2 * END_LEAST + NAME_COLS;
	bool wait = rest > 2 * END_LEAST + NAME_COLS + WAIT_COLS;

	rest -= (name ? NAME_COLS : 0) + (wait ? WAIT_COLS : 0);
	at.end = rest / 2;
	at.b = at.a + at.end + 3;
	at.wait = wait ? at.b + at.end + 1 : -1;
	at.name = name ? cols - NAME_COLS : -1;
	return at;
}

static bool
goes_one_way(const struct channel_row *channel)
{
	return channel->type == CHANNEL_PIPE ||
	       channel->type == CHANNEL_BROADCAST;
}

static void
put_channel(const struct view *view, const struct area *area, int row,
            struct channel_columns at, const struct channel_row *channel)
{
	area_text(area, row, 1, STYLE_MESSAGE, types[channel->type].word);
	put_end(view, area, row, at.a, at.end, channel->a_pid, channel->a_tid);
	if (channel->type != CHANNEL_LISTEN) {
		area_put(area, row, at.b - 2,
		         goes_one_way(channel) ? 0x2192 : 0x2194, STYLE_FRAME);
		if (channel->type == CHANNEL_BROADCAST)
			area_cut(area, row, at.b, at.end, STYLE_LABEL,
			         "(each that has its name)");
		else
			put_end(view, area, row, at.b, at.end, channel->b_pid,
			        channel->b_tid);
	}
	if (at.wait > 0)
		put_waits(area, row, at.wait, channel);
	if (at.name > 0)
		put_name(area, row, at.name, area->rect.cols - at.name,
		         channel);
	pane_put_link(area, row, 1, TYPE_COLS - 1,
	              linked_channel(view->linked, channel));
}

void
pane_channels(const struct view *view, const struct area *area)
{
	const struct channel_row *rows[CHANNELS];
	int count = open_channels(view->model, rows);
	int shown = area->rect.rows - 1;
	struct channel_columns at = columns_for(area->rect.cols);

	area_text(area, 0, 1, STYLE_LABEL, "channel");
	area_text(area, 0, at.a, STYLE_LABEL, "one end");
	area_text(area, 0, at.b, STYLE_LABEL, "the other");
	if (at.wait > 0)
		area_text(area, 0, at.wait, STYLE_LABEL, "waiting");
	if (at.name > 0)
		area_text(area, 0, at.name, STYLE_LABEL, "what");
	if (!count)
		area_cut(area, 2, 1, area->rect.cols - 2, STYLE_LABEL,
		         "No two of these processes are connected.");
	for (int i = 0; i < shown && view->top + i < count; i++) {
		put_channel(view, area, i + 1, at, rows[view->top + i]);
		if (view->top + i == view->cursor && view->focused)
			pane_put_cursor(area, i + 1, area->rect.cols);
	}
	if (count <= view->top + shown)
		return;
	area_fill(area, area->rect.rows - 1, 0, area->rect.cols, ' ',
	          STYLE_PLAIN);
	area_format(area, area->rect.rows - 1, 1, STYLE_LABEL, "+%d more: j ",
	            count - view->top - shown + 1);
}

int
pane_channels_list(const struct view *view, struct selection *things, int room)
{
	const struct channel_row *rows[CHANNELS];
	int count = open_channels(view->model, rows);

	for (int i = 0; things && i < count && i < room; i++)
		things[i] = select_channel(rows[i]);
	return count;
}
