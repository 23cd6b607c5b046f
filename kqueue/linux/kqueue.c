/*
 * kqueue.c: the part of kqueue(2) that sys/event.h declares.
 *
 * A kqueue is just an epoll instance: the kernel keeps the list of what is
 * watched, so there is nothing to clean up after close(2) of a descriptor or of
 * the kqueue. What an event needs later, the filter and the number, is stored
 * in epoll_data, which the kernel returns with it.
 *
 * Signals are the one exception, because a handler belongs to the process. A
 * handler of our own runs instead of the program's and calls it. It counts the
 * signal in an eventfd, which epoll watches like any other descriptor.
 *
 * To try it: compile tests/unit/kqueue_test.c together with this file. Read:
 * kqueue(2), epoll(7), epoll_ctl(2), eventfd(2), sigaction(2).
 */
#define _GNU_SOURCE /* for NSIG */

#include <sys/event.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/types.h>
#include <unistd.h>

/* The most events that one call reports. The next call reports the others. */
enum { BATCH = 256 };

/* The signals that are watched, by number. */
static struct watch {
    pid_t owner; /* the process that watches it, 0 for none */
    int kq;      /* the kqueue that reports it */
    int counter; /* the eventfd that its deliveries are counted in */
    struct sigaction program; /* what the program has set */
} watches[NSIG];

static int fail(int error)
{
    errno = error;
    return -1;
}

static struct epoll_event interest(uint32_t events, bool is_signal, int ident)
{
    return (struct epoll_event){
        .events = events,
        .data.u64 = (uint64_t)is_signal << 32 | (uint32_t)ident,
    };
}

int kqueue(void)
{
    return epoll_create1(0);
}

/* Descriptors */

static int add_descriptor(int kq, int fd)
{
    struct epoll_event event = interest(EPOLLIN | EPOLLRDHUP, false, fd);

    if (epoll_ctl(kq, EPOLL_CTL_ADD, fd, &event) == 0)
        return 0;
    if (errno == EEXIST) /* in kqueue(2) it is no error to add it again */
        return epoll_ctl(kq, EPOLL_CTL_MOD, fd, &event);
    /* epoll cannot watch this descriptor, for example a regular file. */
    return errno == EPERM ? fail(EINVAL) : -1;
}

/* Signals */

/*
 * Replaces the program's handler: counts the signal, which wakes a kevent that
 * waits, and calls the program's handler. In a child after fork(2) the counter
 * belongs to the parent, so the child does not write to it. The write fails
 * only if the counter is full or closed, which a handler cannot fix.
 */
static void count_signal(int sig, siginfo_t *info, void *context)
{
    const struct watch *watch = &watches[sig];
    const uint64_t one = 1;
    int saved = errno;

    if (watch->owner == getpid()) {
        ssize_t written = write(watch->counter, &one, sizeof one);
        (void)written;
    }
    errno = saved;
    if (watch->program.sa_handler == SIG_IGN)
        return;
    if (watch->program.sa_flags & SA_SIGINFO)
        watch->program.sa_sigaction(sig, info, context);
    else
        watch->program.sa_handler(sig);
}

/*
 * Makes count_signal the handler. Mask and flags stay as they are: a system
 * call is restarted or interrupted as the program has chosen. SIG_DFL is
 * refused, because then there is no handler to call after counting.
 */
static int wrap_handler(int sig)
{
    struct sigaction action;

    if (sigaction(sig, NULL, &action) != 0)
        return -1;
    if (action.sa_sigaction == count_signal)
        return 0;
    if (action.sa_handler == SIG_DFL)
        return fail(EINVAL);
    watches[sig].program = action;
    /* An ignored signal interrupts no call, so a counted one should not. */
    if (action.sa_handler == SIG_IGN)
        action.sa_flags |= SA_RESTART;
    action.sa_flags |= SA_SIGINFO;
    action.sa_sigaction = count_signal;
    return sigaction(sig, &action, NULL);
}

/* Restores the program's handler, unless it has set a newer one by now. */
static int unwrap_handler(int sig)
{
    struct sigaction action;

    if (sigaction(sig, NULL, &action) != 0)
        return -1;
    if (action.sa_sigaction != count_signal)
        return 0;
    return sigaction(sig, &watches[sig].program, NULL);
}

static void stop_counting(struct watch *watch)
{
    int saved = errno;

    watch->owner = 0;
    close(watch->counter);
    errno = saved;
}

static int add_signal(int kq, int sig)
{
    struct watch *watch = &watches[sig];
    struct epoll_event event = interest(EPOLLIN, true, sig);

    if (watch->owner == getpid()) {
        if (epoll_ctl(watch->kq, EPOLL_CTL_MOD, watch->counter, &event) == 0)
            return watch->kq == kq ? wrap_handler(sig) : fail(EINVAL);
        /* The kqueue that counted it is closed: start again. */
        stop_counting(watch);
    }
    watch->counter = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (watch->counter < 0)
        return -1;
    watch->kq = kq;
    watch->owner = getpid();
    if (epoll_ctl(kq, EPOLL_CTL_ADD, watch->counter, &event) == 0 &&
        wrap_handler(sig) == 0)
        return 0;
    stop_counting(watch);
    return -1;
}

