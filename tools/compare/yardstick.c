/*
 * yardstick.c - the plainest server that prints what it receives. One client at
 * a time: recv, write, close, and no messages.
 *
 *     build/tools/yardstick [--address ADDR] [--port PORT] [--recv-size BYTES]
 *
 * What a server of this project costs beyond this program is the price of its
 * way of waiting, of its messages, and of making text safe for a terminal.
 * SIGTERM ends it. See accept(2), recv(2), write(2).
 */
#define _POSIX_C_SOURCE 200809L

#include "../clients/net.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Returns a listener, and prints its first line as every server does. */
static int listen_on(const char *address, const char *port)
{
    const int on = 1;
    const int off = 0;
    char text[ADDRESS_TEXT_SIZE];
    struct endpoint at = find_endpoint(address, port);
    int family = at.address.ss_family;
    int listener = socket(family, SOCK_STREAM, 0);
    if (listener == -1)
        fail("cannot make a socket: %s", strerror(errno));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (family == AF_INET6) /* refused on OpenBSD, where IPv6 alone is served */
        setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(listener, (struct sockaddr *)&at.address, at.length) == -1 ||
        listen(listener, INT_MAX) == -1 ||
        getsockname(listener, (struct sockaddr *)&at.address, &at.length) == -1)
        fail("cannot listen on %s port %s: %s", address, port, strerror(errno));
    show_address(&at.address, text);
    if (printf("Listening on: %s\n", text) < 0 || fflush(stdout) == EOF)
        fail("cannot write to standard output: %s", strerror(errno));
    return listener;
}

/* Writes all of it: a pipe may take less than it was given. */
static void write_all(const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, size);
        if (written == -1)
            fail("cannot write to standard output: %s", strerror(errno));
        bytes += written;
        size -= (size_t)written;
    }
}

/* A client that is reset ends as one that closes does. */
static void serve(int client, char *bytes, size_t recv_size)
{
    ssize_t size;
    while ((size = recv(client, bytes, recv_size, 0)) > 0)
        write_all(bytes, (size_t)size);
    close(client);
}

int main(int argc, char **argv)
{
    const char *address = "::";
    const char *port = "8888";
    size_t recv_size = 1024;
    start_program("yardstick");
    for (int i = 1; i < argc; i++) {
        const char *value;
        if ((value = option_value(argv, &i, "--address", "-a")) != NULL)
            address = value;
        else if ((value = option_value(argv, &i, "--port", "-p")) != NULL)
            port = value;
        else if ((value = option_value(argv, &i, "--recv-size", "-r")) != NULL)
            recv_size = (size_t)parse_number(value, argv[i - 1], 1, 1 << 20);
        else
            fail_usage("%s: no such option", argv[i]);
    }
    int listener = listen_on(address, port);
    char *bytes = resize(NULL, recv_size);
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client == -1 && (errno == ECONNABORTED || errno == EPROTO))
            continue; /* that client has left; the next may be there */
        if (client == -1)
            fail("cannot accept: %s", strerror(errno));
        serve(client, bytes, recv_size);
    }
}
