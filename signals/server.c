/*
 * signals/server.c: all clients at once, with signals that the kernel queues.
 *
 *     build/signals --port 8888                and elsewhere: nc localhost 8888
 *
 * With O_ASYNC the kernel sends a signal when something happens to a socket;
 * with F_SETSIG it is a real-time signal, which is queued and names the
 * descriptor. No handler runs: the signals are blocked, and sigtimedwait takes
 * one after the other from the queue, or sleeps. (W. R. Stevens calls it
 * signal-driven I/O. Linux alone can name the descriptor.)
 *
 * A signal tells of a change, not of a state: what was there before the socket
 * was watched, or is left after a round, is not told again. So each socket is
 * asked once after it is watched, is received from until EAGAIN, and is
 * remembered where that takes too long.
 *
 * Compare epoll/server.c, whose list holds each descriptor once: this queue
 * holds one signal for each event, and overflows. See fcntl(2), signal(7).
 */
#define _GNU_SOURCE

#include "../common/server.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Limits for one round of the loop: new clients accepted, and chunks received
 * from each client, so that neither a crowd nor a flood keeps others waiting.
 */
enum { CLIENTS_PER_ROUND = 64, CHUNKS_PER_ROUND = 16 };

/* And for one round: descriptors that signals name, and signals taken. */
enum { EVENTS = 64, SIGNALS = 65536 };

/* Whether every descriptor is to be asked, since a signal of it was lost. */
static bool ask_all;

/* Queues the signal that the kernel would send. See sigqueue(3). */
static void tell(int fd)
{
    if (sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = fd}) == -1)
        ask_all = true; /* the queue is full */
}

/* What came before this tells of nothing, so one signal more asks for it. */
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

/* Receives what a client has sent, CHUNKS_PER_ROUND at most. Returns false once
 * the client is finished. A chunk that is not full does not end it: only after
 * EAGAIN does the kernel tell of what comes next. */
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
            drop_client(client); /* there is no memory to watch it */
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

/* Asks every client. The queue is emptied first, which is what happens to a
 * signal that is ignored: it tells nothing that is not found out here. */
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

/* Sleeps until there is a signal, and takes what else is queued. Writes to
 * `ready` which descriptors they name, EVENTS at most and each once, however
 * often a flood has made the kernel name it: the others are queued behind that.
 * Returns how many. */
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
        /* Accept comes last: a new client may get the descriptor of one that
         * has just left, and no event of this round is meant for it. */
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
