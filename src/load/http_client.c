/*
 * One connection carries one request at a time. A request that falls due while
 * all connections wait for their answers gets a connection of its own: the
 * clients of a slow server do not wait for each other.
 */
#include "http.h"

#include "core/emit.h"
#include "runtime/socket.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ANSWER_BYTES = 1024, TICK_MS = 10 };

struct http_ask {
	uv_tcp_t tcp;
	uv_connect_t connect;
	uv_write_t write;
	struct http_client *client;
	struct http_ask *next; /* in client->idle */
	uint64_t channel, number;
	uint64_t asked; /* 0: idle */
	uint32_t answered_by;
	size_t used;
	char request[192];
	char answer[ANSWER_BYTES + 1];
};

static void
tell(struct http_ask *ask, enum event_kind kind, int direction, size_t size,
     const char *text)
{
	struct event event = {
	    .kind = (uint8_t)kind,
	    .channel = ask->channel | (uint64_t)direction,
	    .number = ask->number,
	    .size = size,
	};

	emit(&event, text);
}

/* The request is over, well (status) or badly (0). */
static void
tell_request(struct http_ask *ask, int status)
{
	struct event event = {
	    .kind = EVENT_REQUEST,
	    .other_pid = ask->answered_by,
	    .other_tid = ask->answered_by,
	    .number = (uint64_t)status,
	};

	event.time = uv_hrtime();
	event.value = event.time - ask->asked;
	emit(&event, NULL);
	ask->asked = 0;
	ask->client->waiting--;
}

static void
on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

/* Takes it out of the idle list, if it is there, and closes it. */
static void
close_ask(struct http_ask *ask)
{
	struct http_ask **at = &ask->client->idle;
	struct event died = {
	    .kind = EVENT_CHANNEL_DIED,
	    .channel = ask->channel,
	};

	if (uv_is_closing((uv_handle_t *)&ask->tcp))
		return;
	if (ask->asked)
		tell_request(ask, 0);
	while (*at && *at != ask)
		at = &(*at)->next;
	if (*at)
		*at = ask->next;
	emit(&died, NULL);
	uv_close((uv_handle_t *)&ask->tcp, on_closed);
}

/* The status of a whole answer and how long it is; 0: there is more to come;
 * -1: this is no HTTP. */
static int
parse_answer(struct http_ask *ask, size_t *size)
{
	const char *end = strstr(ask->answer, "\r\n\r\n");
	const char *length, *pid;
	int status;

	if (!end)
		return ask->used == ANSWER_BYTES ? -1 : 0;
	length = strstr(ask->answer, "Content-Length: ");
	pid = strstr(ask->answer, "X-Pid: ");
	if (sscanf(ask->answer, "HTTP/1.1 %d", &status) != 1 || !length ||
	    !isdigit((unsigned char)length[16]))
		return -1;
	*size =
	    (size_t)(end - ask->answer) + 4 + strtoul(length + 16, NULL, 10);
	if (*size > ANSWER_BYTES)
		return -1;
	ask->answered_by = pid ? (uint32_t)strtoul(pid + 7, NULL, 10) : 0;
	return ask->used < *size ? 0 : status;
}

static void
on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct http_ask *ask = handle->data;

	(void)suggested;
	*buffer = uv_buf_init(ask->answer + ask->used,
	                      (unsigned)(ANSWER_BYTES - ask->used));
}

static void
on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
	struct http_ask *ask = stream->data;
	const char *body;
	char text[48];
	size_t size;
	int status;

	(void)buffer;
	if (got < 0 || (got > 0 && !ask->asked)) {
		close_ask(ask);
		return;
	}
	ask->used += (size_t)got;
	ask->answer[ask->used] = '\0';
	status = parse_answer(ask, &size);
	if (status == 0)
		return;
	if (status < 0) {
		close_ask(ask);
		return;
	}
	body = strstr(ask->answer, "\r\n\r\n") + 4;
	snprintf(text, sizeof(text), "%d %.*s", status,
	         (int)strcspn(body, "\n"), body);
	tell(ask, EVENT_MESSAGE_RECV, CHANNEL_BACK, size, text);
	tell_request(ask, status);
	ask->used = 0;
	if (!ask->client->keep_alive) {
		close_ask(ask);
		return;
	}
	ask->next = ask->client->idle;
	ask->client->idle = ask;
}

