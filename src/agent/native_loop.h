/*
 * How long a thread's loop has had nothing to do: what Node's own
 * eventLoopUtilization() is made of (libuv: uv_metrics_idle_time), without
 * loading perf_hooks for it.
 */
#ifndef AGENT_NATIVE_LOOP_H
#define AGENT_NATIVE_LOOP_H

/* Offers idle() to the agent: ns since the loop of this thread began; not
 * where Node lacks the functions. */
void loop_offer(void *env, void *exports);

#endif
