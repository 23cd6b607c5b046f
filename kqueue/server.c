/*
 * kqueue/server.c: all clients at once, with kqueue(2), the answer of BSD and
 * macOS; on Linux over kqueue/linux/, which stands on epoll.
 *
 *     build/kqueue --port 8888                 and elsewhere: nc localhost 8888
 *
 * As with epoll the kernel keeps the list and returns what is ready. Three
 * things differ. One call, kevent, both hands over the changes to the list and
 * waits. An event says how much there is: bytes in a socket, clients in the
 * backlog. And not only descriptors can be watched: here the signals that stop
 * the server are events too.
 *
 * Compare epoll/server.c.
 */
#include "../common/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/event.h>
#include <sys/time.h>
#include <unistd.h>

/* A change that fails is reported among the events: all need room there. */
enum { CHANGES = ACCEPTS_PER_TURN, EVENTS = CHANGES };

static int kq;

/* What the next call of kevent will tell the kernel. */
static struct kevent changes[CHANGES];
static unsigned short change_count;

static void watch(int fd)
{
    EV_SET(&changes[change_count], (uintptr_t)fd, EVFILT_READ, EV_ADD, 0, 0, 0);
    change_count++;
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
        else
            watch(client->fd);
    }
}

static void receive(struct client *client, const struct kevent *event)
{
    /* EV_EOF may come while bytes are still unread, so it ends nothing here:
     * recv does, when it returns 0. EV_ERROR is a change that failed. */
    if (event->flags & EV_ERROR)
        client->error = (int)event->data;
    else if (recv_chunks(client))
        return;
    /* Closing the socket takes it off the kernel's list. */
    close_client(client);
}

/* Opens the kqueue and has it watch the signals. */
static void watch_signals(void)
{
    kq = kqueue();
    if (kq == -1 || fcntl(kq, F_SETFD, FD_CLOEXEC) == -1)
        die_errno("cannot open a kqueue");
    while (stop_signals[change_count] != 0) {
        EV_SET(&changes[change_count], (uintptr_t)stop_signals[change_count],
               EVFILT_SIGNAL, EV_ADD, 0, 0, 0);
        change_count++;
    }
    if (kevent(kq, changes, change_count, NULL, 0, NULL) == -1)
        die_errno("cannot watch the signals");
    change_count = 0;
}

int main(int argc, char **argv)
{
    int listener = start_server(KQUEUE_NAME, argc, argv, NON_BLOCKING);
    struct kevent events[EVENTS], toggle;
    bool listening = false;

    watch_signals();
    while (!stop_requested()) {
        bool listener_ready = false;
        int ms = accept_timeout();
        struct timespec timeout = {ms / 1000, ms % 1000 * 1000000L};
        int ready;

        if (listening == accept_paused()) {
            listening = !listening;
            EV_SET(&toggle, (uintptr_t)listener, EVFILT_READ,
                   listening ? EV_ADD : EV_DELETE, 0, 0, 0);
            if (kevent(kq, &toggle, 1, NULL, 0, NULL) == -1)
                die_errno("cannot watch the listener");
        }
        flush_outputs();
        ready = kevent(kq, changes, change_count, events, EVENTS,
                       ms < 0 ? NULL : &timeout);
        change_count = 0;
        if (ready == -1 && errno != EINTR)
            die_errno("kevent failed");
        /* Clients first: the descriptor of one that leaves may come back with
         * the next accept, and must not be taken for the one in this list. */
        for (int i = 0; i < ready; i++)
            if (events[i].filter == EVFILT_SIGNAL)
                stop_request();
            else if ((int)events[i].ident == listener)
                listener_ready = true;
            else if (client_at((int)events[i].ident) != NULL)
                receive(client_at((int)events[i].ident), &events[i]);
        if (listener_ready)
            accept_connections(listener);
    }
    close(kq);
    return stop_server(listener);
}
