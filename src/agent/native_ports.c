/*
 * A ring, for what nobody takes (a thread without the agent, a message that
 * was never posted) must not stay. The newest of a key counts.
 */
#include "native_ports.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

enum { PORTS = 512, WORDS = 80 };

/* Node-API (node_api.h). */
int napi_create_function(void *env, const char *name, size_t length,
                         void *(*call)(void *env, void *info), void *data,
                         void **result);
int napi_create_string_utf8(void *env, const char *text, size_t length,
                            void **result);
int napi_get_cb_info(void *env, void *info, size_t *count, void **values,
                     void **self, void **data);
int napi_get_value_string_utf8(void *env, void *value, char *into, size_t room,
                               size_t *length);
int napi_set_named_property(void *env, void *object, const char *name,
                            void *value);

struct port {
	char key[WORDS], text[WORDS];
};

static struct {
	pthread_mutex_t lock;
	struct port ring[PORTS];
	uint32_t given;
} ports = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void *
give(void *env, void *info)
{
	struct port port = {"", ""};
	void *values[2];
	size_t count = 2;

	if (napi_get_cb_info(env, info, &count, values, NULL, NULL) ||
	    napi_get_value_string_utf8(env, values[0], port.key, WORDS, NULL) ||
	    napi_get_value_string_utf8(env, values[1], port.text, WORDS, NULL))
		return NULL;
	pthread_mutex_lock(&ports.lock);
	ports.ring[ports.given++ % PORTS] = port;
	pthread_mutex_unlock(&ports.lock);
	return NULL;
}

static void
find(const char *key, char text[WORDS])
{
	for (uint32_t back = 1; back <= PORTS; back++) {
		struct port *port = &ports.ring[(ports.given - back) % PORTS];

		if (strcmp(port->key, key) != 0)
			continue;
		memcpy(text, port->text, WORDS);
		port->key[0] = '\0';
		return;
	}
}

static void *
take(void *env, void *info)
{
	char key[WORDS] = "", text[WORDS] = "";
	void *values[1], *result = NULL;
	size_t count = 1;

	if (napi_get_cb_info(env, info, &count, values, NULL, NULL) ||
	    napi_get_value_string_utf8(env, values[0], key, WORDS, NULL) ||
	    !key[0])
		return NULL;
	pthread_mutex_lock(&ports.lock);
	find(key, text);
	pthread_mutex_unlock(&ports.lock);
	if (text[0])
		(void)napi_create_string_utf8(env, text, SIZE_MAX, &result);
	return result;
}

static void
offer(void *env, void *exports, const char *name,
      void *(*call)(void *env, void *info))
{
	void *function;

	if (napi_create_function(env, name, SIZE_MAX, call, NULL, &function) ==
	    0)
		(void)napi_set_named_property(env, exports, name, function);
}

void
ports_offer(void *env, void *exports)
{
	offer(env, exports, "give", give);
	offer(env, exports, "take", take);
}
