/*
 * A server that sends back what it receives, with poll(2). What send returns is
 * not looked at yet.
 */
#define _POSIX_C_SOURCE 200809L

#include "../common/server.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

enum { LISTENER, STOP, CLIENTS }; /* places in the list */

static struct pollfd *watched;
static nfds_t count, room;

static void accept_connections(int listener)
{
    struct client *client;

    while ((client = accept_client(listener)) != NULL) {
        print_connection(client);
        if (count == room) {
            nfds_t wanted = 2 * room;
            struct pollfd *larger = realloc(watched, wanted * sizeof *watched);

            if (larger == NULL) {
                drop_client(client);
                continue;
            }
            watched = larger;
            room = wanted;
        }
        watched[count++] = (struct pollfd){.fd = client->fd, .events = POLLIN};
    }
}

/* Returns false when the client is finished. */
static bool echo(struct client *client)
{
    char data[4096];
    ssize_t size = recv(client->fd, data, sizeof data, 0);

    if (size > 0)
        send(client->fd, data, (size_t)size, 0);
    if (size == -1 && errno != EAGAIN && errno != EINTR)
        client->error = errno;
    return size > 0 || (size == -1 && client->error == 0);
}

static void receive(struct client *client, struct pollfd *place)
{
    if (echo(client))
        return;
    *place = watched[--count];
    close_client(client);
}

int main(int argc, char **argv)
{
    int listener = start_server("echo", argc, argv, NON_BLOCKING);

    room = 64;
    watched = calloc(room, sizeof *watched);
    if (watched == NULL)
        die_errno("cannot watch the listener");
    watched[LISTENER] = (struct pollfd){.fd = listener, .events = POLLIN};
    watched[STOP] = (struct pollfd){.fd = stop_descriptor(), .events = POLLIN};
    count = CLIENTS;
    while (!stop_requested()) {
        watched[LISTENER].events = accept_paused() ? 0 : POLLIN;
        flush_outputs();
        if (poll(watched, count, accept_timeout()) == -1) {
            if (errno != EINTR)
                die_errno("poll failed");
            continue;
        }
        for (nfds_t i = count; i-- > CLIENTS;)
            if (watched[i].revents != 0)
                receive(client_at(watched[i].fd), &watched[i]);
        if (watched[LISTENER].revents != 0)
            accept_connections(listener);
    }
    free(watched);
    return stop_server(listener);
}
