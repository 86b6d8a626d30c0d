/*
 * Whatever /proc shows, the parsers say yes or no and touch nothing else. The
 * first byte chooses the parser; the rest is the file, or a perf ring.
 */
#include "observe/loop_cause.h"
#include "observe/perf.h"
#include "observe/procfs.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
parse_call(const char *text)
{
	char cause[LOOP_CAUSE_BYTES];
	struct procfs_syscall call;

	if (procfs_parse_syscall(text, &call))
		return;
	loop_cause_of_call(&call, *text, text, cause);
	if (!memchr(cause, '\0', sizeof(cause)))
		abort();
}

static void
parse_ring(const uint8_t *data, size_t size)
{
	struct perf_switch found[16];
	uint8_t memory[256] = {0};
	uint64_t tail, head;

	if (size < 2)
		return;
	tail = data[0];
	head = tail + data[1] * 2u;
	memcpy(memory, data + 2, size - 2 < 256 ? size - 2 : 256);
	/* Each call takes something out, or there is nothing. */
	while (perf_parse_switches(memory, 256, &tail, head, found, 16) > 0)
		;
	if (head - tail >= 8)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text, name[LOOP_CAUSE_BYTES];
	struct procfs_sched sched;
	uint64_t number;
	uint32_t last;
	int status;

	if (size == 0)
		return 0;
	text = malloc(size);
	if (!text)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	switch (*data % 8) {
	case 0:
		(void)procfs_parse_sched(text, &sched);
		break;
	case 1:
		parse_call(text);
		break;
	case 2:
		(void)procfs_parse_io(text, &number);
		break;
	case 3:
		(void)procfs_parse_state(text);
		break;
	case 4:
		(void)procfs_parse_zombie(text, &status);
		break;
	case 5:
		(void)procfs_parse_births(text, &last);
		break;
	case 6:
		loop_cause_name_fd(text, name);
		if (!memchr(name, '\0', sizeof(name)))
			abort();
		break;
	default:
		parse_ring(data + 1, size - 1);
		break;
	}
	free(text);
	return 0;
}
