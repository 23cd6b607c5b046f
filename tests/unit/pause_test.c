/*
 * pause_test.c: tests how long a wait may last while accept is paused, to the
 * millisecond, and that it reaches select(2) and kevent(2) unchanged.
 *
 *     build/tests/pause-test
 *
 * From outside this cannot be seen: a wait that ends a millisecond too early is
 * simply repeated. So this program has a clock of its own, which it sets, and a
 * select and a kevent that note the timeout. For each promise it prints a line
 * of the Test Anything Protocol, "ok 1 - ..." or "not ok 1 - ...", and it fails
 * if one is broken.
 *
 * See common/listener.h, coroutine/selector.h.
 */
#define _POSIX_C_SOURCE 200809L

#include "../../common/output.h"
#include "../../common/server.h"
#include "../../coroutine/selector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <time.h>

#ifdef HAS_KQUEUE
#include <sys/event.h>
#endif

/* What the clock shows: when the pause begins, and now. The nanoseconds are so
 * many that the seconds grow by one after part of a second. */
static const struct timespec start = {.tv_sec = 100, .tv_nsec = 700000000};
static struct timespec now;

/* The timeout that select or kevent was called with, in nanoseconds; FOREVER if
 * it was NULL. */
enum { FOREVER = -1 };
static long long given;

/* The errno that accept fails with. */
static int fault;

/* Each of these replaces the function of the C library. */

int accept(int fd, struct sockaddr *address, socklen_t *size)
{
    (void)fd, (void)address, (void)size;
    errno = fault;
    return -1;
}

/* Without _GNU_SOURCE no header declares it. */
int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags);

int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
    (void)flags;
    return accept(fd, address, size);
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
    (void)clock;
    *time = now;
    return 0;
}

static long long of_timeval(const struct timeval *time)
{
    if (time == NULL)
        return FOREVER;
    return (long long)time->tv_sec * 1000000000 +
           (long long)time->tv_usec * 1000;
}

static long long of_timespec(const struct timespec *time)
{
    if (time == NULL)
        return FOREVER;
    return (long long)time->tv_sec * 1000000000 + time->tv_nsec;
}

int select(int count, fd_set *readable, fd_set *writable, fd_set *urgent,
           struct timeval *timeout)
{
    (void)count, (void)readable, (void)writable, (void)urgent;
    given = of_timeval(timeout);
    return 0;
}

#ifdef HAS_KQUEUE
int kqueue(void)
{
    return -1;
}

int kevent(int kq, const struct kevent *changes, int nchanges,
           struct kevent *events, int nevents, const struct timespec *timeout)
{
    (void)kq, (void)changes, (void)nchanges, (void)events, (void)nevents;
    given = of_timespec(timeout);
    return 0;
}
#endif

/* Sets the clock to so many milliseconds after the pause began. */
static void set_clock(long ms)
{
    long nanoseconds = start.tv_nsec + ms % 1000 * 1000000;

    now.tv_sec = start.tv_sec + ms / 1000 + nanoseconds / 1000000000;
    now.tv_nsec = nanoseconds % 1000000000;
}

/* Whether a pause begins if accept fails so, as often in a row. */
static bool pauses_after(int error, int times)
{
    set_clock(5000);
    if (accept_paused())
        return false; /* the last one should be over */
    set_clock(0);
    fault = error;
    while (times-- > 0)
        accept_client(-1);
    return accept_paused();
}

static bool begin_pause(void)
{
    return pauses_after(EMFILE, 1);
}

static bool begins_if_something_runs_out(void)
{
    static const int errors[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM, EBADF};

    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (!pauses_after(errors[i], 1)) {
            printf("# no pause: %s\n", strerror(errors[i]));
            return false;
        }
    return true;
}

