/*
 * The poll server, to be written.
 */
#define _POSIX_C_SOURCE 200809L

#include "../common/server.h"

#include <poll.h>
#include <stdlib.h>

/* What one round takes at most, so that neither a crowd of new clients nor a
 * client that floods keeps the others waiting. */
enum { CLIENTS_PER_ROUND = 64, CHUNKS_PER_ROUND = 16 };

/* TODO: the list of what poll is to watch. How long can it get? */

static bool watch(int fd)
{
    (void)fd; /* TODO: add it to the list; false: there is no memory. */
    return true;
}

static void unwatch(int fd)
{
    (void)fd; /* TODO: take it off the list. */
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

int main(int argc, char **argv)
{
    int listener = start_server("poll", argc, argv, NON_BLOCKING);

    if (!watch(stop_descriptor()))
        die_errno("cannot watch for a stop");
    while (may_wait()) {
        struct pollfd stop = {.fd = stop_descriptor(), .events = POLLIN};

        watch_unless_paused(listener, watch, unwatch);
        /* TODO: wait for the whole list, not for the stop alone. What is in the
         * list after poll has returned -1? */
        if (poll(&stop, 1, accept_timeout()) == -1 && errno != EINTR)
            die_errno("poll failed");
        /* TODO: serve what is ready. In which order? */
        (void)serve;
        (void)accept_connections;
    }
    return stop_server(listener);
}
