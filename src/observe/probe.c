/*
 * What is tried is tried on processes of our own: one that is our child, and
 * one that is nobody's of ours any more (its parent has ended), as a program
 * is that looptop is attached to.
 */
#include "probe.h"

#include "births_perf.h"
#include "connector.h"
#include "pidfd.h"
#include "procfs.h"
#include "sockets.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char perf_cure[] =
    "sudo sysctl kernel.perf_event_paranoid=2, or sudo setcap "
    "cap_perfmon+ep on looptop; in a container: --cap-add PERFMON";
static const char machine_cure[] =
    "run as root, or sudo setcap cap_perfmon+ep on looptop";
static const char connector_cure[] =
    "Linux 6.6 for everybody, before that root; not in a container";
static const char yama_cure[] =
    "sudo sysctl kernel.yama.ptrace_scope=0, or start the program with "
    "looptop run";
static const char kernel_cure[] = "a newer kernel";
static const char root_cure[] = "run as root";
static const char procfs_cure[] = "a kernel with CONFIG_SCHED_INFO; gVisor has "
				  "none";

/* The processes to try it on. Both end when their pipe does. */
struct patients {
	pid_t child, stranger;
	int ends[2];
};

static void
wait_for_end(const int ends[2])
{
	char byte;

	close(ends[1]);
	(void)!read(ends[0], &byte, 1);
	_exit(0);
}

/* Its pid comes through a pipe: its parent is gone by then. */
static pid_t
start_stranger(const int ends[2])
{
	pid_t parent, pid = -1;
	int told[2];

	if (pipe(told))
		return -1;
	parent = fork();
	if (parent == 0) {
		pid = fork();
		if (pid == 0) {
			/* Or who waits for our output waits for us. */
			close(told[0]);
			close(told[1]);
			wait_for_end(ends);
		}
		(void)!write(told[1], &pid, sizeof(pid));
		_exit(0);
	}
	close(told[1]);
	if (parent > 0) {
		if (read(told[0], &pid, sizeof(pid)) != (ssize_t)sizeof(pid))
			pid = -1;
		waitpid(parent, NULL, 0);
	}
	close(told[0]);
	return pid;
}

static void
start_patients(struct patients *patients)
{
	patients->child = patients->stranger = -1;
	if (pipe(patients->ends))
		return;
	patients->child = fork();
	if (patients->child == 0)
		wait_for_end(patients->ends);
	patients->stranger = start_stranger(patients->ends);
}

static void
end_patients(struct patients *patients)
{
	close(patients->ends[0]);
	close(patients->ends[1]);
	if (patients->child > 0)
		waitpid(patients->child, NULL, 0);
}

/* ---- the results ---- */

static long
read_setting(const char *path)
{
	FILE *file = fopen(path, "re");
	long value = -1;

	if (file && fscanf(file, "%ld", &value) != 1)
		value = -1;
	if (file)
		fclose(file);
	return value;
}

/* Whether it works: error is 0, or -errno and then why not. */
static void
judge(struct probe *probe, int error, const char *cure)
{
	probe->works = error >= 0;
	if (probe->works)
		return;
	probe->cure = cure;
	snprintf(probe->why, sizeof(probe->why), "%s", strerror(-error));
}

/* A setting of the kernel's, for the table: "... (perf_event_paranoid is 4)".
 */
static void
add_setting(struct probe *probe, const char *path, const char *name)
{
	long value = read_setting(path);
	size_t used = strlen(probe->why);

	if (!probe->works && value >= 0)
		snprintf(probe->why + used, sizeof(probe->why) - used,
		         " (%s is %ld)", name, value);
}

#define PARANOID "/proc/sys/kernel/perf_event_paranoid"
#define YAMA "/proc/sys/kernel/yama/ptrace_scope"

static int
try_perf(pid_t pid)
{
	struct births_perf perf;
	int error;

	births_perf_init(&perf, -1);
	error = births_perf_add(&perf, pid);
	births_perf_close(&perf);
	return error;
}

static void
probe_tree(struct probe *probe, const struct patients *patients)
{
	judge(probe, try_perf(patients->child), perf_cure);
	add_setting(probe, PARANOID, "perf_event_paranoid");
}

static void
probe_machine(struct probe *probe, const struct patients *patients)
{
	(void)patients;
	judge(probe, try_perf(-1), machine_cure);
	add_setting(probe, PARANOID, "perf_event_paranoid");
}

static void
probe_switches(struct probe *probe, const struct patients *patients)
{
	struct perf_event_attr attr = {
	    .size = sizeof(attr),
	    .type = PERF_TYPE_SOFTWARE,
	    .config = PERF_COUNT_SW_DUMMY,
	    .context_switch = 1,
	    .sample_id_all = 1,
	    .exclude_kernel = 1,
	    .exclude_hv = 1,
	};
	int fd = ring_event(&attr, patients->child, -1);

	judge(probe, fd, perf_cure);
	add_setting(probe, PARANOID, "perf_event_paranoid");
	if (fd >= 0)
		close(fd);
}

