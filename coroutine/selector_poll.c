/*
 * coroutine/selector_poll.c: waits with poll(2); see poll/server.c.
 */
#define _POSIX_C_SOURCE 200809L

#include "selector.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>

/* watched[fd] is the entry for fd. poll skips an entry in which fd is -1. */
static struct pollfd *watched;
static nfds_t count, capacity;

static bool selector_open(void)
{
    return true; /* nothing to prepare */
}

static bool selector_watch(int fd)
{
    if ((nfds_t)fd >= capacity) {
        nfds_t wanted = 2 * ((nfds_t)fd + 1);
        struct pollfd *larger = realloc(watched, wanted * sizeof *watched);

        if (larger == NULL)
            return false;
        watched = larger;
        capacity = wanted;
    }
    while (count <= (nfds_t)fd)
        watched[count++] = (struct pollfd){.fd = -1};
    watched[fd] = (struct pollfd){.fd = fd, .events = POLLIN};
    return true;
}

static void selector_unwatch(int fd)
{
    watched[fd].fd = -1;
}

static bool selector_wait(int ms, void (*ready)(int fd))
{
    if (poll(watched, count, ms) == -1)
        return errno == EINTR;
    for (nfds_t i = 0; i < count; i++)
        if (watched[i].revents != 0)
            ready(watched[i].fd);
    return true;
}

const struct selector selector_poll = {
    .name = "poll",
    .limit = INT_MAX,
    .open = selector_open,
    .watch = selector_watch,
    .unwatch = selector_unwatch,
    .wait = selector_wait,
};