/* What accept(2) lists: the fault of one client, or of its network. */
static bool begins_only_after_64_lost_clients(void)
{
    static const int errors[] = {
        ECONNABORTED, EPROTO,      ENETDOWN,   ENETUNREACH,
        EHOSTUNREACH, ENOPROTOOPT, EOPNOTSUPP,
#ifdef EHOSTDOWN
        EHOSTDOWN,
#endif
#ifdef ENONET
        ENONET,
#endif
    };

    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (pauses_after(errors[i], 63) || !pauses_after(errors[i], 1)) {
            printf("# a pause too early or too late: %s\n",
                   strerror(errors[i]));
            return false;
        }
    return true;
}

static bool never_begins_without_a_client(void)
{
    return !pauses_after(EAGAIN, 100) && !pauses_after(EINTR, 100);
}

/* Whether a wait is given this time, in milliseconds, after so many of them. */
static bool lasts(long after, int wanted)
{
    set_clock(after);
    if (accept_timeout() == wanted &&
        of_timeval(accept_timeval()) == wanted * 1000000LL &&
        of_timespec(accept_timespec()) == wanted * 1000000LL)
        return true;
    printf("# after %ld ms: %d ms, not %d\n", after, accept_timeout(), wanted);
    return false;
}

/* A millisecond more than the rest of the second, since the clock may be in the
 * middle of one. */
static bool lasts_as_long_as_the_pause(void)
{
    return begin_pause() && lasts(0, 1001) && lasts(1, 1000) && lasts(2, 999) &&
           lasts(300, 701) && lasts(500, 501) && lasts(998, 3) &&
           lasts(999, 2) && lasts(1000, 1) && lasts(5000, 1);
}

static bool is_over_after_a_second(void)
{
    if (!begin_pause())
        return false;
    set_clock(999);
    if (!accept_paused())
        return false;
    set_clock(1000);
    return !accept_paused();
}

static bool lasts_forever_without_a_pause(void)
{
    set_clock(1000);
    return !accept_paused() && accept_timeout() == -1 &&
           accept_timeval() == NULL && accept_timespec() == NULL;
}

static void nothing_is_ready(int fd)
{
    (void)fd;
}

/* Whether a selector passes on each timeout unchanged. */
static bool hands_on(const struct selector *selector)
{
    static const int times[] = {0, 1, 2, 501, 998, 999, 1000, 1001};

    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        if (!selector->wait(times[i], nothing_is_ready) ||
            given != times[i] * 1000000LL) {
            printf("# %d ms became %lld ns\n", times[i], given);
            return false;
        }
    return selector->wait(-1, nothing_is_ready) && given == FOREVER;
}

static bool select_is_given_it(void)
{
    return hands_on(&selector_select);
}

#ifdef HAS_KQUEUE
static bool kevent_is_given_it(void)
{
    return hands_on(&selector_kqueue);
}
#endif

static const struct {
    const char *name;
    bool (*holds)(void);
} promises[] = {
    {"a pause begins if something runs out", begins_if_something_runs_out},
    {"a pause begins after 64 clients that were lost, not before",
     begins_only_after_64_lost_clients},
    {"no pause begins if there is no client", never_begins_without_a_client},
    {"a wait lasts as long as the pause", lasts_as_long_as_the_pause},
    {"the pause is over after a second", is_over_after_a_second},
    {"without a pause a wait lasts forever", lasts_forever_without_a_pause},
    {"coroutine/select: select is given this time", select_is_given_it},
#ifdef HAS_KQUEUE
    {"coroutine/kqueue: kevent is given this time", kevent_is_given_it},
#endif
};
enum { COUNT = sizeof promises / sizeof *promises };

int main(void)
{
    char *arguments[] = {"timeout-test", "--raw", "-p0", "-a127.0.0.1", NULL};
    int failed = 0;

    start_server("timeout-test", 4, arguments, NON_BLOCKING);
    standard_error.fd = -1; /* the messages are not tested */
    for (int i = 0; i < COUNT; i++) {
        bool held = promises[i].holds();

        failed += !held;
        printf("%s %d - %s\n", held ? "ok" : "not ok", i + 1, promises[i].name);
    }
    printf("1..%d\n", COUNT);
    return failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
