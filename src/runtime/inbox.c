/*
 * The head is a stack of letters, newest first, or one of two signs when there
 * are none: NULL, the reader will look again before it sleeps, and ASLEEP, it
 * must be woken. Who puts a letter in place of ASLEEP writes to the eventfd.
 *
 * Failures: a wake-up that is not needed costs one turn of the loop. One that
 * is missing cannot be: the reader falls asleep by replacing NULL with ASLEEP
 * in one step, which fails when a letter has come.
 */
#include "inbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* About as long as it takes to be woken. */
enum { LOOKS = 100 };

static struct letter asleep;
#define ASLEEP (&asleep)

static void
relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#endif
}

int
inbox_init(struct inbox *inbox)
{
	memset(inbox, 0, sizeof(*inbox));
	inbox->head = ASLEEP;
	inbox->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return inbox->wake < 0 ? -errno : 0;
}

void
inbox_close(struct inbox *inbox)
{
	struct letters letters;

	letters_init(&letters);
	inbox_take(inbox, &letters);
	letters_free(&letters);
	close(inbox->wake);
}

void
inbox_wake(struct inbox *inbox)
{
	uint64_t one = 1;

	while (write(inbox->wake, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

void
inbox_put(struct inbox *inbox, struct letter *letter)
{
	struct letter *head = __atomic_load_n(&inbox->head, __ATOMIC_RELAXED);

	do {
		letter->next = head == ASLEEP ? NULL : head;
	} while (!__atomic_compare_exchange_n(&inbox->head, &head, letter, true,
	                                      __ATOMIC_ACQ_REL,
	                                      __ATOMIC_RELAXED));
	if (head == ASLEEP)
		inbox_wake(inbox);
}

bool
inbox_take(struct inbox *inbox, struct letters *letters)
{
	struct letter *letter = __atomic_load_n(&inbox->head, __ATOMIC_RELAXED);
	struct letter *oldest = NULL, **last = letters->last;

	if (!letter || letter == ASLEEP)
		return false;
	letter = __atomic_exchange_n(&inbox->head, NULL, __ATOMIC_ACQ_REL);
	letters->last = &letter->next;
	while (letter) {
		struct letter *next = letter->next;

		letter->next = oldest;
		oldest = letter;
		letter = next;
	}
	*last = oldest;
	return true;
}

void
inbox_rise(struct inbox *inbox)
{
	struct letter *head = ASLEEP;
	uint64_t count;

	while (read(inbox->wake, &count, sizeof(count)) < 0 && errno == EINTR)
		;
	__atomic_compare_exchange_n(&inbox->head, &head, NULL, false,
	                            __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

bool
inbox_linger(const struct inbox *inbox)
{
	for (int i = 0; i < LOOKS; i++) {
		if (__atomic_load_n(&inbox->head, __ATOMIC_RELAXED))
			return true;
		relax();
	}
	return false;
}

bool
inbox_sleep(struct inbox *inbox)
{
	struct letter *head = NULL;

	return __atomic_compare_exchange_n(&inbox->head, &head, ASLEEP, false,
	                                   __ATOMIC_ACQ_REL,
	                                   __ATOMIC_RELAXED) ||
	       head == ASLEEP;
}

/* ---- the seat ---- */

static void
on_readable(uv_poll_t *poll, int status, int events)
{
	struct seat *seat = poll->data;
	struct loop *loop = seat->loop;

	(void)status;
	(void)events;
	if (!seat->owner)
		return;
	loop_callback(loop, "message");
	seat->woken(seat);
	loop_callback(loop, NULL);
}

int
inbox_sit(struct inbox *inbox, struct loop *loop, void *owner,
          void (*woken)(struct seat *seat))
{
	struct seat *seat = calloc(1, sizeof(*seat));
	int error;

	if (!seat)
		return -ENOMEM;
	error = uv_poll_init(&loop->uv, &seat->poll, inbox->wake);
	if (error) {
		free(seat);
		return error;
	}
	seat->poll.data = seat;
	seat->loop = loop;
	seat->owner = owner;
	seat->woken = woken;
	inbox->seat = seat;
	return uv_poll_start(&seat->poll, UV_READABLE, on_readable);
}

static void
on_left(uv_handle_t *handle)
{
	struct seat *seat = handle->data;

	if (seat->left)
		seat->left(seat->left_owner);
	free(seat);
}

void
inbox_leave(struct inbox *inbox, void (*left)(void *owner))
{
	struct seat *seat = inbox->seat;

	inbox->seat = NULL;
	seat->left = left;
	seat->left_owner = seat->owner;
	seat->owner = NULL;
	uv_close((uv_handle_t *)&seat->poll, on_left);
}
