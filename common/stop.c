/*
 * stop.c: handlers for the signals that stop a server; stop.h describes them.
 *
 * The handlers are installed without SA_RESTART, so that they interrupt a call
 * that blocks. A signal that arrives just before the call does not interrupt
 * it; for this case there are the pipe and the shutdown. Where neither works (a
 * write to a full pipe, a listener on BSD), an alarm interrupts the call once a
 * second.
 *
 * See signal-safety(7), sigaction(2), alarm(2), pipe(2), shutdown(2).
 */
#define _POSIX_C_SOURCE 200809L

#include "stop.h"

#include "system.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SAME_STOP_MS = 300 };

static int signals[] = {SIGINT, SIGTERM, SIGHUP, 0};
const int *const stop_signals = signals;

/* Atomic, because handlers and threads use them. */
static atomic_int requested, failed;
static atomic_int blocked_fd = -1;
static int ends[2] = {-1, -1};
static void (*tell)(void);

/* Makes the pipe readable, and again in a second, if it fails or comes too
 * early. The pipe is non-blocking: if it is full, it is readable anyway. */
static void wake(void)
{
    alarm(1);
    if (write(ends[1], "", 1) == -1)
        return;
}

static void on_alarm(int number)
{
    int saved = errno;

    (void)number;
    wake();
    errno = saved;
}

void stop_request(void)
{
    struct sigaction action = {.sa_handler = on_alarm};

    requested = 1;
    /* Not earlier: an alarm that the parent has set must end the program. */
    sigemptyset(&action.sa_mask);
    sigaction(SIGALRM, &action, NULL);
    wake();
}

void stop_after_failure(void)
{
    failed = 1;
    stop_request();
}

/* Asks the server to stop, makes the call return that blocks on blocked_fd, and
 * calls the function that stop_tells has stored. */
static void stop_now(void)
{
    stop_request();
    if (blocked_fd >= 0)
        shutdown(blocked_fd, SHUT_RD);
    if (tell != NULL)
        tell();
}

static void on_stop(int number)
{
    static struct timespec first;
    static bool stopping;
    struct sigaction action = {.sa_handler = SIG_DFL};
    int saved = errno;

    if (!stopping) {
        stopping = true;
        clock_gettime(CLOCK_MONOTONIC, &first);
        stop_now();
    } else if (elapsed_ms(&first) >= SAME_STOP_MS) {
        /* The signal is delivered when this handler returns. */
        sigaction(number, &action, NULL);
        raise(number);
    }
    errno = saved;
}

static int handle(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};

    /* One handler at a time: a second signal waits until it returns. */
    sigemptyset(&action.sa_mask);
    for (int i = 0; stop_signals[i] != 0; i++)
        sigaddset(&action.sa_mask, stop_signals[i]);
    return sigaction(number, &action, NULL);
}

/* Unblocks the signals in case the parent has blocked them. */
static int unblock_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    for (int i = 0; stop_signals[i] != 0; i++)
        sigaddset(&set, stop_signals[i]);
    return sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int stop_on_signals(void)
{
    struct sigaction hangup;

    if (pipe_cloexec_nonblock(ends) == -1 ||
        sigaction(SIGHUP, NULL, &hangup) == -1)
        return -1;
    if (hangup.sa_handler == SIG_IGN)
        signals[2] = 0;
    for (int i = 0; stop_signals[i] != 0; i++)
        if (handle(stop_signals[i], on_stop) == -1)
            return -1;
    return unblock_signals();
}

bool stop_requested(void)
{
    return requested;
}

int stop_status(void)
{
    return failed;
}

int stop_descriptor(void)
{
    return ends[0];
}

void stop_shuts_down(int fd)
{
    blocked_fd = fd;
}

void stop_tells(void (*function)(void))
{
    tell = function;
}

static void on_stop_child(int number)
{
    int saved = errno;

    (void)number;
    stop_now();
    errno = saved;
}

pid_t stop_fork(void)
{
    sigset_t all, before;
    pid_t pid;

    /* In the child no handler may run while the pipe is still its parent's. */
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    pid = fork();
    if (pid == 0) {
        tell = NULL;
        handle(STOP_CHILD, on_stop_child);
        sigdelset(&before, STOP_CHILD);
        for (int i = 0; i < 2; i++) {
            close(ends[i]);
            ends[i] = -1;
        }
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    return pid;
}

void stop_sleep(int ms)
{
    struct pollfd stop = {.fd = ends[0], .events = POLLIN};

    /* If poll is interrupted or fails, it sleeps less, which does no harm. */
    poll(&stop, 1, ms);
}
