/*
 * A connection reads until it has a whole head, answers, and goes on. What is
 * no request, or has a head of more than HEAD_BYTES, is answered 400 and
 * closed. A body is read over, not looked at.
 */
#include "http.h"

#include "core/emit.h"
#include "runtime/socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum {
	HEAD_BYTES = 4096,
	BODY_BYTES = 128,
	PATH_BYTES = 64,
	ANSWER_BYTES = 320
};

struct http_connection {
	uv_tcp_t *tcp;
	struct http_server *server;
	struct http_connection *next, **at; /* of the server's connections */
	uint64_t channel, number;
	size_t used;
	size_t skip; /* of a body still to come */
	bool last;   /* closes after this answer */
	char head[HEAD_BYTES + 1];
};

/* What of an answer could not be written at once. */
struct rest {
	uv_write_t request;
	struct http_connection *connection;
	char text[ANSWER_BYTES];
};

static void
on_closed(uv_handle_t *handle)
{
	struct http_connection *connection = handle->data;
	struct http_server *server = connection->server;

	*connection->at = connection->next;
	if (connection->next)
		connection->next->at = connection->at;
	free(connection->tcp);
	free(connection);
	if (!server->first && server->ending && server->empty)
		server->empty(server);
}

static void
close_connection(struct http_connection *connection)
{
	if (!uv_is_closing((uv_handle_t *)connection->tcp))
		uv_close((uv_handle_t *)connection->tcp, on_closed);
}

static void
tell(struct http_connection *connection, enum event_kind kind, int direction,
     size_t size, const char *text)
{
	struct event event = {
	    .kind = (uint8_t)kind,
	    .channel = connection->channel | (uint64_t)direction,
	    .number = connection->number,
	    .size = size,
	};

	emit(&event, text);
}

static void
end_answer(struct http_connection *connection, bool failed)
{
	if (connection->server->ending)
		connection->last = true;
	if (failed || connection->last)
		close_connection(connection);
}

static void
on_written(uv_write_t *request, int status)
{
	struct rest *rest = request->data;

	end_answer(rest->connection, status < 0);
	free(rest);
}

static void
write_later(struct http_connection *connection, const char *text, size_t size)
{
	struct rest *rest = malloc(sizeof(*rest));
	uv_buf_t buffer;

	if (!rest) {
		close_connection(connection);
		return;
	}
	memcpy(rest->text, text, size);
	rest->connection = connection;
	rest->request.data = rest;
	buffer = uv_buf_init(rest->text, (unsigned)size);
	if (uv_write(&rest->request, (uv_stream_t *)connection->tcp, &buffer, 1,
	             on_written)) {
		free(rest);
		close_connection(connection);
	}
}

/* At once, as a socket nearly always takes it: a request in libuv's queue
 * costs two epoll_ctl(2) more than the answer itself. */
static void
write_answer(struct http_connection *connection, char *text, size_t size)
{
	uv_buf_t buffer = uv_buf_init(text, (unsigned)size);
	int written = uv_try_write((uv_stream_t *)connection->tcp, &buffer, 1);

	if (written == (int)size)
		end_answer(connection, false);
	else if (written >= 0 || written == UV_EAGAIN)
		write_later(connection, text + (written > 0 ? written : 0),
		            size - (size_t)(written > 0 ? written : 0));
	else
		close_connection(connection);
}

static void
send_answer(struct http_connection *connection, int status, const char *body)
{
	char answer[ANSWER_BYTES], text[BODY_BYTES];
	int size = snprintf(answer, sizeof(answer),
	                    "HTTP/1.1 %d %s\r\nContent-Type: text/plain\r\n"
	                    "Content-Length: %zu\r\nX-Pid: %d\r\n"
	                    "Connection: %s\r\n\r\n%s",
	                    status, status == 200 ? "OK" : "Not OK",
	                    strlen(body), connection->server->pid,
	                    connection->last ? "close" : "keep-alive", body);

	snprintf(text, sizeof(text), "%d %.*s", status,
	         (int)strcspn(body, "\n"), body);
	tell(connection, EVENT_MESSAGE_SEND, CHANNEL_BACK, (size_t)size, text);
	write_answer(connection, answer, (size_t)size);
}

