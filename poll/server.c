/*
 * poll/server.c: all clients at once, with poll(2).
 *
 *     build/poll --port 8888                   and elsewhere: nc localhost 8888
 *
 * poll takes a list of descriptors, of any length, so it does not have the
 * limit of select. But the program still passes the whole list in each call,
 * and it is scanned twice, by the kernel and then by the program, to find the
 * few that are ready.
 *
 * Compare epoll/server.c: the same loop, but the kernel keeps the list.
 */
#define _POSIX_C_SOURCE 200809L

#include "../common/server.h"

#include <poll.h>
#include <stdlib.h>

/* Limits for one round of the loop: clients to accept, and chunks to receive
 * from each client. Otherwise a crowd of new clients or a client that floods
 * would keep the others waiting. */
enum { CLIENTS_PER_ROUND = 64, CHUNKS_PER_ROUND = 16 };

/* watched[fd] is the entry for fd. poll skips an entry in which fd is -1, and
 * sets its revents to 0. */
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
        watched[count++] = (struct pollfd){.fd = -1};
    watched[fd] = (struct pollfd){.fd = fd, .events = POLLIN};
    return true;
}

static void unwatch(int fd)
{
    watched[fd].fd = -1;
}

/* Receives what a client has sent, at most CHUNKS_PER_ROUND chunks. Returns
 * false once the client is finished. A chunk that is not full has emptied the
 * socket, so for a watched client this is enough. A new client is received from
 * until EAGAIN: if it has already left, it need not be watched at all. */
static bool receive(struct client *client, bool is_new)
{
    for (int i = 0; i < CHUNKS_PER_ROUND; i++) {
        ssize_t size = recv(client->fd, chunk, options.recv_size, 0);

        if (size == -1 && (errno == EAGAIN || errno == EINTR))
            return true; /* nothing more for now: back to the wait */
        if (size == -1)
            client->error = errno; /* the connection is lost */
        if (size <= 0)
            return false; /* 0: the client has closed its side */
        print_chunk(client, chunk, size);
        if (!is_new && (size_t)size < options.recv_size)
            return true; /* that was all: back to the wait */
    }
    return true; /* enough for this round: the next wait reports the rest */
}

/* Accepts the clients that wait in the backlog, CLIENTS_PER_ROUND at most. */
static void accept_connections(int listener)
{
    for (int i = 0; i < CLIENTS_PER_ROUND; i++) {
        struct client *client = accept_client(listener);

        if (client == NULL)
            return; /* the backlog is empty, or no descriptor is free */
        print_connection(client);
        print_next();
        print_receiving(client);
        if (!receive(client, true))
            close_client(client);
        else if (!watch(client->fd))
            drop_client(client); /* no memory to watch it */
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
        watch_unless_paused(listener, watch, unwatch);
        if (poll(watched, (nfds_t)count, accept_timeout()) == -1) {
            if (errno != EINTR)
                die_errno("poll failed");
            continue;
        }
        /* Clients first, accept last: a new client may get a descriptor that
         * was closed in this round, and the old event is not meant for it. */
        for (int fd = 0; fd < count; fd++)
            if (watched[fd].revents != 0 && client_at(fd) != NULL)
                serve(client_at(fd));
        if (watched[listener].revents != 0)
            accept_connections(listener);
    }
    free(watched);
    return stop_server(listener);
}
