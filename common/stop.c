/*
 * stop.c: handlers for the signals that stop a server; stop.h says how they
 * reach it.
 *
 * The handlers are installed without SA_RESTART, so that they interrupt a call
 * that blocks. A signal that comes just before the call interrupts nothing:
 * for that there are the pipe and the shutdown. And where there is neither (a
 * write to a pipe that nobody empties; a listener on BSD, which cannot be shut
 * down) an alarm each second interrupts again.
 *
 * See signal-safety(7), sigaction(2), alarm(2), pipe(2).
 */
#define _POSIX_C_SOURCE 200809L

#include "stop.h"

#include "error.h"
#include "system.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

const int stop_signals[] = {SIGINT, SIGTERM, SIGHUP, 0};

static volatile sig_atomic_t requested, seconds;
static volatile sig_atomic_t blocked_on = -1;
static int ends[2] = {-1, -1};

void stop_request(void)
{
    requested = 1;
    alarm(1);
    /* The pipe is non-blocking, and one byte that it holds is enough. */
    if (write(ends[1], "", 1) == -1)
        return;
}

static void on_stop(int number)
{
    int saved = errno;

    if (requested) {
        /* The second one: delivered when this handler returns. */
        struct sigaction action = {.sa_handler = SIG_DFL};

        sigaction(number, &action, NULL);
        raise(number);
        return;
    }
    stop_request();
    if (blocked_on >= 0)
        shutdown((int)blocked_on, SHUT_RD);
    errno = saved;
}

static void on_alarm(int number)
{
    (void)number;
    seconds++;
    alarm(1);
}

static void handle(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};

    /* One handler at a time: a second signal waits for the first to be done. */
    sigemptyset(&action.sa_mask);
    for (int i = 0; stop_signals[i] != 0; i++)
        sigaddset(&action.sa_mask, stop_signals[i]);
    if (sigaction(number, &action, NULL) == -1)
        die_errno("cannot handle signal %d", number);
}

/* Lets the signals through also where the parent had them blocked. */
static void unblock_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    for (int i = 0; stop_signals[i] != 0; i++)
        sigaddset(&set, stop_signals[i]);
    if (sigprocmask(SIG_UNBLOCK, &set, NULL) == -1)
        die_errno("cannot unblock the stop signals");
}

void stop_on_signals(void)
{
    if (pipe_cloexec_nonblock(ends) == -1)
        die_errno("cannot open a pipe");
    for (int i = 0; stop_signals[i] != 0; i++)
        handle(stop_signals[i], on_stop);
    handle(SIGALRM, on_alarm);
    unblock_signals();
}

bool stop_requested(void)
{
    return requested != 0;
}

int stop_descriptor(void)
{
    return ends[0];
}

void stop_wakes(int fd)
{
    blocked_on = fd;
}

int stop_seconds(void)
{
    return (int)seconds;
}

void stop_sleep(int ms)
{
    struct pollfd stop = {.fd = ends[0], .events = POLLIN};

    /* Interrupted or failed, it has slept less: the caller tries again. */
    poll(&stop, 1, ms);
}
