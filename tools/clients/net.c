/*
 * net.c: what the test programs and the fuzzers share; net.h says what each
 * function does.
 *
 * The sockets are non-blocking and each wait is a poll(2) with a time limit,
 * since only that limits every wait on every system.
 *
 * See connect(2), getaddrinfo(3), poll(2), send(2), socket(7).
 */
#define _POSIX_C_SOURCE 200809L

#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

int wait_limit = 10 * 1000;

static const char *program = "?";

static void complain(const char *format, va_list arguments)
{
    fflush(stdout);
    fprintf(stderr, "%s: ", program);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

noreturn void fail(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    complain(format, arguments);
    va_end(arguments);
    exit(1);
}

noreturn void fail_usage(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    complain(format, arguments);
    va_end(arguments);
    exit(2);
}

/* macOS reports an unlimited hard limit but refuses a soft one above OPEN_MAX.
 * If it refuses, a more modest try follows. */
static long raise_descriptor_limit(void)
{
    const rlim_t enough = 1000000;
    struct rlimit limit;
    rlim_t before;

    if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
        fail("cannot read the limit on descriptors: %s", strerror(errno));
    before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) == -1) {
        limit.rlim_cur = before > 10240 ? before : 10240;
        if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
            limit.rlim_cur = before;
    }
    return (long)(limit.rlim_cur < enough ? limit.rlim_cur : enough);
}

long start_program(const char *name)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    program = name;
    if (sigaction(SIGPIPE, &ignore, NULL) == -1)
        fail("cannot ignore SIGPIPE: %s", strerror(errno));
    return raise_descriptor_limit();
}

long parse_number(const char *text, const char *what, long least, long most)
{
    char *end;
    long number;

    errno = 0;
    number = strtol(text, &end, 10);
    if (end == text || *end != '\0' || errno == ERANGE || number < least ||
        number > most)
        fail_usage("%s: '%s' is not a number from %ld to %ld", what, text,
                   least, most);
    return number;
}

const char *option_value(char **argv, int *at, const char *name,
                         const char *letter)
{
    if (strcmp(argv[*at], name) != 0 && strcmp(argv[*at], letter) != 0)
        return NULL;
    if (argv[*at + 1] == NULL)
        fail_usage("%s: it needs a value", argv[*at]);
    return argv[++*at];
}

int64_t now(void)
{
    struct timespec time;

    if (clock_gettime(CLOCK_MONOTONIC, &time) == -1)
        fail("cannot read the clock: %s", strerror(errno));
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t deadline_in(int ms)
{
    return now() + (int64_t)ms * 1000000;
}

void *resize(void *block, size_t size)
{
    void *larger = realloc(block, size);

    if (larger == NULL)
        fail("no memory for %zu bytes", size);
    return larger;
}

struct endpoint find_endpoint(const char *address, const char *port)
{
    struct addrinfo *found;
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_NUMERICSERV,
    };
    struct endpoint server = {.length = 0};
    int error = getaddrinfo(address, port, &hints, &found);

    if (error != 0)
        fail("cannot find %s port %s: %s", address, port, gai_strerror(error));
    server.length = found->ai_addrlen;
    memcpy(&server.address, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return server;
}

int start_connection(const struct endpoint *server)
{
    const int on = 1;
    int flags, fd = socket(server->address.ss_family, SOCK_STREAM, 0);

    if (fd == -1)
        return -1;
    flags = fcntl(fd, F_GETFL);
    if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == -1 ||
        (connect(fd, (const struct sockaddr *)&server->address,
                 server->length) == -1 &&
         errno != EINPROGRESS && errno != EINTR)) {
        int error = errno;

        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

int connection_error(int fd)
{
    int error = 0;
    socklen_t size = sizeof error;

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == -1)
        return errno;
    return error;
}

/* A client that closes first keeps its port for a while (TIME_WAIT), so many
 * short connections can use up all ports. This waits until one is free again.
 */
static int start_when_ports_allow(const struct endpoint *server)
{
    int64_t deadline = deadline_in(wait_limit);

    for (;;) {
        int fd = start_connection(server);

        if (fd != -1 || errno != EADDRNOTAVAIL || now() > deadline)
            return fd;
        poll(NULL, 0, 20);
    }
}

int open_connection(const struct endpoint *server)
{
    char text[ADDRESS_TEXT_SIZE];
    int fd, error;

    show_address(&server->address, text);
    fd = start_when_ports_allow(server);
    if (fd == -1)
        fail("cannot connect to %s: %s", text, strerror(errno));
    wait_until_ready(fd, POLLOUT, "to be connected");
    error = connection_error(fd);
    if (error != 0)
        fail("cannot connect to %s: %s", text, strerror(error));
    return fd;
}

void wait_until_ready(int fd, short events, const char *what)
{
    int64_t deadline = deadline_in(wait_limit);
    struct pollfd wanted = {.fd = fd, .events = events};

    for (;;) {
        int64_t left = deadline - now();
        int ms = left > 0 ? (int)((left + 999999) / 1000000) : 0;
        int ready = poll(&wanted, 1, ms);

        if (ready > 0)
            return;
        if (ready == -1 && errno != EINTR && errno != EAGAIN)
            fail("cannot poll: %s", strerror(errno));
        if (ready == 0)
            fail("waited %g seconds %s", wait_limit / 1000.0, what);
    }
}

bool is_momentary(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

void send_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(fd, bytes, size, 0);

        if (sent >= 0) {
            bytes += sent;
            size -= (size_t)sent;
        } else if (is_momentary(errno)) {
            wait_until_ready(fd, POLLOUT, "for the server to take bytes");
        } else {
            fail("cannot send: %s", strerror(errno));
        }
    }
}

void half_close(int fd)
{
    if (shutdown(fd, SHUT_WR) == -1)
        fail("cannot half-close: %s", strerror(errno));
}

void reset_connection(int fd)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == -1)
        fail("cannot ask for a reset: %s", strerror(errno));
    close(fd);
}

int wait_until_closed(int fd)
{
    char byte;

    for (;;) {
        ssize_t size = recv(fd, &byte, 1, 0);

        if (size == 0)
            return 0;
        if (size == 1)
            fail("the server has sent something");
        if (size == -1 && errno == ECONNRESET)
            return ECONNRESET;
        if (size == -1 && is_momentary(errno))
            wait_until_ready(fd, POLLIN, "for the server to close");
        else if (size == -1)
            fail("cannot receive: %s", strerror(errno));
    }
}

void show_address(const struct sockaddr_storage *address, char *text)
{
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
    const struct sockaddr_in *four = (const struct sockaddr_in *)address;
    int family = address->ss_family;
    char host[INET6_ADDRSTRLEN];
    const void *number;
    in_port_t port;

    if (family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {

        family = AF_INET;
        number = &six->sin6_addr.s6_addr[12];
        port = six->sin6_port;
    } else if (family == AF_INET6) {
        number = &six->sin6_addr;
        port = six->sin6_port;
    } else {
        number = &four->sin_addr;
        port = four->sin_port;
    }
    if (inet_ntop(family, number, host, sizeof host) == NULL)
        fail("cannot show an address: %s", strerror(errno));
    snprintf(text, ADDRESS_TEXT_SIZE, family == AF_INET ? "%s:%u" : "[%s]:%u",
             host, (unsigned)ntohs(port));
}
