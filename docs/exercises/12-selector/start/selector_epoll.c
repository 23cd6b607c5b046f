/*
 * A selector on epoll(7) with EPOLLONESHOT: epoll reports a descriptor once and
 * is then silent about it. To be written.
 */
#include "selector.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <sys/epoll.h>

static bool selector_open(void)
{
    errno = ENOSYS; /* TODO */
    return false;
}

static bool selector_watch(int fd)
{
    (void)fd; /* TODO */
    errno = ENOSYS;
    return false;
}

static void selector_unwatch(int fd)
{
    (void)fd; /* TODO */
}

static bool selector_wait(int ms, void (*ready)(int fd))
{
    (void)ms; /* TODO */
    (void)ready;
    errno = ENOSYS;
    return false;
}

const struct selector selector_epoll = {
    .name = "epoll",
    .limit = INT_MAX,
    .open = selector_open,
    .watch = selector_watch,
    .unwatch = selector_unwatch,
    .wait = selector_wait,
};
