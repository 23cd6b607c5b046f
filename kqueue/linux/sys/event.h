/*
 * sys/event.h: a small kqueue(2) for Linux, built on epoll(7).
 *
 * BSD and macOS have kqueue(2) in their kernels and <sys/event.h> among their
 * own headers. This header lets a program that is written for them run on Linux
 * without changes: compile with -Ikqueue/linux and link kqueue/linux/kqueue.c.
 * It has only the part of kqueue(2) that a TCP server needs, and does what the
 * man page says. Everything else is refused with EINVAL, never ignored.
 *
 * What it supports
 *   EVFILT_READ    sockets, pipes and terminals. `data` is 0. BSD counts there
 *                  the bytes to read, or the clients of a listener; on Linux
 *                  this would cost one more system call for each event
 *   EVFILT_SIGNAL  `data` counts the signals since the last report
 *   EV_ADD (also with EV_ENABLE), EV_DELETE; EV_EOF and EV_ERROR in events
 *
 * What it refuses: all other filters and flags, `fflags`, and a `udata` other
 * than NULL. In events `fflags` is always 0. BSD puts the error of a socket
 * there, but on Linux a program that asks for this error also clears it.
 *
 * What is different from BSD
 *   - close() stops the watching only when the last copy of the descriptor is
 *     closed. If dup() or fork() made a copy, use EV_DELETE before close().
 *   - On BSD a child does not inherit a kqueue. Here it inherits the
 *     descriptor, but must not use it. Signals to the child are not counted.
 *   - A signal is counted when it is delivered. While it is blocked, or the
 *     process is stopped, Linux keeps only one of each kind.
 *   - One kqueue at a time can watch a signal; a second one gets EINVAL.
 *   - Set a handler or SIG_IGN before EV_ADD, which refuses SIG_DFL with
 *     EINVAL. A handler that is set later ends the counting until EV_ADD again.
 *   - For Linux an ignored signal that is watched has a handler: poll(2) and
 *     sleep(3) end early, and a program started by exec gets SIG_DFL.
 *   - Use EV_DELETE for a signal before closing its kqueue. Otherwise the
 *     counting goes on, in a descriptor that stays open, until another EV_ADD.
 *   - Only one thread at a time may use EV_ADD and EV_DELETE for signals.
 *   - Timeouts are rounded up to milliseconds.
 *
 * Read: kqueue(2) of FreeBSD, NetBSD or OpenBSD; epoll(7).
 */
#ifndef KQUEUE_LINUX_SYS_EVENT_H
#define KQUEUE_LINUX_SYS_EVENT_H

#include <stdint.h>
#include <time.h>

/* Shows that this is not the system's own <sys/event.h>. */
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
#define EV_CLEAR 0x0020 /* the count has restarted: for every signal */
#define EV_ERROR 0x4000 /* this change failed; data is the errno */
#define EV_EOF 0x8000   /* the client sends no more, or is gone */

/* Defined so that programs compile; refused with EINVAL. */
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
 * Makes a kqueue and returns its descriptor, or -1 with errno set. The caller
 * closes it with close(2). As on BSD it is not close-on-exec until fcntl(2)
 * sets FD_CLOEXEC. See kqueue(2), epoll_create1(2).
 */
int kqueue(void);

/*
 * Applies the changes, then waits until something that is watched is ready, and
 * writes up to `nevents` events. Both lists may be the same array.
 *
 * `timeout` is the longest wait: NULL waits without limit, zero does not wait.
 * With `nevents` 0 the call returns once the changes are applied.
 *
 * Returns the number of events, 0 if the time is over, or -1 and errno. A
 * change that failed becomes an event with EV_ERROR and the errno in `data`;
 * the other changes are still applied, and the call then returns only such
 * events. If there is no room for such an event, the call stops at that change
 * with -1. EINTR: a signal that is not watched came first. See kevent(2),
 * epoll_ctl(2) for the errors of a change, epoll_wait(2).
 */
int kevent(int kq, const struct kevent *changes, int nchanges,
           struct kevent *events, int nevents, const struct timespec *timeout);

#endif
