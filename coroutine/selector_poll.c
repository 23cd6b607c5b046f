/*
 * coroutine/selector_poll.c: waits with poll(2); see poll/server.c.
 */
#define _POSIX_C_SOURCE 200809L

#include "../common/error.h"
#include "selector.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>

/* By descriptor, so that forgetting one is no search. poll passes over those
 * whose fd is negative: they are not watched. */
static struct pollfd *watched;
static nfds_t count, room;

static int poll_open(void)
{
    count = room = 0;
    return 0;
}

static int poll_watch(int fd)
{
    nfds_t needed = (nfds_t)fd + 1;

    if (needed > room) {
        struct pollfd *larger = realloc(watched, 2 * needed * sizeof *watched);

        if (larger == NULL)
            return -1;
        watched = larger;
        room = 2 * needed;
    }
    while (count < needed)
        watched[count++] = (struct pollfd){.fd = -1};
    watched[fd] = (struct pollfd){.fd = fd, .events = POLLIN};
    return 0;
}

static void poll_forget(int fd)
{
    watched[fd].fd = -1;
    while (count > 0 && watched[count - 1].fd == -1)
        count--;
}

static void poll_wait(int ms, void (*ready)(int fd))
{
    int found = poll(watched, count, ms);

    if (found == -1 && errno != EINTR)
        die_errno("poll failed");
    for (nfds_t i = 0; found > 0 && i < count; i++)
        if (watched[i].fd != -1 && watched[i].revents != 0) {
            ready(watched[i].fd);
            found--;
        }
}

static void poll_close(void)
{
    free(watched);
    watched = NULL;
}

const struct selector selector_poll = {
    .name = "poll",
    .limit = INT_MAX,
    .open = poll_open,
    .watch = poll_watch,
    .forget = poll_forget,
    .wait = poll_wait,
    .close = poll_close,
};
