/*
 * group: the process group of a process, as the kernel has it now (proc(5):
 * /proc/PID/stat, pgrp; setpgid(2), kill(2)).
 */
#ifndef EXPLORER_GROUP_H
#define EXPLORER_GROUP_H

#include "ui/ui.h"

/* The group of `pid` and who is in it, zombies left out. False: there is no
 * such process, /proc cannot be read, or it is the caller's own group. */
bool group_find(uint32_t pid, struct ui_group *group);

/* Sends a signal to all of group `id`, if `pid` is still in it. 0; -ESRCH: it
 * is not; -EPERM: nobody of it may be signalled, or it is the caller's own. */
int group_signal(uint32_t id, uint32_t pid, int signal);

#endif
