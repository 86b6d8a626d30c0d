#include "native_loop.h"

#include <stddef.h>
#include <stdint.h>

/* Node-API and libuv, as far as they are needed; weak: it may lack them. */
#define weak __attribute__((weak))
weak int napi_get_uv_event_loop(void *env, void **loop);
weak uint64_t uv_metrics_idle_time(void *loop);
int napi_create_double(void *env, double value, void **result);
int napi_create_function(void *env, const char *name, size_t length,
                         void *(*call)(void *env, void *info), void *data,
                         void **result);
int napi_set_named_property(void *env, void *object, const char *name,
                            void *value);

static void *
idle(void *env, void *info)
{
	void *loop, *result = NULL;

	(void)info;
	if (napi_get_uv_event_loop(env, &loop) == 0)
		(void)napi_create_double(
		    env, (double)uv_metrics_idle_time(loop), &result);
	return result;
}

void
loop_offer(void *env, void *exports)
{
	void *function;

	if (!napi_get_uv_event_loop || !uv_metrics_idle_time)
		return;
	if (napi_create_function(env, "idle", SIZE_MAX, idle, NULL,
	                         &function) == 0)
		(void)napi_set_named_property(env, exports, "idle", function);
}