static void
on_written(uv_write_t *request, int status)
{
	if (status < 0 && status != UV_ECANCELED)
		close_ask(request->data);
}

static void
on_connect(uv_connect_t *request, int status)
{
	struct http_ask *ask = request->data;

	if (status == UV_ECANCELED)
		return;
	if (status < 0) {
		close_ask(ask);
		return;
	}
	uv_read_start((uv_stream_t *)&ask->tcp, on_alloc, on_read);
}

static struct http_ask *
new_ask(struct http_client *client)
{
	struct http_ask *ask = calloc(1, sizeof(*ask));
	struct event born = {
	    .kind = EVENT_CHANNEL_BORN,
	    .number = CHANNEL_SOCKET,
	    .value = (uint64_t)client->port,
	};
	struct sockaddr_in address;

	if (!ask)
		return NULL;
	ask->client = client;
	uv_tcp_init(&client->loop->uv, &ask->tcp);
	ask->tcp.data = ask->connect.data = ask->write.data = ask;
	uv_ip4_addr("127.0.0.1", client->port, &address);
	if (uv_tcp_connect(&ask->connect, &ask->tcp,
	                   (struct sockaddr *)&address, on_connect)) {
		uv_close((uv_handle_t *)&ask->tcp, on_closed);
		return NULL;
	}
	uv_tcp_nodelay(&ask->tcp, 1);
	ask->channel = socket_channel(socket_port(&ask->tcp), client->port);
	born.channel = ask->channel;
	emit(&born, NULL);
	return ask;
}

static void
ask_once(struct http_client *client)
{
	struct http_ask *ask = client->idle;
	char text[80];
	uv_buf_t buffer;
	int size;

	if (ask)
		client->idle = ask->next;
	else
		ask = new_ask(client);
	if (!ask)
		return;
	size = snprintf(ask->request, sizeof(ask->request),
	                "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
	                "Connection: %s\r\n\r\n",
	                client->path, client->port,
	                client->keep_alive ? "keep-alive" : "close");
	ask->number++;
	ask->asked = uv_hrtime();
	client->waiting++;
	snprintf(text, sizeof(text), "GET %s", client->path);
	tell(ask, EVENT_MESSAGE_SEND, CHANNEL_FORTH, (size_t)size, text);
	buffer = uv_buf_init(ask->request, (unsigned)size);
	if (uv_write(&ask->write, (uv_stream_t *)&ask->tcp, &buffer, 1,
	             on_written))
		close_ask(ask);
}

/* The rate is kept on average: what a tick owes beyond whole requests is owed
 * to the next, and a tick that comes late owes more. */
static void
on_tick(uv_timer_t *timer)
{
	struct http_client *client = timer->data;
	uint64_t now = uv_now(timer->loop);

	client->due +=
	    (double)client->rate * (double)(now - client->ticked) / 1000;
	client->ticked = now;
	if (client->due > client->rate)
		client->due = client->rate;
	for (; client->due >= 1; client->due -= 1)
		if (client->waiting < HTTP_WAITING_MAX)
			ask_once(client);
}

void
http_client_start(struct http_client *client, struct loop *loop, int port,
                  int rate, bool keep_alive)
{
	memset(client, 0, sizeof(*client));
	client->loop = loop;
	client->port = port;
	client->keep_alive = keep_alive;
	http_client_set_path(client, "/ping");
	uv_timer_init(&loop->uv, &client->timer);
	client->timer.data = client;
	http_client_set_rate(client, rate);
}

/* Up to a hundred a second each request has a tick of its own; above, a tick
 * sends several. */
void
http_client_set_rate(struct http_client *client, int rate)
{
	client->rate = rate;
	client->ticked = uv_now(&client->loop->uv);
	uv_timer_stop(&client->timer);
	if (rate <= 0)
		return;
	client->period =
	    rate * TICK_MS < 1000 ? 1000 / (uint64_t)rate : TICK_MS;
	uv_timer_start(&client->timer, on_tick, client->period, client->period);
}

void
http_client_set_path(struct http_client *client, const char *path)
{
	snprintf(client->path, sizeof(client->path), "%s", path);
}
