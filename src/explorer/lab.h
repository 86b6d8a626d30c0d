/*
 * lab: the stage, as the explorer drives it.
 */
#ifndef EXPLORER_LAB_H
#define EXPLORER_LAB_H

#include "session.h"

#include "ui/ui.h"

/* What the lab's screen offers: the loads. */
void lab_setup(struct ui_setup *setup);

/* Makes looptop itself an actor of the stream: it is one end of the stage's
 * channel. */
void lab_announce(void);

/* Has a stage that just started serve HTTP on the port of --port. */
void lab_begin(struct session *session);

/* Sends the screen's command to the stage. -EPIPE: there is none. */
int lab_command(struct session *session, const struct command *command);

#endif
