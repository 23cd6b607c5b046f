/*
 * A selector on epoll(7) that is told of each descriptor once: EPOLLONESHOT.
 * To be written.
 */
#include "../common/error.h"
#include "selector.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <unistd.h>

static int oneshot_open(void)
{
    /* TODO */
    errno = ENOSYS;
    return -1;
}

static int oneshot_watch(int fd)
{
    (void)fd; /* TODO */
    errno = ENOSYS;
    return -1;
}

static void oneshot_forget(int fd)
{
    (void)fd; /* TODO */
}

static void oneshot_wait(int ms, void (*ready)(int fd))
{
    (void)ms; /* TODO */
    (void)ready;
}

static void oneshot_close(void)
{
    /* TODO */
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
