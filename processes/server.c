/*
 * processes/server.c: all clients at once, with a process for each.
 *
 *     build/processes --port 8888              and elsewhere: nc localhost 8888
 *
 * The parent accepts a client and forks. The child receives from this client as
 * blocking/server.c does, and ends when the client is finished. Processes do
 * not share memory: if a child is killed, only its client is lost. But they
 * share descriptors: after fork both processes have the client's and the
 * listener's. So each closes the one that it does not use; otherwise no
 * connection would ever end. They share the output, too, so each prints under a
 * lock.
 *
 * A child that has ended remains as a zombie until its parent calls waitpid.
 * The signal SIGCHLD tells the parent when to do so.
 *
 * Compare threads/server.c. See fork(2), waitpid(2), fcntl(2).
 */
#define _POSIX_C_SOURCE 200809L

#include "../common/server.h"

#include "children.h"
#include "lock.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

/* Clients accepted in one round: a crowd of new clients must not keep the
 * parent from reaping children. */
enum { CLIENTS_PER_ROUND = 64 };

/* Receives from one client until it is finished. */
static void recv_all(struct client *client)
{
    lock();
    while (may_wait_for(client->fd)) {
        ssize_t size;

        unlock();
        size = recv(client->fd, chunk, options.recv_size, 0);
        lock();
        if (size == -1 && (errno == EINTR || errno == EAGAIN))
            continue; /* interrupted by a signal: no data yet */
        if (size == -1)
            client->error = errno; /* the connection is lost */
        if (size <= 0)
            break; /* 0: the client has closed its side */
        print_chunk(client, chunk, size);
    }
    close_client(client);
    unlock();
}

/* Returns false, with errno, if there is no memory or no process left. */
static bool start_child(struct client *client, int listener)
{
    pid_t pid;

    if (reserve_child() == -1)
        return false;
    flush_outputs(); /* otherwise the child would print the buffer, too */
    pid = stop_fork();
    if (pid == -1)
        return false;
    if (pid == 0) {
        close(listener);
        recv_all(client);
        _exit(stop_status());
    }
    release_client(client);
    add_child(pid, client);
    return true;
}

/* Accepts the clients that wait in the backlog, CLIENTS_PER_ROUND at most. */
static void accept_connections(int listener)
{
    for (int i = 0; i < CLIENTS_PER_ROUND; i++) {
        struct client *client = accept_client(listener);

        if (client == NULL)
            return; /* the backlog is empty, or no descriptor is free */
        lock();
        print_connection(client);
        print_next();
        print_receiving(client);
        if (!start_child(client, listener))
            drop_client(client);
        unlock();
    }
}

/* Prints that the client of a killed child is gone: the child could not. */
static void print_killed(struct client *client, int number)
{
    lock();
    warn("the process of %s was killed by signal %d", client->name, number);
    print_closed(client);
    flush_outputs();
    unlock();
}

/* Reaps every child that has ended; with 0 instead of WNOHANG, waits until all
 * have ended. It does not wait for children that this process had before exec,
 * which are not on the list: one of them may never end, or may be the reader of
 * the output. A stop signal between waitpid and remove_child is sent to a
 * number that is already free; the kernel does not give a number again so soon.
 */
static void reap(int how)
{
    while (has_children()) {
        int status;
        pid_t pid = waitpid(-1, &status, how);
        struct client *client = pid > 0 ? remove_child(pid) : NULL;

        if (pid == 0 || (pid == -1 && errno != EINTR))
            return;
        if (client == NULL)
            continue; /* interrupted, or a child from before exec */
        if (WIFSIGNALED(status))
            print_killed(client, WTERMSIG(status));
        else if (WEXITSTATUS(status) != 0)
            stop_after_failure(); /* its output has failed: stop all */
        free(client);
    }
}

static void on_child(int number)
{
    (void)number; /* its only purpose is to interrupt pselect */
}

/* Blocks SIGCHLD except in pselect, so that it cannot arrive between the last
 * waitpid and the wait. Returns the mask for pselect. */
static sigset_t catch_sigchld(void)
{
    struct sigaction action = {.sa_handler = on_child};
    sigset_t child, mask;

    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGCHLD, &action, NULL) == -1 ||
        sigprocmask(SIG_BLOCK, &child, &mask) == -1)
        die_errno("cannot handle SIGCHLD");
    sigdelset(&mask, SIGCHLD);
    return mask;
}

int main(int argc, char **argv)
{
    sigset_t mask;
    int listener, stop;

    prepare_server("processes", argc, argv);
    if (open_lock() == -1)
        die_errno("cannot make a temporary file");
    stop_tells(stop_children);
    listener = open_server(BLOCKING_RECV);
    mask = catch_sigchld();
    stop = stop_descriptor();
    if (listener >= FD_SETSIZE || stop >= FD_SETSIZE)
        die("cannot wait: a descriptor does not fit FD_SETSIZE");
    while (may_wait()) {
        fd_set ready;

        reap(WNOHANG);
        FD_ZERO(&ready);
        FD_SET(stop, &ready);
        if (!accept_paused())
            FD_SET(listener, &ready);
        if (pselect((stop > listener ? stop : listener) + 1, &ready, NULL, NULL,
                    accept_timespec(), &mask) == -1) {
            if (errno != EINTR) {
                warn_errno("pselect failed");
                stop_after_failure(); /* the children must end, too */
            }
            continue;
        }
        if (FD_ISSET(listener, &ready))
            accept_connections(listener);
    }
    stop_children(); /* those that no signal has told, as after a failure */
    reap(0);
    return stop_server(listener);
}
