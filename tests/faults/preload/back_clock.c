/*
 * back_clock.c: a wall clock that is set back again and again: each time that a
 * program asks for it, it is ten seconds earlier than before. See
 * clock_gettime(2), CLOCK_REALTIME; the other clocks are not changed.
 */
#define _DEFAULT_SOURCE

#include "preload.h"

#include <time.h>

int clock_gettime(clockid_t clock, struct timespec *time)
{
    static int (*next)(clockid_t, struct timespec *);
    static int asked;
    int status;

    if (next == NULL)
        find_next("clock_gettime", &next);
    status = next(clock, time);
    if (status == 0 && clock == CLOCK_REALTIME)
        time->tv_sec -= 10 * asked++;
    return status;
}
