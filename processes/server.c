/*
 * processes/server.c: all clients at once, with a process for each.
 *
 *     build/processes --port 8888              and elsewhere: nc localhost 8888
 *
 * The parent accepts a client and forks; the child receives from that client as
 * blocking/server.c does, and ends with it. Memory is not shared: a child that
 * is killed takes one client with it. Descriptors are: both have the client's
 * and the listener's after fork, so each closes the one that is not its own,
 * or no connection would ever end. And the output is shared, so a lock keeps
 * the lines of different clients apart.
 *
 * A child that has ended remains as a zombie until its parent asks how it
 * ended. SIGCHLD tells when.
 *
 * Compare threads/server.c. See fork(2), waitpid(2), fcntl(2).
 */
#define _POSIX_C_SOURCE 200809L

#include "../common/server.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

/* New clients accepted in one round, so that a crowd does not keep children
 * from being reaped. */
enum { CLIENTS_PER_ROUND = 64 };

struct child {
    pid_t pid;
    struct client *client; /* its name; the parent has closed its descriptor */
};

static struct child *children;
static size_t count, capacity;

/* Whoever prints has a lock on this file, which has no name. The kernel takes
 * the lock away from a process that ends, however it ends; a semaphore would
 * stay locked. */
static int lock_file;

static void lock(void)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int error = errno;
    int alarms = 0;

    /* After a stop SIGALRM comes each second. If the others hold the lock that
     * long, the output is stuck: then flush_outputs will find that, too. */
    while (fcntl(lock_file, F_SETLKW, &whole) == -1 && errno == EINTR)
        if (stop_requested() && ++alarms > 2)
            break;
    errno = error;
}

static void unlock(void)
{
    struct flock whole = {.l_type = F_UNLCK, .l_whence = SEEK_SET};

    fcntl(lock_file, F_SETLK, &whole);
}

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

/* Returns false, with errno, if there is no memory or no process to be had. */
static bool start_child(struct client *client, int listener)
{
    pid_t pid;

    if (count == capacity) {
        size_t wanted = 2 * capacity + 64;
        struct child *larger = realloc(children, wanted * sizeof *children);

        if (larger == NULL)
            return false;
        children = larger;
        capacity = wanted;
    }
    flush_outputs(); /* or the child would have it, and print it again */
    pid = stop_fork();
    if (pid == -1)
        return false;
    if (pid == 0) {
        close(listener);
        recv_all(client);
        _exit(stop_status());
    }
    release_client(client);
    children[count++] = (struct child){pid, client};
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

/* Takes a child that has ended off the list. A child that was killed could not
 * print that its client is gone. */
static void bury(pid_t pid, int status)
{
    size_t i = 0;

    while (i < count && children[i].pid != pid)
        i++;
    if (i == count)
        return; /* not one of ours: the program that became this one had it */
    if (WIFSIGNALED(status)) {
        lock();
        warn("the process of %s was killed by signal %d",
             children[i].client->name, WTERMSIG(status));
        print_closed(children[i].client);
        flush_outputs();
        unlock();
    } else if (WEXITSTATUS(status) != 0) {
        stop_after_failure(); /* its output has failed, and so will all */
    }
    free(children[i].client);
    children[i] = children[--count];
}

/* Reaps every child that has ended. */
static void reap(void)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        bury(pid, status);
}

/* Tells every child to stop, and waits for each. */
static void end_children(void)
{
    for (size_t i = 0; i < count; i++)
        kill(children[i].pid, STOP_CHILD);
    while (count > 0) {
        int status;
        pid_t pid = waitpid(-1, &status, 0);

        if (pid == -1 && errno != EINTR)
            break;
        if (pid > 0)
            bury(pid, status);
    }
    free(children);
}

static void on_child(int number)
{
    (void)number; /* it only has to interrupt pselect */
}

/* Lets SIGCHLD through in pselect alone, so that none can come between the last
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

static void open_lock_file(void)
{
    FILE *file = tmpfile();

    if (file == NULL)
        die_errno("cannot make a temporary file");
    lock_file = fileno(file);
}

int main(int argc, char **argv)
{
    int listener = start_server("processes", argc, argv, BLOCKING_RECV);
    sigset_t mask = catch_sigchld();
    int stop = stop_descriptor();

    open_lock_file();
    if (listener >= FD_SETSIZE || stop >= FD_SETSIZE)
        die("cannot wait: a descriptor does not fit FD_SETSIZE");
    while (may_wait()) {
        fd_set ready;

        reap();
        FD_ZERO(&ready);
        FD_SET(stop, &ready);
        if (!accept_paused())
            FD_SET(listener, &ready);
        if (pselect((stop > listener ? stop : listener) + 1, &ready, NULL, NULL,
                    accept_timespec(), &mask) == -1) {
            if (errno != EINTR)
                die_errno("pselect failed");
            continue;
        }
        if (FD_ISSET(listener, &ready))
            accept_connections(listener);
    }
    end_children();
    return stop_server(listener);
}
