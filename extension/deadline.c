/*-------------------------------------------------------------------------
 *
 * deadline.c
 *		How long a request may run.
 *
 * Requests share a pipelined connection, so a cancel from outside could hit
 * the next one.  The backend therefore watches the clock itself: when the
 * time is up, the handler asks for a cancel and leaves a flag, and handle()
 * tells this cancel from any other by the flag.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/timeout.h"

#include "deadline.h"

static TimeoutId deadline_timeout = MAX_TIMEOUTS;
static volatile sig_atomic_t deadline_fired = false;

static void on_deadline(void);

/*
 * deadline_arm
 *		Starts the clock; a later cancel is ours if deadline_abandon() says so.
 *
 * Registered by the first request of a backend: a registration made in the
 * postmaster, by a preloaded library, is lost in its children.
 */
void
deadline_arm(int milliseconds)
{
	if (deadline_timeout == MAX_TIMEOUTS)
		deadline_timeout = RegisterTimeout(USER_TIMEOUT, on_deadline);

	deadline_fired = false;
	enable_timeout_after(deadline_timeout, Max(milliseconds, 1));
}

/*
 * deadline_disarm
 *		Stops the clock.
 *
 * When it rang between the last check and now, the pending cancel must be
 * taken here, or it would hit whatever this connection runs next.
 */
void
deadline_disarm(void)
{
	disable_timeout(deadline_timeout, false);
	if (deadline_fired)
		CHECK_FOR_INTERRUPTS();
}

/*
 * deadline_abandon
 *		Stops the clock after an error; tells whether it had rung.
 *
 * A cancel that is still pending is dropped: the error has already ended what
 * it was meant for.
 */
bool
deadline_abandon(void)
{
	disable_timeout(deadline_timeout, false);
	if (deadline_fired)
		QueryCancelPending = false;
	return deadline_fired;
}

/* Signal handler. */
static void
on_deadline(void)
{
	deadline_fired = true;
	InterruptPending = true;
	QueryCancelPending = true;
	SetLatch(MyLatch);
}
