/*
 * The select server, stopped without a pipe: pselect(2) lets the signals
 * through only while it sleeps.
 */
#define _POSIX_C_SOURCE 200809L

#include "../common/server.h"

#include <signal.h>
#include <sys/select.h>

/* What one round takes at most, so that neither a crowd of new clients nor a
 * client that floods keeps the others waiting. */
enum { CLIENTS_PER_ROUND = 64, CHUNKS_PER_ROUND = 16 };

static fd_set watched;
static int highest;

static bool watch(int fd)
{
    if (fd >= FD_SETSIZE)
        return false; /* FD_SET would write past the end of the set */
    FD_SET(fd, &watched);
    if (fd > highest)
        highest = fd;
    return true;
}

static void unwatch(int fd)
{
    FD_CLR(fd, &watched);
}

/* Receives what a client that is ready has sent, CHUNKS_PER_ROUND at most.
 * Returns false once the client is finished. */
static bool receive(struct client *client, bool is_new)
{
    for (int i = 0; i < CHUNKS_PER_ROUND; i++) {
        ssize_t size = recv(client->fd, chunk, options.recv_size, 0);

        if (size == -1 && (errno == EAGAIN || errno == EINTR))
            return true; /* not ready after all: back to the wait */
        if (size == -1)
            client->error = errno; /* the connection is lost */
        if (size <= 0)
            return false; /* 0: the client has closed its side */
        print_chunk(client, chunk, size);
        if (!is_new && (size_t)size < options.recv_size)
            return true; /* that was all; the wait reports what comes next */
    }
    return true; /* the other clients first; the wait reports the rest again */
}

/* Accepts the clients in the backlog, CLIENTS_PER_ROUND at most. */
static void accept_connections(int listener)
{
    for (int i = 0; i < CLIENTS_PER_ROUND; i++) {
        struct client *client = accept_client(listener);

        if (client == NULL)
            return; /* the backlog is empty, or accept has to pause */
        if (client->fd >= FD_SETSIZE) {
            refuse_client(client, " (its descriptor does not fit FD_SETSIZE)");
            continue;
        }
        print_connection(client);
        print_next();
        print_receiving(client);
        /* It may have sent all and left by now: only a client that stays is
         * worth watching. */
        if (!receive(client, true))
            close_client(client);
        else if (!watch(client->fd))
            drop_client(client);
    }
}

static void serve(struct client *client)
{
    if (receive(client, false))
        return;
    unwatch(client->fd);
    close_client(client);
}

/* Sleeps until a descriptor is ready or a signal comes. The signals are blocked
 * between the test of stop_requested and the sleep, so that none is lost there,
 * and no longer than that: while the server prints, a second signal must be
 * able to end it. Returns what pselect returns. */
static int wait_for(fd_set *ready)
{
    sigset_t blocked, before;
    int found = -1;
    int error;

    sigemptyset(&blocked);
    for (int i = 0; stop_signals[i] != 0; i++)
        sigaddset(&blocked, stop_signals[i]);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    if (stop_requested())
        errno = EINTR;
    else
        found =
            pselect(highest + 1, ready, NULL, NULL, accept_timespec(), &before);
    error = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return found;
}

int main(int argc, char **argv)
{
    int listener = start_server("select", argc, argv, NON_BLOCKING);

    while (may_wait()) {
        fd_set ready;

        watch_unless_paused(listener, watch, unwatch);
        ready = watched;
        if (wait_for(&ready) == -1) {
            if (errno != EINTR)
                die_errno("pselect failed");
            continue;
        }
        /* Clients first: accept may reuse a descriptor that is closed in this
         * round, and the old event would be applied to the new client. */
        for (int fd = 0; fd <= highest; fd++)
            if (FD_ISSET(fd, &ready) && client_at(fd) != NULL)
                serve(client_at(fd));
        if (FD_ISSET(listener, &ready))
            accept_connections(listener);
    }
    return stop_server(listener);
}
