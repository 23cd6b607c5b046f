/*
 * The epoll server on two cores: a parent and a child, each with its own loop,
 * its own epoll instance and its own listener. They share the port and standard
 * output, and nothing else.
 */
#define _POSIX_C_SOURCE 200809L

#include "../common/server.h"

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
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

/* The loop, until it is to stop. */
static void serve(int listener)
{
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
}

/* Has `options` name the port that the listener has got, for the second one. */
static void keep_port(int listener)
{
    static char port[sizeof "65535"];
    struct sockaddr_storage address;
    socklen_t size = sizeof address;

    if (getsockname(listener, (struct sockaddr *)&address, &size) == -1 ||
        getnameinfo((struct sockaddr *)&address, size, NULL, 0, port,
                    sizeof port, NI_NUMERICSERV) != 0)
        die_errno("cannot ask for the port");
    options.port = port;
}

/* The second process, with everything of its own: a listener, and a pipe that
 * stops it, or the parent's signal would wake it for nothing. In a group of its
 * own, Ctrl+C reaches it once, through its parent. */
static noreturn void be_child(int inherited)
{
    int listener;

    setpgid(0, 0);
    close(inherited);
    stop_on_signals();
    listener = listen_on(NON_BLOCKING);
    serve(listener);
    close(listener);
    close_clients();
    flush_outputs();
    exit(EXIT_SUCCESS);
}

/* Has the child stop, and waits until its last words are printed. */
static void stop_child(pid_t child)
{
    kill(child, SIGTERM);
    while (waitpid(child, NULL, 0) == -1 && errno == EINTR)
        continue;
}

int main(int argc, char **argv)
{
    int listener = start_server("epoll", argc, argv, NON_BLOCKING);
    pid_t child;

    keep_port(listener);
    /* What is gathered for output would be there twice after the fork. */
    flush_outputs();
    child = fork();
    if (child == -1)
        die_errno("cannot start a second process");
    if (child == 0)
        be_child(listener);
    serve(listener);
    stop_child(child);
    return stop_server(listener);
}
