/*
 * signals/server.c: all clients at once, with signals that the kernel queues.
 *
 *     build/signals --port 8888                and elsewhere: nc localhost 8888
 *
 * With O_ASYNC the kernel sends a signal when something happens to a socket;
 * with F_SETSIG it is a real-time signal, which is queued and names the
 * descriptor. No handler runs: the signals are blocked, and sigtimedwait takes
 * one after the other from the queue, or sleeps. (W. R. Stevens calls it
 * signal-driven I/O. Linux alone can name the descriptor.)
 *
 * A signal tells of a change, not of a state: what was there before the socket
 * was watched, or is left after a round, is not told again. So each socket is
 * asked once after it is watched, is received from until EAGAIN, and is
 * remembered where that takes too long.
 *
 * Compare epoll/server.c, whose list holds each descriptor once: this queue
 * holds one signal for each event, and overflows. See fcntl(2), signal(7).
 */
#define _GNU_SOURCE

#include "../common/server.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Limits for one round of the loop: new clients accepted, and chunks received
 * from each client, so that neither a crowd nor a flood keeps others waiting.
 */
enum { CLIENTS_PER_ROUND = 64, CHUNKS_PER_ROUND = 16 };

/* The clients that have had their chunks of this round and may have more. */
enum { UNFINISHED = 64 };
static int unfinished[UNFINISHED];
static int unfinished_count;

/* Whether every client is to be asked, since some may have more. */
static bool ask_all;

static bool watch(int fd)
{
    return fcntl(fd, F_SETOWN, getpid()) == 0 &&
           fcntl(fd, F_SETSIG, SIGRTMIN) == 0 &&
           fcntl(fd, F_SETFL, O_NONBLOCK | O_ASYNC) == 0;
}

static void unwatch(int fd)
{
    fcntl(fd, F_SETFL, O_NONBLOCK);
}

static void remember(int fd)
{
    if (unfinished_count == UNFINISHED)
        ask_all = true;
    else
        unfinished[unfinished_count++] = fd;
}

/* Receives what a client has sent, CHUNKS_PER_ROUND at most. Returns false once
 * the client is finished. A chunk that is not full does not end it: only after
 * EAGAIN does the kernel tell of what comes next. */
static bool receive(struct client *client)
{
    for (int i = 0; i < CHUNKS_PER_ROUND; i++) {
        ssize_t size = recv(client->fd, chunk, options.recv_size, 0);

        if (size == -1 && errno == EAGAIN)
            return true; /* nothing more for now: back to the wait */
        if (size == -1 && errno == EINTR)
            continue;
        if (size == -1)
            client->error = errno; /* the connection is lost */
        if (size <= 0)
            return false; /* 0: the client has closed its side */
        print_chunk(client, chunk, size);
    }
    remember(client->fd);
    return true; /* enough for this round */
}

static void serve(struct client *client)
{
    if (receive(client))
        return;
    unwatch(client->fd);
    close_client(client);
}

/* Accepts the clients that wait in the backlog, CLIENTS_PER_ROUND at most.
 * Returns whether there may be more. */
static bool accept_connections(int listener)
{
    for (int i = 0; i < CLIENTS_PER_ROUND; i++) {
        struct client *client = accept_client(listener);

        if (client == NULL)
            return errno != EAGAIN; /* EAGAIN: the backlog is empty */
        print_connection(client);
        print_next();
        print_receiving(client);
        if (!watch(client->fd))
            drop_client(client); /* there is no memory to watch it */
        else
            serve(client);
    }
    return true;
}

static void serve_unfinished(void)
{
    int fds[UNFINISHED];
    int count = unfinished_count;

    memcpy(fds, unfinished, sizeof fds);
    unfinished_count = 0;
    for (int i = 0; i < count; i++)
        if (client_at(fds[i]) != NULL)
            serve(client_at(fds[i]));
}

static void serve_all(void)
{
    unsigned left = client_count();

    ask_all = false;
    for (int fd = 0; left > 0; fd++) {
        if (client_at(fd) == NULL)
            continue;
        left--;
        serve(client_at(fd));
    }
}

/* The queue was full, and signals were lost. Empties it, since a signal that is
 * ignored is removed, and has everything looked at. */
static void overflow(void)
{
    signal(SIGRTMIN, SIG_IGN);
    signal(SIGRTMIN, SIG_DFL);
    ask_all = true;
}

/* Blocks the signals that the sockets send. Returns their set. */
static sigset_t block_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN);
    sigaddset(&set, SIGIO);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return set;
}

int main(int argc, char **argv)
{
    static const struct timespec at_once;
    int listener = start_server("signals", argc, argv, NON_BLOCKING);
    sigset_t set = block_signals();
    bool may_accept = true; /* clients may have come before it is watched */

    if (!watch(stop_descriptor()) || !watch(listener))
        die_errno("cannot prepare to wait");
    while (may_wait()) {
        bool more =
            unfinished_count > 0 || ask_all || (may_accept && !accept_paused());
        siginfo_t event;
        int number =
            sigtimedwait(&set, &event, more ? &at_once : accept_timespec());

        if (number == -1 && errno != EAGAIN && errno != EINTR)
            die_errno("sigtimedwait failed");
        serve_unfinished();
        if (ask_all)
            serve_all();
        if (number == SIGIO) {
            overflow();
            may_accept = true;
        } else if (number == SIGRTMIN && event.si_fd == listener) {
            may_accept = true;
        } else if (number == SIGRTMIN && client_at(event.si_fd) != NULL) {
            serve(client_at(event.si_fd));
        }
        if (may_accept && !accept_paused())
            may_accept = accept_connections(listener);
    }
    return stop_server(listener);
}
