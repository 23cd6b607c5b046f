/*
 * The epoll server, edge-triggered. What is not read yet is not reported again,
 * so the program itself keeps in mind who had his turn and may have more.
 */
#include "../common/server.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

static int epoll;

/* Those who may have something to read: a queue of descriptors, and for each
 * descriptor whether it stands in it. Nobody stands in it twice. */
static int *queue;
static bool *queued;
static int queue_length, room;

/* Makes room for a descriptor. Returns 0, or -1 and errno. */
static int make_room(int fd)
{
    size_t wanted = 2 * ((size_t)fd + 1);
    int *longer;
    bool *flags;

    if (fd < room)
        return 0;
    longer = realloc(queue, wanted * sizeof *queue);
    if (longer == NULL)
        return -1;
    queue = longer;
    flags = realloc(queued, wanted * sizeof *queued);
    if (flags == NULL)
        return -1;
    queued = flags;
    while ((size_t)room < wanted)
        queued[room++] = false;
    return 0;
}

static void enqueue(const struct client *client)
{
    if (!queued[client->fd])
        queue[queue_length++] = client->fd;
    queued[client->fd] = true;
}

static void accept_connections(int listener)
{
    struct client *client;

    while ((client = accept_client(listener)) != NULL) {
        struct epoll_event event = {.events = EPOLLIN | EPOLLET,
                                    .data.fd = client->fd};

        print_connection(client);
        print_next();
        print_receiving(client);
        if (make_room(client->fd) == -1 ||
            epoll_ctl(epoll, EPOLL_CTL_ADD, client->fd, &event) == -1) {
            drop_client(client);
            continue;
        }
    }
}

static void receive(struct client *client)
{
    for (int i = 0; i < RECVS_PER_TURN; i++) {
        ssize_t size = recv_chunk(client);

        if (size == -1)
            return; /* empty: from here on epoll reports what arrives */
        if (size == 0) {
            close_client(client);
            return;
        }
        print_chunk(client, size);
    }
    enqueue(client);
}

/* A turn for everybody in the queue. Who is left unfinished goes to its end:
 * the places at its front are free by then. */
static void receive_all(void)
{
    int count = queue_length;

    queue_length = 0;
    for (int i = 0; i < count; i++) {
        int fd = queue[i];

        queued[fd] = false;
        receive(client_at(fd));
    }
}

int main(int argc, char **argv)
{
    int listener = start_server("epoll", argc, argv, NON_BLOCKING);
    struct epoll_event events[64];
    struct epoll_event listening = {.events = EPOLLIN, .data.fd = listener};
    struct epoll_event stop = {.events = EPOLLIN, .data.fd = stop_descriptor()};

    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll == -1 ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &listening) == -1 ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, stop.data.fd, &stop) == -1)
        die_errno("cannot watch the listener");
    while (!stop_requested()) {
        bool listener_ready = false;
        uint32_t wanted = accept_paused() ? 0 : EPOLLIN;
        int ready;

        if (listening.events != wanted) {
            listening.events = wanted;
            if (epoll_ctl(epoll, EPOLL_CTL_MOD, listener, &listening) == -1)
                die_errno("cannot watch the listener");
        }
        flush_outputs();
        ready = epoll_wait(epoll, events, 64,
                           queue_length > 0 ? 0 : accept_timeout());
        if (ready == -1 && errno != EINTR)
            die_errno("epoll_wait failed");
        /* Clients first: the descriptor of one that leaves may come back with
         * the next accept, and must not be taken for the one in this list. */
        for (int i = 0; i < ready; i++)
            if (events[i].data.fd == listener)
                listener_ready = true;
            else if (client_at(events[i].data.fd) != NULL)
                enqueue(client_at(events[i].data.fd));
        receive_all();
        if (listener_ready)
            accept_connections(listener);
    }
    close(epoll);
    free(queue);
    free(queued);
    return stop_server(listener);
}
