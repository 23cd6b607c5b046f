/*
 * A selector on epoll(7) with EPOLLONESHOT: epoll reports a descriptor once and
 * is then silent about it. Each wait arms again what the last one has reported,
 * unless it is no longer watched.
 */
#include "selector.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <sys/epoll.h>

enum { EVENTS = 64 };

static int epoll;

/* What the last wait has reported; -1: no longer watched. */
static int reported[EVENTS];
static int reported_count;

static bool selector_open(void)
{
    reported_count = 0;
    epoll = epoll_create1(EPOLL_CLOEXEC);
    return epoll != -1;
}

static bool arm(int change, int fd)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT,
                                .data.fd = fd};

    return epoll_ctl(epoll, change, fd, &event) == 0;
}

static bool selector_watch(int fd)
{
    return arm(EPOLL_CTL_ADD, fd);
}

static void selector_unwatch(int fd)
{
    /* A new client may have its number before the next wait. */
    for (int i = 0; i < reported_count; i++)
        if (reported[i] == fd)
            reported[i] = -1;
    epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
}

static bool selector_wait(int ms, void (*ready)(int fd))
{
    struct epoll_event events[EVENTS];
    int found;

    for (int i = 0; i < reported_count; i++)
        if (reported[i] != -1 && !arm(EPOLL_CTL_MOD, reported[i]))
            return false;
    reported_count = 0;
    found = epoll_wait(epoll, events, EVENTS, ms);
    if (found == -1)
        return errno == EINTR;
    for (int i = 0; i < found; i++)
        reported[reported_count++] = events[i].data.fd;
    for (int i = 0; i < found; i++)
        ready(events[i].data.fd);
    return true;
}

const struct selector selector_epoll = {
    .name = "epoll",
    .limit = INT_MAX,
    .open = selector_open,
    .watch = selector_watch,
    .unwatch = selector_unwatch,
    .wait = selector_wait,
};
