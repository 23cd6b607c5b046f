/*
 * server.c: how every server begins and ends; server.h says what that means.
 */
#define _POSIX_C_SOURCE 200809L

#include "server.h"

#include "system.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* A reader of our output that goes away shall be an error of write, with a
 * message, and not a signal that kills. See write(2), EPIPE. */
static void ignore_sigpipe(void)
{
    struct sigaction action = {.sa_handler = SIG_IGN};

    sigemptyset(&action.sa_mask);
    if (sigaction(SIGPIPE, &action, NULL) == -1)
        die_errno("cannot ignore SIGPIPE");
}

int start_server(const char *name, int argc, char **argv,
                 enum blocking blocking)
{
    program_name = name;
    ignore_sigpipe();
    parse_options(argc, argv);
    hold_standard_descriptors();
    open_outputs();
    stop_on_signals();
    raise_descriptor_limit();
    return listen_on(blocking);
}

int stop_server(int listener)
{
    close(listener);
    close_clients();
    note_time();
    print_stopped();
    flush_outputs();
    return EXIT_SUCCESS;
}
