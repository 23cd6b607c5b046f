/*
 * select/server.c: all clients at once, with the oldest call that can wait for
 * several descriptors, select(2).
 *
 *     build/select --port 8888                 and elsewhere: nc localhost 8888
 *
 * select is told what to watch as a set of bits, one for each descriptor, and
 * answers in the same set. So on each call the program copies the set, the
 * kernel looks at every descriptor in it, and the program looks again to find
 * the ready ones: the cost grows with the highest descriptor, even when all
 * but one client are idle. And the set ends at FD_SETSIZE, usually 1024.
 *
 * Compare poll/server.c: the same loop around a list that can grow.
 */
#define _POSIX_C_SOURCE 200809L

#include "../common/server.h"

#include <sys/select.h>

/* Limits for one round of the loop: new clients accepted, and chunks received
 * from each client, so that neither a crowd nor a flood keeps others waiting.
 */
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

/* Receives what a client has sent, CHUNKS_PER_ROUND at most. Returns false once
 * the client is finished. A chunk that is not full was all there is, so a
 * client that is watched has had its turn. A new client is asked until it has
 * no more: if it has left already, it need not be watched at all. */
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
    return true; /* enough for this round: the wait reports the rest again */
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
            drop_client(client); /* there is no memory to watch it */
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
        /* Accept comes last: a new client may get the descriptor of one that
         * has just left, and no event of this round is meant for it. */
        for (int fd = 0; fd <= highest; fd++)
            if (FD_ISSET(fd, &ready) && client_at(fd) != NULL)
                serve(client_at(fd));
        if (FD_ISSET(listener, &ready))
            accept_connections(listener);
    }
    return stop_server(listener);
}
