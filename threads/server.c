/*
 * threads/server.c: all clients at once, with a thread for each.
 *
 *     build/threads --port 8888                and elsewhere: nc localhost 8888
 *
 * recv_all is almost the same as in blocking/server.c. There,
 * accept_connections calls it and waits until it returns. Here,
 * accept_connections starts a thread that calls it, and continues. While one
 * thread sleeps in recv, the kernel lets the others run.
 *
 * All threads use the output and the table of clients, but only one thread may
 * use them at a time. So a thread holds a lock whenever it does not sleep.
 * Without the lock, lines would sometimes be mixed and memory would be
 * corrupted.
 *
 * Compare processes/server.c, where little is shared. See pthreads(7).
 */
#define _POSIX_C_SOURCE 200809L

#include "../common/server.h"

#include "lock.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

/* Clients accepted in one round: a crowd of new clients must not keep the lock
 * from the other threads. */
enum { CLIENTS_PER_ROUND = 64 };

/* Bytes of stack for each thread. The default, often 8 MiB, takes address space
 * and not memory, but 32-bit systems do not have enough address space. */
enum { STACK_SIZE = 128 * 1024 };

struct thread {
    pthread_t id;
    struct client *client;
    char chunk[]; /* its buffer for recv: options.recv_size bytes */
};

static pthread_cond_t client_left = PTHREAD_COND_INITIALIZER;
static pthread_attr_t attributes;
static struct thread *ended; /* the last thread that ended, not joined yet */

/* Receives from one client until it is finished. */
static void recv_all(struct client *client, char *own_chunk)
{
    while (may_wait()) {
        ssize_t size;

        unlock();
        size = recv(client->fd, own_chunk, options.recv_size, 0);
        lock();
        if (size == -1 && (errno == EINTR || errno == EAGAIN))
            continue; /* interrupted by a signal: no data yet */
        if (size == -1)
            client->error = errno; /* the connection is lost */
        if (size <= 0)
            break; /* 0: the client has closed its side */
        print_chunk(client, own_chunk, size);
    }
    close_client(client);
}

/* What a thread runs. A thread that has ended keeps its stack until another
 * thread joins it. So each thread, just before it ends, joins the thread that
 * ended before it; main joins the last one. */
static void *run(void *argument)
{
    struct thread *thread = argument, *previous;
    sigset_t all;

    /* Only main handles signals; for SIGALRM see lock.h. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    lock();
    recv_all(thread->client, thread->chunk);
    previous = ended;
    ended = thread;
    pthread_cond_signal(&client_left);
    unlock();
    if (previous != NULL) {
        pthread_join(previous->id, NULL);
        free(previous);
    }
    return NULL;
}

/* Returns false, with errno, if there is no memory or no thread left. */
static bool start_thread(struct client *client)
{
    struct thread *thread = malloc(sizeof *thread + options.recv_size);

    if (thread == NULL)
        return false;
    thread->client = client;
    errno = pthread_create(&thread->id, &attributes, run, thread);
    if (errno == 0)
        return true;
    free(thread);
    return false;
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
        if (!start_thread(client))
            drop_client(client);
    }
}

/* Makes every recv return, and waits until each thread has closed its client
 * and has ended. */
static void end_threads(void)
{
    for (unsigned fd = 0, left = client_count(); left > 0; fd++) {
        if (client_at((int)fd) == NULL)
            continue;
        left--;
        shutdown((int)fd, SHUT_RD);
    }
    while (client_count() > 0)
        lock_wait(&client_left);
    if (ended != NULL)
        pthread_join(ended->id, NULL);
    free(ended);
}

int main(int argc, char **argv)
{
    int listener = start_server("threads", argc, argv, BLOCKING_RECV);
    struct pollfd watched[] = {{.fd = stop_descriptor(), .events = POLLIN},
                               {.events = POLLIN}};

    errno = pthread_attr_init(&attributes);
    if (errno == 0)
        errno = pthread_attr_setstacksize(&attributes, STACK_SIZE);
    if (errno != 0)
        die_errno("cannot prepare threads");
    lock();
    while (may_wait()) {
        watched[1].fd = accept_paused() ? -1 : listener;
        if (lock_poll(watched, 2, accept_timeout()) == -1 && errno != EINTR)
            die_errno("poll failed");
        if (watched[1].revents != 0)
            accept_connections(listener);
    }
    end_threads();
    return stop_server(listener);
}
