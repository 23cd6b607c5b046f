/*
 * yardstick.c: the plainest server that prints what it receives. It serves one
 * client at a time with recv, write and close, and prints no messages.
 *
 *     build/tools/yardstick [--address ADDR] [--port PORT] [--recv-size BYTES]
 *
 * The difference between a server of this project and this program is the cost
 * of its way of waiting, of printing its messages, and of escaping unsafe
 * characters. SIGTERM ends it.
 *
 * See accept(2), recv(2), write(2).
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

/* Returns a listener, after printing its address as every server does. */
static int listen_on(const char *address, const char *port)
{
    const int on = 1, off = 0;
    char text[ADDRESS_TEXT_SIZE];
    struct endpoint at = find_endpoint(address, port);
    int family = at.address.ss_family;
    int listener = socket(family, SOCK_STREAM, 0);

    if (listener == -1)
        fail("cannot make a socket: %s", strerror(errno));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    /* OpenBSD refuses this: its listener then serves only IPv6. */
    if (family == AF_INET6)
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

/* Writes all `size` bytes, since a pipe may take fewer. */
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

/* Prints what the client sends, until it closes or is reset. */
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
    char *bytes;
    int listener;

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
    listener = listen_on(address, port);
    bytes = resize(NULL, recv_size);
    for (;;) {
        int client = accept(listener, NULL, NULL);

        if (client == -1 && (errno == ECONNABORTED || errno == EPROTO))
            continue; /* that client has closed already */
        if (client == -1)
            fail("cannot accept: %s", strerror(errno));
        serve(client, bytes, recv_size);
    }
}
