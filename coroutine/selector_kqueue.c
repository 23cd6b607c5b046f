/*
 * coroutine/selector_kqueue.c: waits with kqueue(2); see kqueue/server.c.
 */
#include "selector.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/event.h>
#include <sys/time.h>
#include <sys/types.h>

enum { EVENTS = 64 };

static int kq;

static bool selector_open(void)
{
    kq = kqueue();
    return kq != -1 && fcntl(kq, F_SETFD, FD_CLOEXEC) == 0;
}

static bool selector_watch(int fd)
{
    struct kevent change;

    EV_SET(&change, (uintptr_t)fd, EVFILT_READ, EV_ADD, 0, 0, 0);
    return kevent(kq, &change, 1, NULL, 0, NULL) == 0;
}

static void selector_unwatch(int fd)
{
    struct kevent change;

    EV_SET(&change, (uintptr_t)fd, EVFILT_READ, EV_DELETE, 0, 0, 0);
    kevent(kq, &change, 1, NULL, 0, NULL);
}

static bool selector_wait(int ms, void (*ready)(int fd))
{
    struct kevent events[EVENTS];
    struct timespec timeout = {ms / 1000, ms % 1000 * 1000000L};
    int found = kevent(kq, NULL, 0, events, EVENTS, ms < 0 ? NULL : &timeout);

    if (found == -1)
        return errno == EINTR;
    for (int i = 0; i < found; i++)
        ready((int)events[i].ident);
    return true;
}

const struct selector selector_kqueue = {
    .name = "kqueue",
    .limit = INT_MAX,
    .open = selector_open,
    .watch = selector_watch,
    .unwatch = selector_unwatch,
    .wait = selector_wait,
};
