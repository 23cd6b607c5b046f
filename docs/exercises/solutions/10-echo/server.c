/*
 * A server that sends back what it receives, with poll(2). It keeps what send
 * does not take at once, up to 64 KiB for each client. While it has to keep
 * that much, it receives nothing more from this client.
 */
#define _POSIX_C_SOURCE 200809L

#include "../common/server.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* What one round takes at most, so that a crowd of new clients does not keep
 * the others waiting. */
enum { CLIENTS_PER_ROUND = 64 };

enum { KEPT_MOST = 65536 };

/* What one client has still to get. */
struct echo {
    size_t size;
    bool ends; /* the client has closed its side */
    char data[KEPT_MOST];
};

/* By descriptor. poll skips an entry whose fd is -1. */
static struct pollfd *watched;
static int count, capacity;

/* By descriptor, too; NULL for what is no client. */
static struct echo **echoes;

static bool watch(int fd)
{
    if (fd >= capacity) {
        size_t wanted = 2 * ((size_t)fd + 1);
        struct pollfd *larger = realloc(watched, wanted * sizeof *watched);
        struct echo **more;

        if (larger == NULL)
            return false;
        watched = larger;
        more = realloc(echoes, wanted * sizeof(struct echo *));
        if (more == NULL)
            return false;
        echoes = more;
        capacity = (int)wanted;
    }
    while (count <= fd) {
        echoes[count] = NULL;
        watched[count++].fd = -1;
    }
    if (client_at(fd) != NULL) {
        echoes[fd] = malloc(sizeof *echoes[fd]);
        if (echoes[fd] == NULL)
            return false;
        echoes[fd]->size = 0;
        echoes[fd]->ends = false;
    }
    watched[fd] = (struct pollfd){.fd = fd, .events = POLLIN};
    return true;
}

static void unwatch(int fd)
{
    watched[fd].fd = -1;
    free(echoes[fd]);
    echoes[fd] = NULL;
}

/* Receives as much as there is room for. Returns false if the connection is
 * lost. */
static bool receive(struct client *client)
{
    struct echo *echo = echoes[client->fd];
    ssize_t size;

    if (echo->ends || echo->size == KEPT_MOST)
        return true;
    size = recv(client->fd, echo->data + echo->size, KEPT_MOST - echo->size, 0);
    if (size == -1 && (errno == EAGAIN || errno == EINTR))
        return true; /* not ready after all: back to the wait */
    if (size == -1) {
        client->error = errno; /* the connection is lost */
        return false;
    }
    if (size == 0)
        echo->ends = true;
    echo->size += (size_t)size;
    return true;
}

/* Sends what the kernel takes, and keeps the rest. Returns false if the
 * connection is lost. */
static bool send_kept(struct client *client)
{
    struct echo *echo = echoes[client->fd];
    ssize_t size;

    if (echo->size == 0)
        return true;
    size = send(client->fd, echo->data, echo->size, 0);
    if (size == -1 && (errno == EAGAIN || errno == EINTR))
        return true; /* the kernel's buffer is full: back to the wait */
    if (size == -1) {
        client->error = errno; /* the connection is lost */
        return false;
    }
    echo->size -= (size_t)size;
    memmove(echo->data, echo->data + size, echo->size);
    return true;
}

/* Watches a client only for what the server can do with it now: otherwise poll
 * would return at once, again and again. */
static void choose_events(int fd)
{
    struct echo *echo = echoes[fd];

    watched[fd].events = 0;
    if (!echo->ends && echo->size < KEPT_MOST)
        watched[fd].events |= POLLIN;
    if (echo->size > 0)
        watched[fd].events |= POLLOUT;
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
        if (!watch(client->fd))
            drop_client(client);
    }
}

static void serve(struct client *client)
{
    struct echo *echo = echoes[client->fd];

    if (receive(client) && send_kept(client) &&
        !(echo->ends && echo->size == 0)) {
        choose_events(client->fd);
        return;
    }
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
    for (int fd = 0; fd < count; fd++)
        free(echoes[fd]);
    free(echoes);
    free(watched);
    return stop_server(listener);
}
