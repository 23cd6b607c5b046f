/*
 * coroutine/selector_epoll.c: waits with epoll(7); see epoll/server.c.
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

static int epoll_open(void)
{
    epoll = epoll_create1(EPOLL_CLOEXEC);
    return epoll == -1 ? -1 : 0;
}

static int epoll_watch(int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void epoll_forget(int fd)
{
    /* It fails only for what is not watched. */
    epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
}

static void epoll_sleep(int ms, void (*ready)(int fd))
{
    struct epoll_event events[EVENTS];
    int found = epoll_wait(epoll, events, EVENTS, ms);

    if (found == -1 && errno != EINTR)
        die_errno("epoll_wait failed");
    for (int i = 0; i < found; i++)
        ready(events[i].data.fd);
}

static void epoll_close(void)
{
    close(epoll);
    epoll = -1;
}

const struct selector selector_epoll = {
    .name = "epoll",
    .limit = INT_MAX,
    .open = epoll_open,
    .watch = epoll_watch,
    .forget = epoll_forget,
    .wait = epoll_sleep,
    .close = epoll_close,
};
