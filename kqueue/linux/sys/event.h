/*
 * sys/event.h: a small kqueue(2) for Linux, built on epoll(7).
 *
 * BSD and macOS have kqueue(2) in their kernels and <sys/event.h> among their
 * own headers. This one lets a program that is written for them run on Linux
 * too, unchanged: compile with -Ikqueue/linux and link kqueue/linux/kqueue.c.
 * It is a part of kqueue(2), the part that a TCP server needs, and means what
 * the man page says. What is missing is refused with EINVAL, never ignored.
 *
 * What it knows
 *   EVFILT_READ    sockets, pipes and terminals. `data` is 0: BSD counts the
 *                  bytes that wait, or the clients of a listener; to ask Linux
 *                  for them would cost one more system call for each event
 *   EVFILT_SIGNAL  `data` counts the signals since the last report
 *   EV_ADD (also with EV_ENABLE), EV_DELETE; EV_EOF and EV_ERROR in answers
 *
 * What it refuses: all other filters and flags, `fflags`, and a `udata` other
 * than NULL. In answers `fflags` stays 0, also where BSD puts the error of a
 * socket there, since to ask Linux for that error is to consume it.
 *
 * Where Linux shows through
 *   - close() forgets a descriptor once the last copy of it is closed. If
 *     dup() or fork() made another, EV_DELETE it before closing.
 *   - BSD gives a kqueue to no child. Here a child inherits the descriptor,
 *     and it must not use it; signals that reach the child are not counted.
 *   - A signal is counted when it is delivered. While it is blocked, or the
 *     process stopped, Linux keeps no more than one of each kind.
 *   - A signal counts in one kqueue at a time; a second one gets EINVAL.
 *   - Set a handler or SIG_IGN before EV_ADD, which refuses SIG_DFL with
 *     EINVAL. A handler set later takes the counting away until EV_ADD again.
 *   - An ignored signal that is watched is a caught one to Linux: poll(2) or
 *     sleep(3) end early, and a program that exec starts gets SIG_DFL.
 *   - EV_DELETE a signal before closing its kqueue. Otherwise the counting
 *     goes on, in a descriptor that stays open, until EV_ADD elsewhere.
 *   - EV_ADD and EV_DELETE of signals are for one thread at a time.
 *   - Timeouts are rounded up to milliseconds.
 *
 * Read: kqueue(2) of FreeBSD, NetBSD or OpenBSD; epoll(7).
 */
#ifndef KQUEUE_LINUX_SYS_EVENT_H
#define KQUEUE_LINUX_SYS_EVENT_H

#include <stdint.h>
#include <time.h>

/* Tells a program that this is not a BSD's own <sys/event.h>. */
#define KQUEUE_ON_EPOLL 1
#define KQUEUE_NAME "kqueue (on epoll)"

/* Filters: what to watch. */
#define EVFILT_READ (-1)
#define EVFILT_SIGNAL (-6)

/* Actions, in the flags of a change. */
#define EV_ADD 0x0001
#define EV_DELETE 0x0002
#define EV_ENABLE 0x0004

/* Answers, in the flags of an event. */
#define EV_CLEAR 0x0020 /* the count starts again: on every signal */
#define EV_ERROR 0x4000 /* this change failed, data is the errno */
#define EV_EOF 0x8000   /* the peer will send no more, or is gone */

/* Known by name so that programs compile, and refused with EINVAL. */
#define EVFILT_WRITE (-2)
#define EVFILT_TIMER (-7)
#define EV_DISABLE 0x0008
#define EV_ONESHOT 0x0010

struct kevent {
    uintptr_t ident;      /* a descriptor, or the number of a signal */
    short filter;         /* EVFILT_READ or EVFILT_SIGNAL */
    unsigned short flags; /* EV_... */
    unsigned int fflags;  /* 0 */
    intptr_t data;        /* signals, or an errno */
    void *udata;          /* NULL */
};

/* Fills in the struct kevent that the first argument points to. */
#define EV_SET(kev, id, filt, flg, fflg, dat, udat) \
    (*(kev) = (struct kevent){                      \
         .ident = (uintptr_t)(id),                  \
         .filter = (short)(filt),                   \
         .flags = (unsigned short)(flg),            \
         .fflags = (unsigned int)(fflg),            \
         .data = (intptr_t)(dat),                   \
         .udata = (void *)(udat),                   \
     })

/*
 * Makes a kqueue and returns its descriptor, or -1 with errno set. It belongs
 * to the caller, who ends it with close(2). As on BSD it is not close-on-exec
 * until fcntl(2) sets FD_CLOEXEC. See kqueue(2), epoll_create1(2).
 */
int kqueue(void);

/*
 * Applies the changes, then waits until something that is watched is ready,
 * and writes up to `nevents` events. Both lists may be the same array.
 *
 * `timeout` is the longest wait: NULL waits as long as it takes, a zero one
 * only looks. With `nevents` 0 the call returns once the changes are applied.
 *
 * Returns the number of events, 0 when the time is over, or -1 and errno. A
 * change that failed becomes an event with EV_ERROR and the errno in `data`;
 * the other changes are still applied, and such events are all that this call
 * returns. When there is no room for it the call stops at that change with -1.
 * EINTR: a signal that is not watched came first. See kevent(2),
 * epoll_ctl(2) for the errors of a change, epoll_wait(2).
 */
int kevent(int kq, const struct kevent *changes, int nchanges,
           struct kevent *events, int nevents, const struct timespec *timeout);

#endif
