/*
 * coroutine/selector_epoll.c: waits with epoll(7); see epoll/server.c.
 */
#include "selector.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <sys/epoll.h>

enum { EVENTS = 64 };

static int epoll;

static bool selector_open(void)
{
    epoll = epoll_create1(EPOLL_CLOEXEC);
    return epoll != -1;
}

static bool selector_watch(int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void selector_unwatch(int fd)
{
    epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
}

static bool selector_wait(int ms, void (*ready)(int fd))
{
    struct epoll_event events[EVENTS];
    int found = epoll_wait(epoll, events, EVENTS, ms);

    if (found == -1)
        return errno == EINTR;
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
