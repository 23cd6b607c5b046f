/*
 * epoll/server.c: all clients at once, with epoll(7), Linux's answer.
 *
 *     build/epoll --port 8888                  and elsewhere: nc localhost 8888
 *
 * epoll is told once about each descriptor and keeps the list in the kernel,
 * which notes there what becomes ready as it happens. epoll_wait returns only
 * those: its cost grows with the clients that talk, and ten thousand that sleep
 * cost nothing. It is level-triggered, as poll is: what was not read yet is
 * reported again.
 *
 * Compare poll/server.c, and kqueue/server.c for BSD and macOS.
 */
#include "../common/server.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

static int epoll;

static bool watch(int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
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

static void receive(struct client *client)
{
    if (recv_chunks(client))
        return;
    /* Closing the socket takes it off the kernel's list. */
    close_client(client);
}

int main(int argc, char **argv)
{
    int listener = start_server("epoll", argc, argv, NON_BLOCKING);
    struct epoll_event events[64];
    struct epoll_event listening = {.events = EPOLLIN, .data.fd = listener};

    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll == -1 ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &listening) == -1 ||
        !watch(stop_descriptor()))
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
        ready = epoll_wait(epoll, events, 64, accept_timeout());
        if (ready == -1 && errno != EINTR)
            die_errno("epoll_wait failed");
        /* Clients first: the descriptor of one that leaves may come back with
         * the next accept, and must not be taken for the one in this list. */
        for (int i = 0; i < ready; i++)
            if (events[i].data.fd == listener)
                listener_ready = true;
            else if (client_at(events[i].data.fd) != NULL)
                receive(client_at(events[i].data.fd));
        if (listener_ready)
            accept_connections(listener);
    }
    close(epoll);
    return stop_server(listener);
}
