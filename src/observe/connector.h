/*
 * connector: births, execs and exits of all processes of the machine, from the
 * kernel's proc connector (a netlink socket; linux/cn_proc.h).
 */
#ifndef OBSERVE_CONNECTOR_H
#define OBSERVE_CONNECTOR_H

#include "births.h"

/* A socket that listens, non-blocking, close-on-exec; -errno: -EPERM when this
 * kernel wants privilege, -ENOTSUP when it does not answer (a container).
 * `exits_only`: nothing else, where the kernel can choose (Linux 6.6; older
 * ones send all). */
int connector_open(bool exits_only);

/* Takes in what is there. What the socket had no room for counts in
 * queue->lost, once each time. `exits_only`: the rest is left out. */
void connector_collect(int fd, bool exits_only, struct birth_queue *queue);

#endif
