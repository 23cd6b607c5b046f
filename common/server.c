/*
 * server.c: what all servers do to start, to close a client, and to stop.
 *
 * In common/ only this file ends the program when something fails (and
 * options.c, if the command line is wrong).
 */
#define _XOPEN_SOURCE 700

#include "server.h"

#include "address.h"
#include "output.h"
#include "system.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

char *chunk;

/* If the reader of our output has ended, or a file grows too large,
 * write should fail with EPIPE or EFBIG instead of a signal killing the
 * server. See write(2). */
static void ignore_write_signals(void)
{
    struct sigaction action = {.sa_handler = SIG_IGN};

    sigemptyset(&action.sa_mask);
    if (sigaction(SIGPIPE, &action, NULL) == -1 ||
        sigaction(SIGXFSZ, &action, NULL) == -1)
        die_errno("cannot ignore a signal");
}

/* Allocates the buffer for recv. The kernel copies faster to the start of a
 * page. See posix_memalign(3). */
static void allocate_chunk(void)
{
    void *pages;

    errno = posix_memalign(&pages, 4096, options.recv_size);
    if (errno != 0)
        die_errno("cannot allocate %zu bytes", options.recv_size);
    chunk = pages;
}

static void open_outputs_or_exit(void)
{
    switch (open_outputs()) {
    case 0:
        return;
    case -1:
        die_errno("cannot open %s", options.events);
    default:
        warn("--events %s is standard output itself: use --events -",
             options.events);
        exit(STATUS_USAGE);
    }
}

void prepare_server(const char *name, int argc, char **argv)
{
    program_name = name;
    ignore_write_signals();
    parse_options(argc, argv);
    if (hold_standard_descriptors() == -1)
        die_errno("cannot write to standard output");
    allocate_chunk();
    raise_descriptor_limit();
}

int open_server(enum blocking blocking)
{
    char address[NAME_SIZE];
    int listener = listen_on(blocking, address);

    if (listener == -1)
        exit(EXIT_FAILURE); /* listen_on has printed why */
    /* Until here Ctrl+C ends the program at once, even in a name lookup. */
    if (stop_on_signals() == -1)
        die_errno("cannot handle signals");
    open_outputs_or_exit();
    atexit(flush_outputs);
    print_listening(address);
    return listener;
}

int start_server(const char *name, int argc, char **argv,
                 enum blocking blocking)
{
    prepare_server(name, argc, argv);
    return open_server(blocking);
}

bool may_wait(void)
{
    flush_outputs();
    return !stop_requested();
}

bool may_wait_for(int fd)
{
    flush_outputs();
    stop_shuts_down(fd);
    return !stop_requested();
}

void watch_unless_paused(int listener, bool (*watch)(int fd),
                         void (*unwatch)(int fd))
{
    static bool watching;
    bool wanted = !accept_paused();

    if (watching && !wanted)
        unwatch(listener);
    else if (!watching && wanted && !watch(listener))
        die_errno("cannot watch the listener");
    watching = wanted;
}

/* Writes the output before it closes the connection: a client that sees the end
 * of its connection finds all that it has sent in the output. */
static void finish_client(struct client *client)
{
    flush_outputs();
    remove_client(client);
}

void close_client(struct client *client)
{
    if (client->error != 0 && client->error != ECONNRESET) {
        flush_outputs();
        errno = client->error;
        warn_errno("cannot receive from %s", client->name);
    }
    print_closed(client);
    finish_client(client);
}

void refuse_client(struct client *client, const char *reason)
{
    print_refused(client, reason);
    finish_client(client);
}

void drop_client(struct client *client)
{
    flush_outputs();
    warn_errno("cannot serve %s", client->name);
    print_closed(client);
    finish_client(client);
}

int stop_server(int listener)
{
    close(listener);
    for (int fd = 0; client_count() > 0; fd++)
        if (client_at(fd) != NULL)
            close_client(client_at(fd));
    print_stopped();
    flush_outputs();
    return stop_status();
}
