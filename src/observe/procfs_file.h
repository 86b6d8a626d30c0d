/*
 * procfs_file: reading files below /proc, for the files of procfs.h alone.
 */
#ifndef OBSERVE_PROCFS_FILE_H
#define OBSERVE_PROCFS_FILE_H

#include <stddef.h>
#include <sys/types.h>

/* Longer than any line of /proc/PID/stat. */
enum { STAT_BYTES = 1024 };

/* Reads a small file whole, ended by NUL; bytes or -errno. */
ssize_t procfs_read_file(char *into, size_t room, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
