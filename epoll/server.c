/*
 * epoll/server.c: all clients at once, with epoll(7), which only Linux has.
 *
 *     build/epoll --port 8888                  and elsewhere: nc localhost 8888
 *
 * The program tells epoll once about each descriptor, and the kernel keeps the
 * list. When a descriptor becomes ready, the kernel also puts it on a second
 * list, the ready list. epoll_wait returns only that list, so its cost grows
 * with the number of clients that send, and ten thousand idle clients cost no
 * time. It is level-triggered, as poll is: data that was not read is reported
 * again.
 *
 * Compare poll/server.c, and kqueue/server.c for BSD and macOS.
 */
#include "../common/server.h"

#include <sys/epoll.h>
#include <unistd.h>

/* Limits for one round of the loop: clients to accept, and chunks to receive
 * from each client. Otherwise a crowd of new clients or a client that floods
 * would keep the others waiting. */
enum { CLIENTS_PER_ROUND = 64, CHUNKS_PER_ROUND = 16 };

enum { EVENTS = 64 }; /* in one round; the next round gets the rest */

static int epoll;

static bool watch(int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* close would be enough, unless another process has the socket open, too. */
static void unwatch(int fd)
{
    epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
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
    int listener = start_server("epoll", argc, argv, NON_BLOCKING);
    struct epoll_event events[EVENTS];

    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll == -1 || !watch(stop_descriptor()))
        die_errno("cannot prepare to wait");
    while (may_wait()) {
        bool listener_ready = false;
        int ready;

        watch_unless_paused(listener, watch, unwatch);
        ready = epoll_wait(epoll, events, EVENTS, accept_timeout());
        if (ready == -1 && errno != EINTR)
            die_errno("epoll_wait failed");
        /* Clients first, accept last: a new client may get a descriptor that
         * was closed in this round, and the old event is not meant for it. */
        for (int i = 0; i < ready; i++)
            if (events[i].data.fd == listener)
                listener_ready = true;
            else if (client_at(events[i].data.fd) != NULL)
                serve(client_at(events[i].data.fd));
        if (listener_ready)
            accept_connections(listener);
    }
    close(epoll);
    return stop_server(listener);
}
