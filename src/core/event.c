#include "event.h"

static const struct {
	const char *name;
	enum shape shape;
	bool urgent;
} kinds[] = {
#define EVENT(id, shape, name, urgent) [id] = {name, shape, urgent},
#include "event.def"
#undef EVENT
};

const char *
event_name(enum event_kind kind)
{
	return kinds[kind].name;
}

enum shape
event_shape(enum event_kind kind)
{
	return kinds[kind].shape;
}

bool
event_is_urgent(enum event_kind kind)
{
	return kinds[kind].urgent;
}

static const char *
name_of(const char *const *names, size_t count, uint64_t value)
{
	return value < count ? names[value] : "unknown";
}

const char *
event_birth_name(uint64_t birth)
{
	static const char *const names[] = {
	    "seen", "run", "spawn", "exec", "execFile", "fork", "cluster"};

	return name_of(names, BIRTHS, birth);
}

const char *
event_role_name(uint64_t role)
{
	static const char *const names[] = {"other", "main", "worker", "pool"};

	return name_of(names, ROLES, role);
}

const char *
event_channel_name(uint64_t type)
{
	static const char *const names[] = {
	    "ipc", "port", "pipe", "socket", "listen", "shm", "broadcast"};

	return name_of(names, CHANNEL_TYPES, type);
}

const char *
event_witness_name(uint64_t witness)
{
	static const char *const names[] = {"runtime", "agent", "outside"};

	return name_of(names, WITNESSES, witness);
}

const char *
event_method_name(uint64_t method)
{
	static const char *const names[] = {"unknown", "samples", "switches"};

	return name_of(names, METHODS, method);
}
