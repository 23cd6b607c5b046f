/*
 * The epoll server on two cores: a parent and a child, each with its own event
 * loop, its own epoll instance and its own listener. They share the port and
 * standard output, and nothing else.
 */
#define _POSIX_C_SOURCE 200809L

#include "../common/server.h"
#include "../common/address.h"
#include "../common/output.h"

#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

/* What one round takes at most, so that neither a crowd of new clients nor a
 * client that floods keeps the others waiting. */
enum { CLIENTS_PER_ROUND = 64, CHUNKS_PER_ROUND = 16 };

enum { EVENTS = 64 }; /* what one epoll_wait returns at most */

static int epoll;

static bool watch(int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
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

        if (size == -1 && (errno == EAGAIN || errno == EINTR))
            return true; /* not ready after all: back to the wait */
        if (size == -1)
            client->error = errno; /* the connection is lost */
        if (size <= 0)
            return false; /* 0: the client has closed its side */
        print_chunk(client, chunk, size);
        if (!is_new && (size_t)size < options.recv_size)
            return true; /* that was all; the wait reports what comes next */
    }
    return true; /* the other clients first; the wait reports the rest again */
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

/* The event loop, until the server is to stop. */
static void run(int listener)
{
    struct epoll_event events[EVENTS];

    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll == -1 || !watch(stop_descriptor()))
        die_errno("cannot watch for a stop");
    while (may_wait()) {
        bool listener_ready = false;
        int ready;

        watch_unless_paused(listener, watch, unwatch);
        ready = epoll_wait(epoll, events, EVENTS, accept_timeout());
        if (ready == -1 && errno != EINTR)
            die_errno("epoll_wait failed");
        /* Clients first: accept may reuse a descriptor that is closed in this
         * round, and the old event would be applied to the new client. */
        for (int i = 0; i < ready; i++)
            if (events[i].data.fd == listener)
                listener_ready = true;
            else if (client_at(events[i].data.fd) != NULL)
                serve(client_at(events[i].data.fd));
        if (listener_ready)
            accept_connections(listener);
    }
    close(epoll);
}

/* Writes the port that the listener has got into `options`, for the second
 * listener. */
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

/* The second process. It has a listener of its own, and a pipe of its own: the
 * parent's would stay readable here and never be meant for the child. It is in
 * a process group of its own, so that Ctrl+C does not reach it twice. */
static noreturn void be_child(int inherited)
{
    char name[NAME_SIZE];
    int listener;

    setpgid(0, 0);
    close(inherited);
    if (stop_on_signals() == -1)
        die_errno("cannot handle signals");
    listener = listen_on(NON_BLOCKING, name);
    if (listener == -1)
        exit(EXIT_FAILURE); /* listen_on has said why */
    run(listener);
    close(listener);
    for (int fd = 0; client_count() > 0; fd++)
        if (client_at(fd) != NULL)
            close_client(client_at(fd));
    exit(EXIT_SUCCESS);
}

/* Stops the child, and waits until it has printed its last line. */
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
    /* After the fork both would print what is still in the buffer. */
    flush_outputs();
    child = fork();
    if (child == -1)
        die_errno("cannot start a second process");
    if (child == 0)
        be_child(listener);
    run(listener);
    stop_child(child);
    return stop_server(listener);
}
