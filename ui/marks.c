#include "marks.h"

#include <string.h>

/* A block ends with an event: so much earlier it is still there. */
#define STILL_NS 1000000ull

bool
marks_toggle(struct marks *marks, uint64_t time, uint64_t near)
{
	int at = 0;

	for (int i = 0; i < marks->count; i++) {
		uint64_t mark = marks->times[i];

		if ((mark > time ? mark - time : time - mark) >= near)
			continue;
		marks->count--;
		memmove(marks->times + i, marks->times + i + 1,
		        (size_t)(marks->count - i) * sizeof(time));
		return false;
	}
	if (marks->count == MARKS) {
		marks->count--;
		memmove(marks->times, marks->times + 1,
		        (size_t)marks->count * sizeof(time));
	}
	while (at < marks->count && marks->times[at] < time)
		at++;
	memmove(marks->times + at + 1, marks->times + at,
	        (size_t)(marks->count - at) * sizeof(time));
	marks->times[at] = time;
	marks->count++;
	return true;
}

/* The nearest moment on one side of a time. */
struct nearest {
	uint64_t time, moment;
	bool behind, found;
};

static void
consider(struct nearest *nearest, uint64_t moment)
{
	if (nearest->behind ? moment <= nearest->time : moment >= nearest->time)
		return;
	if (nearest->found && (nearest->behind ? moment >= nearest->moment
	                                       : moment <= nearest->moment))
		return;
	nearest->moment = moment;
	nearest->found = true;
}

static bool
find(const struct marks *marks, const struct model *model,
     struct nearest nearest, uint64_t *moment)
{
	uint64_t kept = model->span_count < SPANS ? model->span_count : SPANS;

	for (int i = 0; i < marks->count; i++)
		consider(&nearest, marks->times[i]);
	for (uint64_t i = 0; i < kept; i++) {
		const struct span *span = &model->spans[i];

		if (span->blocked && span->end > span->begin + STILL_NS)
			consider(&nearest, span->end - STILL_NS);
	}
	*moment = nearest.moment;
	return nearest.found;
}

bool
marks_before(const struct marks *marks, const struct model *model,
             uint64_t time, uint64_t *moment)
{
	return find(marks, model, (struct nearest){.time = time}, moment);
}

bool
marks_behind(const struct marks *marks, const struct model *model,
             uint64_t time, uint64_t *moment)
{
	return find(marks, model,
	            (struct nearest){.time = time, .behind = true}, moment);
}
