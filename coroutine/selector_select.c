/*
 * coroutine/selector_select.c: waits with select(2); see select/server.c.
 */
#define _POSIX_C_SOURCE 200809L

#include "selector.h"

#include <errno.h>
#include <stddef.h>
#include <sys/select.h>

static fd_set watched;
static int highest = -1;

static bool selector_open(void)
{
    return true; /* nothing to prepare */
}

static bool selector_watch(int fd)
{
    FD_SET(fd, &watched); /* fits: the loop checks the limit */
    if (fd > highest)
        highest = fd;
    return true;
}

static void selector_unwatch(int fd)
{
    FD_CLR(fd, &watched);
}

static bool selector_wait(int ms, void (*ready)(int fd))
{
    fd_set set = watched;
    struct timeval timeout = {ms / 1000, ms % 1000 * 1000};

    if (select(highest + 1, &set, NULL, NULL, ms < 0 ? NULL : &timeout) == -1)
        return errno == EINTR;
    for (int fd = 0; fd <= highest; fd++)
        if (FD_ISSET(fd, &set))
            ready(fd);
    return true;
}

const struct selector selector_select = {
    .name = "select",
    .limit = FD_SETSIZE,
    .open = selector_open,
    .watch = selector_watch,
    .unwatch = selector_unwatch,
    .wait = selector_wait,
};
