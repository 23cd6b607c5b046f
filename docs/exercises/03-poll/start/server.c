/*
 * The poll server, to be written.
 */
#define _POSIX_C_SOURCE 200809L

#include "../common/server.h"

#include <errno.h>
#include <poll.h>

/* TODO: the list of what is watched. How long can it get? */

static void accept_connections(int listener)
{
    struct client *client;

    while ((client = accept_client(listener)) != NULL) {
        print_connection(client);
        print_next();
        print_receiving(client);
        /* TODO: add the client to the list. */
    }
}

/* TODO: give it whatever else it needs to drop a client. */
static void receive(struct client *client)
{
    if (recv_chunks(client))
        return;
    /* TODO: take the client off the list. */
    close_client(client);
}

int main(int argc, char **argv)
{
    int listener = start_server("poll", argc, argv, NON_BLOCKING);
    struct pollfd stop = {.fd = stop_descriptor(), .events = POLLIN};

    (void)listener; /* TODO: these three lines go when all of it is used. */
    (void)accept_connections;
    (void)receive;
    while (!stop_requested()) {
        flush_outputs();
        /* TODO: watch everybody, not only for the stop. What if poll returns
         * -1? What does accept_paused() ask for? And in which order is what is
         * ready to be looked at? */
        if (poll(&stop, 1, accept_timeout()) == -1 && errno != EINTR)
            die_errno("poll failed");
    }
    return stop_server(listener);
}