static void
probe_connector(struct probe *probe, const struct patients *patients)
{
	int fd = connector_open(true);

	(void)patients;
	judge(probe, fd, connector_cure);
	if (fd >= 0)
		close(fd);
	else if (fd == -ENOTSUP)
		snprintf(probe->why, sizeof(probe->why),
		         "the kernel does not answer: a container?");
}

static void
probe_pidfd(struct probe *probe, const struct patients *patients)
{
	int fd = pidfd_of(patients->child);

	judge(probe, fd, kernel_cure);
	if (fd >= 0)
		close(fd);
}

static void
probe_status(struct probe *probe, const struct patients *patients)
{
	(void)patients;
	judge(probe, pidfd_keeps_status() ? 0 : -ENOTSUP, kernel_cure);
	if (!probe->works)
		snprintf(probe->why, sizeof(probe->why),
		         "only while a zombie lasts: before Linux 6.15");
}

static void
probe_call(struct probe *probe, const struct patients *patients)
{
	struct procfs_syscall call;

	judge(probe,
	      procfs_read_syscall(patients->child, patients->child, &call),
	      "a kernel with CONFIG_HAVE_ARCH_TRACEHOOK; gVisor has none");
}

static void
probe_stranger(struct probe *probe, const struct patients *patients)
{
	struct procfs_syscall call;

	judge(
	    probe,
	    procfs_read_syscall(patients->stranger, patients->stranger, &call),
	    yama_cure);
	add_setting(probe, YAMA, "yama/ptrace_scope");
}

static void
probe_io(struct probe *probe, const struct patients *patients)
{
	uint64_t calls;

	judge(probe,
	      procfs_read_io(patients->stranger, patients->stranger, &calls),
	      "a kernel with CONFIG_TASK_IO_ACCOUNTING");
}

static void
probe_sched(struct probe *probe, const struct patients *patients)
{
	struct procfs_sched sched;
	int fd = procfs_open_sched(patients->child, patients->child);

	judge(probe, fd < 0 ? fd : procfs_read_sched(fd, &sched), procfs_cure);
	if (fd >= 0)
		close(fd);
}

static void
count_socket(void *data, const struct unix_socket *socket)
{
	(void)socket;
	++*(int *)data;
}

static void
probe_sockets(struct probe *probe, const struct patients *patients)
{
	int count = 0, fd = sockets_open();

	(void)patients;
	judge(probe, fd < 0 ? fd : sockets_unix(fd, count_socket, &count),
	      "a kernel with CONFIG_UNIX_DIAG and CONFIG_INET_DIAG");
	if (fd >= 0)
		close(fd);
	if (probe->works)
		snprintf(probe->why, sizeof(probe->why),
		         "%d UNIX sockets are seen", count);
}

static void
probe_others(struct probe *probe, const struct patients *patients)
{
	DIR *directory = opendir("/proc/1/fd");

	(void)patients;
	judge(probe, directory ? 0 : -errno, root_cure);
	if (directory)
		closedir(directory);
}

static void
probe_hidden(struct probe *probe, const struct patients *patients)
{
	(void)patients;
	judge(probe, access("/proc/1/stat", R_OK) ? -errno : 0,
	      "sudo mount -o remount,hidepid=0 /proc");
}

/* ---- all ---- */

static const struct {
	const char *name, *gives;
	void (*try)(struct probe *probe, const struct patients *patients);
} probes_known[] = {
    {"perf task records", "children of what is started, however short",
     probe_tree},
    {"perf records of the machine", "the same, cheaper, and when attached",
     probe_machine},
    {"perf switch records", "blocks to a tenth of a millisecond",
     probe_switches},
    {"proc connector", "how short children ended; births without perf",
     probe_connector},
    {"pidfd", "ends at once; signals that cannot go astray", probe_pidfd},
    {"exit status of others' children", "how each process ended", probe_status},
    {"syscall of what is started", "loops and what blocks them", probe_call},
    {"syscall of what is attached to", "the same of a running program",
     probe_stranger},
    {"io counters", "a loop that is busy, told from one that is blocked",
     probe_io},
    {"schedstat", "CPU and run queue in nanoseconds", probe_sched},
    {"sock_diag", "who is connected to whom, queues", probe_sockets},
    {"other users' processes", "their loops, descriptors and channels",
     probe_others},
    {"all of /proc", "other users' processes in the picker", probe_hidden},
};

int
probe_all(struct probe *probes, int room)
{
	int count = (int)(sizeof(probes_known) / sizeof(*probes_known));
	struct patients patients;

	start_patients(&patients);
	if (count > room)
		count = room;
	for (int i = 0; i < count; i++) {
		probes[i] = (struct probe){
		    .name = probes_known[i].name,
		    .gives = probes_known[i].gives,
		};
		probes_known[i].try(&probes[i], &patients);
	}
	end_patients(&patients);
	return count;
}
