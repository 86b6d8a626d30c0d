/*
 * native_ports: what is known of ports on their way from one thread of this
 * process to another: a text under a key, kept until it is taken.
 */
#ifndef AGENT_NATIVE_PORTS_H
#define AGENT_NATIVE_PORTS_H

/* Offers give(key, text) and take(key) to the agent, on the object `exports`
 * of Node-API. */
void ports_offer(void *env, void *exports);

#endif
