/*
 * The select server, stopped without a pipe: pselect(2) lets the signals
 * through only while it sleeps.
 */
#define _POSIX_C_SOURCE 200809L

#include "../common/server.h"

#include <errno.h>
#include <signal.h>
#include <sys/select.h>

/* FD_SET of musl turns the descriptor into an unsigned number. */
#pragma GCC diagnostic ignored "-Wsign-conversion"

static fd_set watched;
static int highest;

static void watch(int fd)
{
    FD_SET(fd, &watched);
    if (fd > highest)
        highest = fd;
}

static void accept_connections(int listener)
{
    struct client *client;

    while ((client = accept_client(listener)) != NULL) {
        /* FD_SET would write past the end of the set. */
        if (client->fd >= FD_SETSIZE) {
            refuse_client(client, " (its descriptor does not fit FD_SETSIZE)");
            continue;
        }
        print_connection(client);
        print_next();
        print_receiving(client);
        /* It may have sent something by now, and be finished. */
        if (!recv_chunks(client))
            close_client(client);
        else
            watch(client->fd);
    }
}

static void receive(struct client *client)
{
    if (recv_chunks(client))
        return;
    FD_CLR(client->fd, &watched);
    close_client(client);
}

/* Sleeps until somebody is ready or a signal comes. Between the test of the
 * flag and the sleep the signals are held back, so none can fall in between;
 * nor are they longer: while the server prints, a second one must be able to
 * end it. Returns as pselect does. */
static int wait_for(fd_set *ready, const struct timespec *timeout)
{
    sigset_t held, before;
    int found = -1;
    int error;

    sigemptyset(&held);
    for (int i = 0; stop_signals[i] != 0; i++)
        sigaddset(&held, stop_signals[i]);
    if (sigprocmask(SIG_BLOCK, &held, &before) == -1)
        die_errno("cannot hold back the signals");
    if (stop_requested())
        errno = EINTR;
    else
        found = pselect(highest + 1, ready, NULL, NULL, timeout, &before);
    error = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return found;
}

int main(int argc, char **argv)
{
    int listener = start_server("select", argc, argv, NON_BLOCKING);

    watch(listener);
    while (!stop_requested()) {
        fd_set ready = watched;
        int ms = accept_timeout();
        struct timespec timeout = {ms / 1000, ms % 1000 * 1000000L};

        if (accept_paused())
            FD_CLR(listener, &ready);
        flush_outputs();
        if (wait_for(&ready, ms < 0 ? NULL : &timeout) == -1) {
            if (errno != EINTR)
                die_errno("select failed");
            continue;
        }
        /* Clients first: the descriptor of one that leaves may come back with
         * the next accept, and must not be taken for the one in this set. */
        for (int fd = 0; fd <= highest; fd++)
            if (FD_ISSET(fd, &ready) && client_at(fd) != NULL)
                receive(client_at(fd));
        if (FD_ISSET(listener, &ready))
            accept_connections(listener);
    }
    return stop_server(listener);
}
