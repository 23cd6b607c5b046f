/*
 * early_signal.c: a signal just before a call that blocks, which it therefore
 * does not interrupt. The first accept(2), the first recv(2), or the first wait
 * (select, pselect, poll, epoll_wait, io_uring_enter), as the variable
 * EARLY_SIGNAL says, gets SIGTERM before it begins, or the signal EARLY_NUMBER.
 * So does the first getpeername(2), with which uring begins to serve a client,
 * and the first clock_gettime(2) in the handler of a stop signal.
 * alarm(2) does nothing: an alarm each second would hide a server that has
 * missed the signal.
 *
 * With EARLY_SIGNAL=child every wait begins with another: until a child of the
 * process has ended, if there is one, so that SIGCHLD comes before the wait.
 */
#define _DEFAULT_SOURCE

#include "preload.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Leaves the child for the program to reap. */
static void await_child(void)
{
    siginfo_t ended;

    waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT);
}

static void come_before(const char *call)
{
    static bool done;
    const char *wanted = getenv("EARLY_SIGNAL");

    if (wanted != NULL && strcmp(wanted, "child") == 0 &&
        strcmp(call, "wait") == 0)
        await_child();
    if (done || wanted == NULL || strcmp(wanted, call) != 0)
        return;
    done = true;
    /* The signal goes to the process, not to this thread, which may
     * have it blocked. */
    kill(getpid(), (int)number_in("EARLY_NUMBER", SIGTERM));
}

unsigned alarm(unsigned seconds)
{
    (void)seconds;
    return 0;
}

ssize_t recv(int fd, void *data, size_t size, int flags)
{
    come_before("recv");
    return recvfrom(fd, data, size, flags, NULL, NULL);
}

int accept(int fd, struct sockaddr *address, socklen_t *size)
{
    static int (*next)(int, struct sockaddr *, socklen_t *);

    if (next == NULL)
        find_next("accept", &next);
    come_before("accept");
    return next(fd, address, size);
}

/* Whether a handler runs: its own signal is blocked as long as it does. */
static bool is_in_handler(void)
{
    sigset_t blocked;

    sigprocmask(SIG_BLOCK, NULL, &blocked);
    return sigismember(&blocked, SIGINT) || sigismember(&blocked, SIGTERM) ||
           sigismember(&blocked, SIGHUP);
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
    static int (*next)(clockid_t, struct timespec *);

    if (next == NULL)
        find_next("clock_gettime", &next);
    if (is_in_handler())
        come_before("clock_gettime");
    return next(clock, time);
}

int getpeername(int fd, struct sockaddr *address, socklen_t *size)
{
    static int (*next)(int, struct sockaddr *, socklen_t *);

    if (next == NULL)
        find_next("getpeername", &next);
    come_before("getpeername");
    return next(fd, address, size);
}

/* Without _GNU_SOURCE no header declares it. */
int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags);

int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
    static int (*next)(int, struct sockaddr *, socklen_t *, int);

    if (next == NULL)
        find_next("accept4", &next);
    come_before("accept");
    return next(fd, address, size, flags);
}

int select(int count, fd_set *readable, fd_set *writable, fd_set *urgent,
           struct timeval *timeout)
{
    static int (*next)(int, fd_set *, fd_set *, fd_set *, struct timeval *);

    if (next == NULL)
        find_next("select", &next);
    come_before("wait");
    return next(count, readable, writable, urgent, timeout);
}

int pselect(int count, fd_set *readable, fd_set *writable, fd_set *urgent,
            const struct timespec *timeout, const sigset_t *mask)
{
    static int (*next)(int, fd_set *, fd_set *, fd_set *,
                       const struct timespec *, const sigset_t *);

    if (next == NULL)
        find_next("pselect", &next);
    come_before("wait");
    return next(count, readable, writable, urgent, timeout, mask);
}

int poll(struct pollfd *list, nfds_t count, int ms)
{
    static int (*next)(struct pollfd *, nfds_t, int);

    if (next == NULL)
        find_next("poll", &next);
    come_before("wait");
    return next(list, count, ms);
}

/* Only Linux has a header for it. */
struct epoll_event;
int epoll_wait(int epoll, struct epoll_event *events, int count, int ms);

int epoll_wait(int epoll, struct epoll_event *events, int count, int ms)
{
    static int (*next)(int, struct epoll_event *, int, int);

    if (next == NULL)
        find_next("epoll_wait", &next);
    come_before("wait");
    return next(epoll, events, count, ms);
}

#ifdef SYS_io_uring_enter
/* The C library has no function for this call. */
long syscall(long number, ...)
{
    static long (*next)(long, ...);
    long words[6];
    va_list arguments;

    if (next == NULL)
        find_next("syscall", &next);
    va_start(arguments, number);
    for (int i = 0; i < 6; i++)
        words[i] = va_arg(arguments, long);
    va_end(arguments);
    if (number == SYS_io_uring_enter)
        come_before("wait");
    return next(number, words[0], words[1], words[2], words[3], words[4],
                words[5]);
}
#endif
