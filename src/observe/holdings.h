/*
 * holdings: what a process holds that others may hold the other end of: its
 * descriptors of pipes and sockets (/proc/PID/fd), its shared memory
 * (/proc/PID/maps). Needs PTRACE_MODE_READ: others' processes are refused.
 */
#ifndef OBSERVE_HOLDINGS_H
#define OBSERVE_HOLDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum holding_kind { HOLDING_PIPE, HOLDING_SOCKET, HOLDING_MEMORY };

struct holding {
	enum holding_kind kind;
	uint64_t inode; /* of memory: with its device above */
	pid_t pid;
	int fd;             /* -1: memory */
	bool reads, writes; /* of a pipe */
	uint32_t kb;        /* of memory */
	char name[24];      /* of memory */
};

struct holdings {
	struct holding *rows;
	int count, room;
};

void holdings_free(struct holdings *holdings);

/* Adds the pipes and sockets of a process; its shared memory. Returns how many
 * there are, or -errno. */
int holdings_descriptors(struct holdings *holdings, pid_t pid);
int holdings_memory(struct holdings *holdings, pid_t pid);

/* A number in the environment a process was started with; -1: not there, or we
 * may not look. */
int holdings_environment(pid_t pid, const char *name);

/* The parsers. What a descriptor's link says: "socket:[123]". A line of maps:
 * of memory that is written to and shared. false: nothing of that kind. */
bool holdings_parse_link(const char *text, struct holding *holding);
bool holdings_parse_map(const char *line, struct holding *holding);

#endif