/* The value of a header line in a head, or NULL. */
static const char *
header(const char *head, const char *name)
{
	size_t length = strlen(name);

	while ((head = strstr(head, "\r\n")) != NULL) {
		head += 2;
		if (strncasecmp(head, name, length) == 0 && head[length] == ':')
			return head + length + 1 +
			       strspn(head + length + 1, " ");
	}
	return NULL;
}

/* sscanf() counts what it has read, not what had to follow. */
static bool
parse_request(const char *head, char method[8], char path[PATH_BYTES])
{
	int end = 0;

	return sscanf(head, "%7[A-Z] %63s HTTP/1.%n", method, path, &end) ==
	           2 &&
	       end > 0;
}

static void
answer_head(struct http_connection *connection, char *head, size_t size)
{
	char method[8], path[PATH_BYTES], text[PATH_BYTES + 12];
	char body[BODY_BYTES] = "";
	const char *length = header(head, "Content-Length");
	const char *close = header(head, "Connection");
	int status = 400;

	/* The first answer has nothing to wait for (Node: noDelay). */
	if (++connection->number == 2)
		uv_tcp_nodelay(connection->tcp, 1);
	connection->skip = length ? strtoul(length, NULL, 10) : 0;
	if (close && strncasecmp(close, "close", 5) == 0)
		connection->last = true;
	if (parse_request(head, method, path)) {
		snprintf(text, sizeof(text), "%s %s", method, path);
		tell(connection, EVENT_MESSAGE_RECV, CHANNEL_FORTH, size, text);
		status = connection->server->answer(connection->server, path,
		                                    body, sizeof(body));
	} else {
		connection->last = true;
	}
	send_answer(connection, status, body);
}

/* Answers the whole heads in the buffer. */
static void
take(struct http_connection *connection)
{
	char *end;

	for (;;) {
		size_t skip = connection->skip < connection->used
		                  ? connection->skip
		                  : connection->used;
		size_t size;

		connection->skip -= skip;
		connection->used -= skip;
		memmove(connection->head, connection->head + skip,
		        connection->used);
		connection->head[connection->used] = '\0';
		end = strstr(connection->head, "\r\n\r\n");
		if (!end || connection->last)
			break;
		size = (size_t)(end - connection->head) + 4;
		end[2] = '\0';
		answer_head(connection, connection->head, size);
		connection->used -= size;
		memmove(connection->head, connection->head + size,
		        connection->used);
	}
	if (!end && connection->used == HEAD_BYTES) {
		connection->number++;
		connection->last = true;
		send_answer(connection, 400, "");
	}
}

static void
on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct http_connection *connection = handle->data;

	(void)suggested;
	*buffer = uv_buf_init(connection->head + connection->used,
	                      (unsigned)(HEAD_BYTES - connection->used));
}

static void
on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
	struct http_connection *connection = stream->data;

	(void)buffer;
	if (got < 0 || connection->last) {
		close_connection(connection);
		return;
	}
	connection->used += (size_t)got;
	take(connection);
}

/* The same for all connections: one socket listens. */
static int
own_port(struct http_server *server, const uv_tcp_t *tcp)
{
	if (!server->port)
		server->port = socket_port(tcp);
	return server->port;
}

void
http_serve(struct http_server *server, uv_tcp_t *tcp)
{
	struct http_connection *connection = calloc(1, sizeof(*connection));

	if (!connection) {
		uv_close((uv_handle_t *)tcp, (uv_close_cb)free);
		return;
	}
	if (!server->pid)
		server->pid = (int)getpid();
	connection->tcp = tcp;
	connection->server = server;
	if (emit_is_open())
		connection->channel = socket_channel(socket_peer_port(tcp),
		                                     own_port(server, tcp));
	tcp->data = connection;
	connection->next = server->first;
	connection->at = &server->first;
	if (server->first)
		server->first->at = &connection->next;
	server->first = connection;
	uv_read_start((uv_stream_t *)tcp, on_alloc, on_read);
}

void
http_server_end(struct http_server *server)
{
	server->ending = true;
	for (struct http_connection *connection = server->first; connection;
	     connection = connection->next)
		if (connection->number && !connection->used)
			close_connection(connection);
	if (!server->first && server->empty)
		server->empty(server);
}