static int delete_signal(int kq, int sig)
{
    struct watch *watch = &watches[sig];

    if (watch->owner != getpid())
        return fail(ENOENT);
    if (epoll_ctl(kq, EPOLL_CTL_DEL, watch->counter, NULL) != 0)
        return -1;
    /* Remove the handler first, then close what it writes to. */
    int result = unwrap_handler(sig);
    stop_counting(watch);
    return result;
}

/* Changes */

static int apply(int kq, const struct kevent *change)
{
    bool add = change->flags == EV_ADD || change->flags == (EV_ADD | EV_ENABLE);
    int ident = change->ident <= INT_MAX ? (int)change->ident : -1;

    if (!add && change->flags != EV_DELETE)
        return fail(EINVAL);
    if (add && (change->fflags != 0 || change->udata != NULL))
        return fail(EINVAL);
    if (change->filter == EVFILT_READ)
        return add ? add_descriptor(kq, ident)
                   : epoll_ctl(kq, EPOLL_CTL_DEL, ident, NULL);
    if (change->filter == EVFILT_SIGNAL && ident > 0 && ident < NSIG)
        return add ? add_signal(kq, ident) : delete_signal(kq, ident);
    return fail(EINVAL);
}

/* Whether kq is a kqueue at all. Called only after a failure. */
static bool is_kqueue(int kq)
{
    struct epoll_event event;

    return epoll_wait(kq, &event, 1, 0) >= 0 || errno == EINTR;
}

/* Returns the number of failed changes, which are all in `events`, or -1. */
static int apply_all(int kq, const struct kevent *changes, int nchanges,
                     struct kevent *events, int nevents)
{
    int failed = 0;

    for (int i = 0; i < nchanges; i++) {
        if (apply(kq, &changes[i]) == 0)
            continue;
        int error = errno;
        if (!is_kqueue(kq))
            return fail(EBADF);
        if (failed >= nevents)
            return fail(error);
        /* failed <= i: in a shared array this overwrites no later change. */
        events[failed] = changes[i];
        events[failed].flags = EV_ERROR;
        events[failed].data = error;
        failed++;
    }
    return failed;
}

/* Events */

/* The signals since the last call: reading an eventfd sets it to 0. */
static intptr_t signals_counted(int sig)
{
    uint64_t count;

    if (read(watches[sig].counter, &count, sizeof count) != sizeof count)
        return 0;
    return (intptr_t)count;
}

/* Writes the event. Returns false if there is no event after all. */
static bool describe(const struct epoll_event *ready, struct kevent *event)
{
    bool is_signal = ready->data.u64 >> 32;
    int ident = (int)(uint32_t)ready->data.u64;
    bool eof = ready->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR);

    if (!is_signal) {
        EV_SET(event, ident, EVFILT_READ, eof ? EV_EOF : 0, 0, 0, NULL);
        return true;
    }
    EV_SET(event, ident, EVFILT_SIGNAL, EV_CLEAR, 0, signals_counted(ident),
           NULL);
    return event->data > 0;
}

/* Returns the timeout for epoll_wait(2), or -2 if `timeout` is not valid. */
static int milliseconds(const struct timespec *timeout)
{
    if (timeout == NULL)
        return -1;
    if (timeout->tv_sec < 0 || timeout->tv_nsec < 0 ||
        timeout->tv_nsec >= 1000000000)
        return -2;
    if (timeout->tv_sec >= INT_MAX / 1000)
        return INT_MAX;
    return (int)timeout->tv_sec * 1000 +
           (int)((timeout->tv_nsec + 999999) / 1000000);
}

static int wait_for_events(int kq, struct kevent *events, int nevents,
                           const struct timespec *timeout)
{
    struct epoll_event ready[BATCH];
    int capacity = nevents < BATCH ? nevents : BATCH;
    int limit = milliseconds(timeout);
    int found, count = 0;

    if (limit < -1)
        return fail(EINVAL);
    found = epoll_wait(kq, ready, capacity, limit);
    /* A watched signal interrupts epoll_wait, but it is an event: look
     * again. */
    if (found < 0 && errno == EINTR) {
        found = epoll_wait(kq, ready, capacity, 0);
        if (found == 0)
            return fail(EINTR);
    }
    if (found < 0)
        return errno == EINVAL ? fail(EBADF) : -1;
    for (int i = 0; i < found; i++)
        if (describe(&ready[i], &events[count]))
            count++;
    /* Another thread has taken the count, so all that is left is the signal. */
    return found > 0 && count == 0 ? fail(EINTR) : count;
}

int kevent(int kq, const struct kevent *changes, int nchanges,
           struct kevent *events, int nevents, const struct timespec *timeout)
{
    int failed = apply_all(kq, changes, nchanges, events, nevents);

    if (failed != 0 || nevents <= 0)
        return failed;
    return wait_for_events(kq, events, nevents, timeout);
}
