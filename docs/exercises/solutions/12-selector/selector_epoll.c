/*
 * A selector on epoll(7) that is told of each descriptor once: EPOLLONESHOT.
 * What one wait has reported, the next one arms again, unless it was forgotten
 * in between.
 */
#include "../common/error.h"
#include "selector.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS = 64 };

static int epoll = -1;

/* What the last wait has reported: silent since then. -1: forgotten. */
static int reported[EVENTS];
static int reported_count;

static int oneshot_open(void)
{
    reported_count = 0;
    epoll = epoll_create1(EPOLL_CLOEXEC);
    return epoll == -1 ? -1 : 0;
}

static int arm(int change, int fd)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT,
                                .data.fd = fd};

    return epoll_ctl(epoll, change, fd, &event);
}

static int oneshot_watch(int fd)
{
    return arm(EPOLL_CTL_ADD, fd);
}

static void oneshot_forget(int fd)
{
    /* Its number may come back before the next wait, for another client. */
    for (int i = 0; i < reported_count; i++)
        if (reported[i] == fd)
            reported[i] = -1;
    /* It fails only for what is not watched. */
    epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
}

static void oneshot_wait(int ms, void (*ready)(int fd))
{
    struct epoll_event events[EVENTS];
    int found;

    for (int i = 0; i < reported_count; i++)
        if (reported[i] != -1 && arm(EPOLL_CTL_MOD, reported[i]) == -1)
            die_errno("cannot watch a client again");
    found = epoll_wait(epoll, events, EVENTS, ms);
    if (found == -1 && errno != EINTR)
        die_errno("epoll_wait failed");
    reported_count = found == -1 ? 0 : found;
    for (int i = 0; i < reported_count; i++)
        reported[i] = events[i].data.fd;
    for (int i = 0; i < reported_count; i++)
        ready(events[i].data.fd);
}

static void oneshot_close(void)
{
    close(epoll);
    epoll = -1;
}

const struct selector selector_epoll = {
    .name = "epoll",
    .limit = INT_MAX,
    .open = oneshot_open,
    .watch = oneshot_watch,
    .forget = oneshot_forget,
    .wait = oneshot_wait,
    .close = oneshot_close,
};
