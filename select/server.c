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
 * but one client sleep. And the set ends at FD_SETSIZE, most often 1024.
 *
 * Compare poll/server.c: the same loop around a list that can grow.
 */
#define _POSIX_C_SOURCE 200809L

#include "../common/server.h"

#include <errno.h>
#include <sys/select.h>

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

int main(int argc, char **argv)
{
    int listener = start_server("select", argc, argv, NON_BLOCKING);

    watch(listener);
    watch(stop_descriptor());
    while (!stop_requested()) {
        fd_set ready = watched;
        int ms = accept_timeout();
        struct timeval timeout = {ms / 1000, ms % 1000 * 1000};

        if (accept_paused())
            FD_CLR(listener, &ready);
        flush_outputs();
        if (select(highest + 1, &ready, NULL, NULL, ms < 0 ? NULL : &timeout) ==
            -1) {
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
