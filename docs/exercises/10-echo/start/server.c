/*
 * A server that sends back what it receives, with poll(2). It does not yet look
 * at what send returns.
 */
#define _POSIX_C_SOURCE 200809L

#include "../common/server.h"

#include <poll.h>
#include <stdlib.h>

/* What one round takes at most, so that neither a crowd of new clients nor a
 * client that floods keeps the others waiting. */
enum { CLIENTS_PER_ROUND = 64, CHUNKS_PER_ROUND = 16 };

/* By descriptor. poll skips an entry whose fd is -1. */
static struct pollfd *watched;
static int count, capacity;

static bool watch(int fd)
{
    if (fd >= capacity) {
        size_t wanted = 2 * ((size_t)fd + 1);
        struct pollfd *larger = realloc(watched, wanted * sizeof *watched);

        if (larger == NULL)
            return false;
        watched = larger;
        capacity = (int)wanted;
    }
    while (count <= fd)
        watched[count++].fd = -1;
    watched[fd] = (struct pollfd){.fd = fd, .events = POLLIN};
    return true;
}

static void unwatch(int fd)
{
    watched[fd].fd = -1;
}

/* Sends back what a client that is ready has sent, CHUNKS_PER_ROUND at most.
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
        send(client->fd, chunk, (size_t)size, 0);
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
    int listener = start_server("echo", argc, argv, NON_BLOCKING);

    if (!watch(stop_descriptor()))
        die_errno("cannot watch for a stop");
    while (may_wait()) {
        watch_unless_paused(listener, watch, unwatch);
        if (poll(watched, (nfds_t)count, accept_timeout()) == -1) {
            if (errno != EINTR)
                die_errno("poll failed");
            continue;
        }
        /* Clients first: accept may reuse a descriptor that is closed in this
         * round, and the old event would be applied to the new client. */
        for (int fd = 0; fd < count; fd++)
            if (watched[fd].revents != 0 && client_at(fd) != NULL)
                serve(client_at(fd));
        if (watched[listener].revents != 0)
            accept_connections(listener);
    }
    free(watched);
    return stop_server(listener);
}
