/*
 * The epoll server, edge-triggered. epoll does not report again what has not
 * been read, so the program itself remembers which clients may have more.
 */
#include "../common/server.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

/* What one round takes at most, so that neither a crowd of new clients nor a
 * client that floods keeps the others waiting. */
enum { CLIENTS_PER_ROUND = 64, CHUNKS_PER_ROUND = 16 };

enum { EVENTS = 64 }; /* what one epoll_wait returns at most */

static int epoll;

/* The clients that may have something to read: a queue of descriptors, and by
 * descriptor whether it is in the queue. */
static int *queue;
static bool *queued;
static int queue_length, capacity;

/* Makes sure that the queue has room for this descriptor. */
static bool reserve(int fd)
{
    size_t wanted = 2 * ((size_t)fd + 1);
    int *longer;
    bool *flags;

    if (fd < capacity)
        return true;
    longer = realloc(queue, wanted * sizeof *queue);
    if (longer == NULL)
        return false;
    queue = longer;
    flags = realloc(queued, wanted * sizeof *queued);
    if (flags == NULL)
        return false;
    queued = flags;
    while ((size_t)capacity < wanted)
        queued[capacity++] = false;
    return true;
}

static void enqueue(int fd)
{
    if (!queued[fd])
        queue[queue_length++] = fd;
    queued[fd] = true;
}

/* Only clients are edge-triggered: accept_connections leaves new clients in the
 * backlog, and epoll has to report them again. */
static bool watch(int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    if (client_at(fd) != NULL)
        event.events |= EPOLLET;
    return reserve(fd) && epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* Closing the socket does this too, unless another process has a copy of it. */
static void unwatch(int fd)
{
    epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
}

/* Receives what a client that is ready has sent, CHUNKS_PER_ROUND at most.
 * Returns false once the client is finished. */
static bool receive(struct client *client, bool is_new)
{
    for (int i = 0; i < CHUNKS_PER_ROUND; i++) {
        ssize_t size = recv(client->fd, chunk, options.recv_size, 0);

        if (size == -1 && errno == EAGAIN)
            return true; /* empty: epoll reports what comes from now on */
        if (size == -1 && errno == EINTR)
            continue; /* a signal, and it may not be empty */
        if (size == -1)
            client->error = errno; /* the connection is lost */
        if (size <= 0)
            return false; /* 0: the client has closed its side */
        print_chunk(client, chunk, size);
    }
    if (!is_new) /* epoll reports a new client once it is watched */
        enqueue(client->fd);
    return true; /* the other clients first, then the rest */
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

/* Serves each client of the queue once. One that has more to read is enqueued
 * again; the places at the front are free by then. */
static void serve_queue(void)
{
    int length = queue_length;

    queue_length = 0;
    for (int i = 0; i < length; i++) {
        queued[queue[i]] = false;
        serve(client_at(queue[i]));
    }
}

int main(int argc, char **argv)
{
    int listener = start_server("epoll", argc, argv, NON_BLOCKING);
    struct epoll_event events[EVENTS];

    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll == -1 || !watch(stop_descriptor()))
        die_errno("cannot watch for a stop");
    while (may_wait()) {
        bool listener_ready = false;
        int ready;

        watch_unless_paused(listener, watch, unwatch);
        ready = epoll_wait(epoll, events, EVENTS,
                           queue_length > 0 ? 0 : accept_timeout());
        if (ready == -1 && errno != EINTR)
            die_errno("epoll_wait failed");
        /* Clients first: accept may reuse a descriptor that is closed in this
         * round, and the old event would be applied to the new client. */
        for (int i = 0; i < ready; i++)
            if (events[i].data.fd == listener)
                listener_ready = true;
            else if (client_at(events[i].data.fd) != NULL)
                enqueue(events[i].data.fd);
        serve_queue();
        if (listener_ready)
            accept_connections(listener);
    }
    close(epoll);
    free(queue);
    free(queued);
    return stop_server(listener);
}
