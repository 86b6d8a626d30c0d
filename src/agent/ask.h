/*
 * ask: how looptop asks a Node thread where it is while it is blocked.
 *
 * A page in the session's private directory, shared by looptop and by every
 * Node program below it. looptop writes the tid of the thread that is blocked,
 * counts, and wakes (futex(2)); a helper thread in each program sleeps on the
 * count and costs nothing until then.
 */
#ifndef AGENT_ASK_H
#define AGENT_ASK_H

#include <stdint.h>

#define ASK_FILE "ask"
#define SCRIPT_FILE "agent.cjs"
#define NATIVE_FILE "agent.node"

enum { ASK_TIDS = 63 };

struct ask {
	uint32_t count;          /* of questions so far; the futex */
	uint32_t tids[ASK_TIDS]; /* question n is about tids[n % ASK_TIDS] */
};

#endif
