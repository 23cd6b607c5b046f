/*
 * signals/server.c: all clients at once, with signals that the kernel queues.
 *
 *     build/signals --port 8888                and elsewhere: nc localhost 8888
 *
 * With O_ASYNC the kernel sends a signal when something happens on a socket.
 * With F_SETSIG this is a real-time signal: such signals are queued, and each
 * names its descriptor. No handler runs: the signals are blocked, and
 * sigtimedwait takes the next one from the queue, or sleeps until there is one.
 * (W. R. Stevens calls this signal-driven I/O. Only on Linux can the signal
 * name the descriptor.)
 *
 * A signal reports a change, not a state. For data that arrived before the
 * socket was watched, or that is left after a round, the kernel sends no
 * signal. So the server tries each socket once after it starts to watch it, and
 * receives until EAGAIN. If that takes too long for one round, it queues a
 * signal itself.
 *
 * Compare epoll/server.c: its ready list contains each descriptor once, but
 * this queue contains one signal for each event, so it can overflow. See
 * fcntl(2), signal(7).
 */
#define _GNU_SOURCE

#include "../common/server.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Limits for one round of the loop: clients to accept, and chunks to receive
 * from each client. Otherwise a crowd of new clients or a client that floods
 * would keep the others waiting. */
enum { CLIENTS_PER_ROUND = 64, CHUNKS_PER_ROUND = 16 };

/* Two more limits for one round: descriptors to serve, and signals to take. */
enum { EVENTS = 64, SIGNALS = 65536 };

/* Whether to try every descriptor, because a signal was lost. */
static bool ask_all;

/* Queues the signal that the kernel would send for `fd`. See sigqueue(3). */
static void tell(int fd)
{
    if (sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = fd}) == -1)
        ask_all = true; /* the queue is full */
}

/* For earlier data the kernel sends no signal, so this function queues one. */
static bool watch(int fd)
{
    if (fcntl(fd, F_SETOWN, getpid()) == -1 ||
        fcntl(fd, F_SETSIG, SIGRTMIN) == -1 ||
        fcntl(fd, F_SETFL, O_NONBLOCK | O_ASYNC) == -1)
        return false;
    tell(fd);
    return true;
}

static void unwatch(int fd)
{
    fcntl(fd, F_SETFL, O_NONBLOCK);
}

/* Receives what a client has sent, at most CHUNKS_PER_ROUND chunks. Returns
 * false once the client is finished. It continues after a chunk that is not
 * full: only after EAGAIN does the kernel signal new data. */
static bool receive(struct client *client)
{
    for (int i = 0; i < CHUNKS_PER_ROUND; i++) {
        ssize_t size = recv(client->fd, chunk, options.recv_size, 0);

        if (size == -1 && errno == EAGAIN)
            return true; /* nothing more for now: back to the wait */
        if (size == -1 && errno == EINTR)
            continue;
        if (size == -1)
            client->error = errno; /* the connection is lost */
        if (size <= 0)
            return false; /* 0: the client has closed its side */
        print_chunk(client, chunk, size);
    }
    tell(client->fd);
    return true; /* enough for this round */
}

/* Accepts the clients that wait in the backlog, CLIENTS_PER_ROUND at most. */
static void accept_connections(int listener)
{
    for (int i = 0; i < CLIENTS_PER_ROUND; i++) {
        struct client *client = accept_client(listener);

        if (client == NULL && errno == EAGAIN)
            return; /* the backlog is empty */
        if (client == NULL)
            break;
        print_connection(client);
        print_next();
        print_receiving(client);
        if (!watch(client->fd))
            drop_client(client); /* no memory to watch it */
    }
    tell(listener);
}

static void serve(struct client *client)
{
    if (receive(client))
        return;
    unwatch(client->fd);
    close_client(client);
}

/* Serves every client. Before that it empties the queue, whose signals are no
 * longer needed: SIG_IGN makes the kernel discard the queued signals. */
static void serve_all(void)
{
    unsigned left = client_count();

    signal(SIGRTMIN, SIG_IGN);
    signal(SIGRTMIN, SIG_DFL);
    ask_all = false;
    for (int fd = 0; left > 0; fd++) {
        if (client_at(fd) == NULL)
            continue;
        left--;
        serve(client_at(fd));
    }
}

/* Sleeps until there is a signal, and takes the others that are queued. Writes
 * to `ready` which descriptors they name, at most EVENTS and each only once,
 * although a flooding client causes many signals. Signals for other descriptors
 * stay in the queue. Returns the number of descriptors. */
static int take_signals(const sigset_t *set, int ready[EVENTS])
{
    static const struct timespec at_once;
    const struct timespec *limit = ask_all ? &at_once : accept_timespec();
    int count = 0;

    for (int i = 0; i < SIGNALS && count < EVENTS; i++, limit = &at_once) {
        siginfo_t event;
        int number = sigtimedwait(set, &event, limit);
        int fd, at = 0;

        if (number == -1 && errno != EAGAIN && errno != EINTR)
            die_errno("sigtimedwait failed");
        if (number == -1)
            break;
        if (number == SIGIO) {
            ask_all = true; /* the queue is full, and signals were lost */
            break;
        }
        fd = event.si_code == SI_QUEUE ? event.si_value.sival_int : event.si_fd;
        while (at < count && ready[at] != fd)
            at++;
        if (at == count)
            ready[count++] = fd;
    }
    return count;
}

/* Blocks the signals that the kernel queues. Returns their set. */
static sigset_t block_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN);
    sigaddset(&set, SIGIO);
    if (sigprocmask(SIG_BLOCK, &set, NULL) == -1)
        die_errno("cannot block signals");
    return set;
}

int main(int argc, char **argv)
{
    int listener = start_server("signals", argc, argv, NON_BLOCKING);
    sigset_t set = block_signals();

    if (!watch(stop_descriptor()))
        die_errno("cannot watch for a stop");
    while (may_wait()) {
        bool listener_ready;
        int ready[EVENTS];
        int count;

        watch_unless_paused(listener, watch, unwatch);
        count = take_signals(&set, ready);
        /* Clients first, accept last: a new client may get a descriptor that
         * was closed in this round, and the old event is not meant for it. */
        listener_ready = ask_all;
        if (ask_all)
            serve_all();
        for (int i = 0; i < count; i++)
            if (ready[i] == listener)
                listener_ready = true;
            else if (client_at(ready[i]) != NULL)
                serve(client_at(ready[i]));
        if (listener_ready && !accept_paused())
            accept_connections(listener);
    }
    return stop_server(listener);
}
