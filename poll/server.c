/*
 * poll/server.c: all clients at once, with poll(2).
 *
 *     build/poll --port 8888                   and elsewhere: nc localhost 8888
 *
 * poll is told what to watch as a list of descriptors, as long as memory
 * allows: the limit of select's set is gone. What remains is that the list is
 * handed over whole on each call, and scanned twice, by the kernel and then by
 * the program, to find the few that are ready.
 *
 * Compare epoll/server.c: the same loop, but the kernel keeps the list.
 */
#define _POSIX_C_SOURCE 200809L

#include "../common/server.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

enum { LISTENER, STOP, CLIENTS }; /* places in the list */

static struct pollfd *watched;
static nfds_t count, room;

static bool watch(int fd)
{
    if (count == room) {
        nfds_t wanted = room == 0 ? 64 : 2 * room;
        struct pollfd *larger = realloc(watched, wanted * sizeof *watched);

        if (larger == NULL)
            return false;
        watched = larger;
        room = wanted;
    }
    watched[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
    return true;
}

static void accept_connections(int listener)
{
    struct client *client;

    while ((client = accept_client(listener)) != NULL) {
        print_connection(client);
        print_next();
        print_receiving(client);
        /* It may have sent something by now, and be finished. */
        if (!recv_chunks(client))
            close_client(client);
        else if (!watch(client->fd))
            drop_client(client);
    }
}

static void receive(struct client *client, struct pollfd *place)
{
    if (recv_chunks(client))
        return;
    *place = watched[--count];
    close_client(client);
}

int main(int argc, char **argv)
{
    int listener = start_server("poll", argc, argv, NON_BLOCKING);

    /* In this order: LISTENER, STOP. */
    if (!watch(listener) || !watch(stop_descriptor()))
        die_errno("cannot watch the listener");
    while (!stop_requested()) {
        watched[LISTENER].events = accept_paused() ? 0 : POLLIN;
        flush_outputs();
        if (poll(watched, count, accept_timeout()) == -1) {
            if (errno != EINTR)
                die_errno("poll failed");
            continue;
        }
        /* Clients first: the descriptor of one that leaves may come back with
         * the next accept, and must not be taken for the one in this list.
         * Backwards, since the last one takes the place of one that leaves. */
        for (nfds_t i = count; i-- > CLIENTS;)
            if (watched[i].revents != 0)
                receive(client_at(watched[i].fd), &watched[i]);
        if (watched[LISTENER].revents != 0)
            accept_connections(listener);
    }
    free(watched);
    return stop_server(listener);
}
