/*
 * mirror.c: a client for an echo server. It sends a pattern of bytes and
 * compares what comes back.
 *
 *     mirror PORT BYTES          sends until the kernel takes no more, and only
 *                                then begins to read
 *     mirror PORT BYTES never    never reads; it succeeds if it can send no
 *                                more for a second, and then waits for a line
 *                                on standard input
 *
 * The status is 0, or 1 with the reason on standard error. No wait for the
 * server is longer than 10 seconds.
 *
 * See poll(2), send(2), recv(2).
 */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE = 16384, LIMIT_MS = 10000, FULL_MS = 1000 };

static int fd;
static size_t total, sent, received;

static void fail(const char *what)
{
    fprintf(stderr, "%s, after %zu bytes sent and %zu received\n", what, sent,
            received);
    exit(EXIT_FAILURE);
}

/* Returns the byte at a place. The pattern repeats at no power of two. */
static char byte_at(size_t place)
{
    return (char)('a' + place % 23);
}

static void connect_to(const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};

    address.sin_port = htons((in_port_t)atoi(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd == -1 ||
        connect(fd, (struct sockaddr *)&address, sizeof address) == -1 ||
        fcntl(fd, F_SETFL, O_NONBLOCK) == -1)
        fail("cannot connect");
}

/* Waits for at most `ms` milliseconds. Returns what is possible now, 0 if
 * nothing is. */
static short possible(short wanted, int ms)
{
    struct pollfd one = {.fd = fd, .events = wanted};

    if (poll(&one, 1, ms) == -1)
        fail("cannot poll");
    return one.revents;
}

static void send_some(void)
{
    char data[PIECE];
    size_t size = total - sent < PIECE ? total - sent : PIECE;
    ssize_t done;

    for (size_t i = 0; i < size; i++)
        data[i] = byte_at(sent + i);
    done = send(fd, data, size, 0);
    if (done == -1 && errno != EAGAIN)
        fail("cannot send");
    if (done > 0)
        sent += (size_t)done;
    if (sent == total && shutdown(fd, SHUT_WR) == -1)
        fail("cannot half-close");
}

/* Returns false at the end of what comes back. */
static bool receive_some(void)
{
    char data[PIECE];
    ssize_t size = recv(fd, data, sizeof data, 0);

    if (size == -1 && errno != EAGAIN)
        fail("cannot receive");
    for (ssize_t i = 0; i < size; i++)
        if (data[i] != byte_at(received + (size_t)i))
            fail("a byte comes back that differs from the one sent");
    if (size > 0)
        received += (size_t)size;
    return size != 0;
}

/* Sends without reading until it can send no more for FULL_MS. */
static void fill(void)
{
    while (sent < total && possible(POLLOUT, FULL_MS) != 0)
        send_some();
}

int main(int argc, char **argv)
{
    bool never = argc == 4;

    signal(SIGPIPE, SIG_IGN);
    if (argc < 3)
        return 2;
    total = strtoul(argv[2], NULL, 10);
    connect_to(argv[1]);
    fill();
    if (never) {
        if (sent == total)
            fail("the server takes everything from a client that never reads");
        puts("full");
        fflush(stdout);
        return getchar() == EOF;
    }
    for (;;) {
        short events =
            possible(sent < total ? POLLIN | POLLOUT : POLLIN, LIMIT_MS);

        if (events == 0)
            fail("nothing more comes back");
        if (events & POLLOUT && sent < total)
            send_some();
        if (events & ~POLLOUT && !receive_some())
            break;
    }
    if (received != total)
        fail("the connection ends early");
    return EXIT_SUCCESS;
}
