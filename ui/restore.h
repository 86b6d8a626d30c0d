/*
 * restore: puts the terminal back as it was, whatever ends the program.
 *
 * What must be sent is worked out while all is well (a signal handler cannot
 * ask terminfo); then restore_now() may be called from anywhere, and is by the
 * handler of crashes: SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL.
 */
#ifndef UI_RESTORE_H
#define UI_RESTORE_H

#include <stdbool.h>
#include <stddef.h>

/* Remembers the terminal's modes and catches crashes. `fd` is the terminal,
 * non-blocking, and stays the caller's. */
void restore_open(int fd);

/* Adds bytes to what restore_now() sends; NULL, for what a terminal lacks,
 * adds nothing. */
void restore_add(const char *bytes);

/* The terminal's modes become raw; restore_now() has something to do. */
void restore_raw(void);

/* Sends the bytes and sets the modes back, once for each restore_raw(). Safe
 * in a signal handler. */
void restore_now(void);

/* Whether the terminal is ours (raw) now. */
bool restore_is_raw(void);

/* Writes the few bytes that must get through: waits a little for a terminal
 * that is busy, not for one that is stuck. Safe in a signal handler. */
void restore_write(const char *bytes, size_t size);

#endif
