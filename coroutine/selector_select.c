/*
 * coroutine/selector_select.c: waits with select(2); see select/server.c.
 */
#define _POSIX_C_SOURCE 200809L

#include "../common/error.h"
#include "selector.h"

#include <errno.h>
#include <stddef.h>
#include <sys/select.h>

static fd_set watched;
static int highest;

static int select_open(void)
{
    FD_ZERO(&watched);
    highest = -1;
    return 0;
}

static int select_watch(int fd)
{
    FD_SET(fd, &watched);
    if (fd > highest)
        highest = fd;
    return 0;
}

static void select_forget(int fd)
{
    FD_CLR(fd, &watched);
    while (highest >= 0 && !FD_ISSET(highest, &watched))
        highest--;
}

static void select_wait(int ms, void (*ready)(int fd))
{
    fd_set set = watched;
    struct timeval timeout = {ms / 1000, ms % 1000 * 1000};
    int found = select(highest + 1, &set, NULL, NULL, ms < 0 ? NULL : &timeout);

    if (found == -1 && errno != EINTR)
        die_errno("select failed");
    for (int fd = 0; found > 0 && fd <= highest; fd++)
        if (FD_ISSET(fd, &set)) {
            ready(fd);
            found--;
        }
}

static void select_close(void)
{
    FD_ZERO(&watched);
}

const struct selector selector_select = {
    .name = "select",
    .limit = FD_SETSIZE,
    .open = select_open,
    .watch = select_watch,
    .forget = select_forget,
    .wait = select_wait,
    .close = select_close,
};
