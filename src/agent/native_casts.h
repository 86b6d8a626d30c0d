/*
 * native_casts: who speaks to whom through the BroadcastChannels of this
 * process, for the agent in each of its threads.
 */
#ifndef AGENT_NATIVE_CASTS_H
#define AGENT_NATIVE_CASTS_H

/* Offers castOpen, castOpened, castPost, castPosted, castHeard and castLeave to
 * the agent, on the object `exports` of Node-API. */
void casts_offer(void *env, void *exports);

#endif
