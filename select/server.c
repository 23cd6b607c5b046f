/*
 * select/server.c: all clients at once, with the oldest call that can wait for
 * several descriptors, select(2).
 *
 *     build/select --port 8888                 and elsewhere: nc localhost 8888
 *
 * The program gives select a set of bits, one for each descriptor, and select
 * writes its answer into the same set. So for each call the program copies the
 * set, the kernel checks every descriptor in it, and then the program checks
 * every bit to find the ready ones. The cost grows with the highest descriptor,
 * even if all clients but one are idle. The set ends at FD_SETSIZE, usually
 * 1024.
 *
 * Compare poll/server.c: the same loop with a list that can grow.
 */
#define _POSIX_C_SOURCE 200809L

#include "../common/server.h"

#include <sys/select.h>

/* Limits for one round of the loop: clients to accept, and chunks to receive
 * from each client. Otherwise a crowd of new clients or a client that floods
 * would keep the others waiting. */
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
        if (client->fd >= FD_SETSIZE) {
            refuse_client(client, " (its descriptor does not fit FD_SETSIZE)");
            continue;
        }
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
    int listener = start_server("select", argc, argv, NON_BLOCKING);

    if (!watch(stop_descriptor()))
        die("cannot watch for a stop: its descriptor does not fit FD_SETSIZE");
    while (may_wait()) {
        fd_set ready;

        watch_unless_paused(listener, watch, unwatch);
        ready = watched;
        if (select(highest + 1, &ready, NULL, NULL, accept_timeval()) == -1) {
            if (errno != EINTR)
                die_errno("select failed");
            continue;
        }
        /* Clients first, accept last: a new client may get a descriptor that
         * was closed in this round, and the old event is not meant for it. */
        for (int fd = 0; fd <= highest; fd++)
            if (FD_ISSET(fd, &ready) && client_at(fd) != NULL)
                serve(client_at(fd));
        if (FD_ISSET(listener, &ready))
            accept_connections(listener);
    }
    return stop_server(listener);
}
