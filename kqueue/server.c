/*
 * kqueue/server.c: all clients at once, with kqueue(2), which BSD and macOS
 * have; on Linux with kqueue/linux/, which is built on epoll.
 *
 *     build/kqueue --port 8888                 and elsewhere: nc localhost 8888
 *
 * As with epoll, the kernel keeps the list and returns what is ready. Two
 * things differ. One call, kevent, changes the list and waits; it can do both
 * at once, but this server does one at a time, as the epoll server does. And
 * kqueue does not only watch descriptors: the signals that stop the server are
 * events, too.
 *
 * Compare epoll/server.c.
 */
#include "../common/server.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/event.h>
#include <sys/time.h>
#include <unistd.h>

/* Limits for one round of the loop: clients to accept, and chunks to receive
 * from each client. Otherwise a crowd of new clients or a client that floods
 * would keep the others waiting. */
enum { CLIENTS_PER_ROUND = 64, CHUNKS_PER_ROUND = 16 };

enum { EVENTS = 64 }; /* in one round; the next round gets the rest */

static int kq;

/* Changes the list. Returns false, with errno, if that fails. */
static bool change(uintptr_t ident, short filter, unsigned short flags)
{
    struct kevent event;

    EV_SET(&event, ident, filter, flags, 0, 0, 0);
    return kevent(kq, &event, 1, NULL, 0, NULL) == 0;
}

static bool watch(int fd)
{
    return change((uintptr_t)fd, EVFILT_READ, EV_ADD);
}

/* close would be enough, except with kqueue/linux/, and only if another process
 * has the socket open, too. */
static void unwatch(int fd)
{
    change((uintptr_t)fd, EVFILT_READ, EV_DELETE);
}

static bool watch_signals(void)
{
    for (int i = 0; stop_signals[i] != 0; i++)
        if (!change((uintptr_t)stop_signals[i], EVFILT_SIGNAL, EV_ADD))
            return false;
    return true;
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

/* EV_EOF is not checked: when it is set, bytes may still be unread, and recv
 * returns 0 after the last of them. */
static void serve(struct client *client)
{
    if (receive(client, false))
        return;
    unwatch(client->fd);
    close_client(client);
}

int main(int argc, char **argv)
{
    int listener = start_server(KQUEUE_NAME, argc, argv, NON_BLOCKING);
    struct kevent events[EVENTS];

    kq = kqueue();
    if (kq == -1 || fcntl(kq, F_SETFD, FD_CLOEXEC) == -1 || !watch_signals())
        die_errno("cannot prepare to wait");
    while (may_wait()) {
        bool listener_ready = false;
        int ready;

        watch_unless_paused(listener, watch, unwatch);
        ready = kevent(kq, NULL, 0, events, EVENTS, accept_timespec());
        if (ready == -1 && errno != EINTR)
            die_errno("kevent failed");
        /* Clients first, accept last: a new client may get a descriptor that
         * was closed in this round, and the old event is not meant for it. */
        for (int i = 0; i < ready; i++)
            if (events[i].filter == EVFILT_SIGNAL)
                stop_request();
            else if ((int)events[i].ident == listener)
                listener_ready = true;
            else if (client_at((int)events[i].ident) != NULL)
                serve(client_at((int)events[i].ident));
        if (listener_ready)
            accept_connections(listener);
    }
    close(kq);
    return stop_server(listener);
}
