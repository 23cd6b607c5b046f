/*
 * The poll server, with clients that ask for work. A thread computes, and wakes
 * the loop with a pipe when it has the answer.
 */
#define _POSIX_C_SOURCE 200809L

#include "../common/server.h"
#include "factor.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* Limits for one round of the loop: new clients accepted, and chunks received
 * from each client, so that neither a crowd nor a flood keeps others waiting.
 */
enum { CLIENTS_PER_ROUND = 64, CHUNKS_PER_ROUND = 16 };

/* What becomes of a client: wait for more, wait for its answer, or close it. */
enum next { WAITS, WORKS, FINISHED };

/* All that a thread uses. It never touches the client, the output or the list:
 * these belong to the loop. */
struct job {
    struct client *client;
    unsigned long long number;
    char answer[ANSWER_SIZE];
};

/* A pipe of pointers: each thread writes its job into it when it is done. */
static int done[2];

/* watched[fd] is the entry of fd. If the fd in it is -1, poll skips it and sets
 * its revents to 0. */
static struct pollfd *watched;
static int count, capacity;

static bool watch(int fd)
{
    if (fd >= capacity) {
        size_t wanted = 2 * ((size_t)fd + 1);
        struct pollfd *larger = realloc(watched, wanted * sizeof *watched);

        if (larger == NULL)
            return false;
        watched = larger;
        capacity = (int)wanted;
    }
    while (count <= fd)
        watched[count++].fd = -1;
    watched[fd] = (struct pollfd){.fd = fd, .events = POLLIN};
    return true;
}

static void unwatch(int fd)
{
    watched[fd].fd = -1;
}

/* What a thread does. The job is the loop's again once it is in the pipe. */
static void *work(void *argument)
{
    struct job *job = argument;

    factor(job->number, job->answer);
    while (write(done[1], &job, sizeof job) == -1 && errno == EINTR)
        continue;
    return NULL;
}

/* Starts a thread, with all signals blocked: they are for the loop. Returns
 * false, with errno, if there is no memory or no thread to be had. */
static bool start_work(struct client *client, unsigned long long number)
{
    struct job *job = malloc(sizeof *job);
    sigset_t all, before;
    pthread_t id;

    if (job == NULL)
        return false;
    *job = (struct job){.client = client, .number = number};
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    errno = pthread_create(&id, NULL, work, job);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (errno != 0) {
        free(job);
        return false;
    }
    pthread_detach(id); /* the pipe tells when it is done */
    return true;
}

/* Receives what a client has sent, CHUNKS_PER_ROUND at most, or up to the first
 * number. What it sends after that waits until it has its answer. */
static enum next receive(struct client *client, bool is_new)
{
    for (int i = 0; i < CHUNKS_PER_ROUND; i++) {
        ssize_t size = recv(client->fd, chunk, options.recv_size, 0);
        unsigned long long number;

        if (size == -1 && (errno == EAGAIN || errno == EINTR))
            return WAITS; /* nothing more for now: back to the wait */
        if (size == -1)
            client->error = errno; /* the connection is lost */
        if (size <= 0)
            return FINISHED; /* 0: the client has closed its side */
        if (asks_for_factors(chunk, (size_t)size, &number)) {
            if (start_work(client, number))
                return WORKS;
            client->error = errno;
            return FINISHED;
        }
        print_chunk(client, chunk, size);
        if (!is_new && (size_t)size < options.recv_size)
            return WAITS; /* that was all: back to the wait */
    }
    return WAITS; /* enough for this round: the wait reports the rest again */
}

static void watch_client(struct client *client)
{
    if (!watch(client->fd))
        drop_client(client); /* there is no memory to watch it */
}

/* Accepts the clients that wait in the backlog, CLIENTS_PER_ROUND at most. */
static void accept_connections(int listener)
{
    for (int i = 0; i < CLIENTS_PER_ROUND; i++) {
        struct client *client = accept_client(listener);
        enum next next;

        if (client == NULL)
            return; /* the backlog is empty, or no descriptor is free */
        print_connection(client);
        print_next();
        print_receiving(client);
        next = receive(client, true);
        if (next == FINISHED)
            close_client(client);
        else if (next == WAITS)
            watch_client(client);
    }
}

/* A client that waits for its answer is not watched. So it cannot be closed in
 * the meantime, and no other client can get its descriptor. */
static void serve(struct client *client)
{
    enum next next = receive(client, false);

    if (next != WAITS)
        unwatch(client->fd);
    if (next == FINISHED)
        close_client(client);
}

/* Prints the answer of one thread; poll reports again if there are more. */
static void take_answer(void)
{
    struct job *job;

    if (read(done[0], &job, sizeof job) != sizeof job)
        return;
    output_string(&standard_output, job->answer);
    watch_client(job->client);
    free(job);
}

int main(int argc, char **argv)
{
    int listener = start_server("poll", argc, argv, NON_BLOCKING);

    if (pipe(done) == -1 || !watch(done[0]) || !watch(stop_descriptor()))
        die_errno("cannot watch for a stop");
    while (may_wait()) {
        watch_unless_paused(listener, watch, unwatch);
        if (poll(watched, (nfds_t)count, accept_timeout()) == -1) {
            if (errno != EINTR)
                die_errno("poll failed");
            continue;
        }
        /* Accept comes last: a new client may get the descriptor of one that
         * has just left, and no event of this round is meant for it. */
        for (int fd = 0; fd < count; fd++)
            if (watched[fd].revents != 0 && client_at(fd) != NULL)
                serve(client_at(fd));
        if (watched[done[0]].revents != 0)
            take_answer();
        if (watched[listener].revents != 0)
            accept_connections(listener);
    }
    free(watched);
    return stop_server(listener); /* threads that still compute end with it */
}
