/*
 * listener.c: opens the listening socket and accepts clients from it;
 * listener.h says how. See accept(2), listen(2), bind(2), ipv6(7).
 */
#define _XOPEN_SOURCE 700

#include "listener.h"

#include "address.h"
#include "client.h"
#include "error.h"
#include "options.h"
#include "output.h"
#include "stop.h"
#include "system.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PAUSE_MS = 1000, LOST_IN_A_ROW = 64 };

static enum blocking mode;

/* The pause after a failed accept: whether there is one, when it began, how
 * many clients there were then, and whether it has been reported since the
 * backlog was last empty. */
static bool paused, reported;
static struct timespec pause_start;
static unsigned clients_then;

/* How many clients in a row were lost before they were accepted. */
static unsigned lost;

/* Makes an IPv6 socket that listens on all addresses accept IPv4 clients, too.
 * The default differs between systems. OpenBSD cannot do it; then the server
 * prints a message. */
static void serve_both_families(int fd, const struct addrinfo *address)
{
    const struct sockaddr_in6 *in6 = (void *)address->ai_addr;
    int off = 0;

    if (address->ai_family != AF_INET6 ||
        !IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr))
        return;
    if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == -1)
        warn_errno("serving only IPv6; for IPv4 use --address 0.0.0.0");
}

/* Opens and binds a socket. Returns it, or -1 and errno. */
static int bind_socket(const struct addrinfo *address)
{
    int on = 1;
    int fd = socket(address->ai_family, SOCK_STREAM, 0);

    if (fd == -1)
        return -1;
    serve_both_families(fd, address);
    /* Without SO_REUSEADDR a restarted server could not bind while connections
     * that it closed itself are in TIME_WAIT. */
    if (set_descriptor_flags(fd, mode != BLOCKING) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        prepare_for_clients(fd) == 0 &&
        bind(fd, address->ai_addr, address->ai_addrlen) == 0 &&
        listen(fd, options.backlog) == 0)
        return fd;
    on = errno;
    close(fd);
    errno = on;
    return -1;
}

/* Returns whether another address may work although one failed with this error.
 * EPROTONOSUPPORT comes from OpenBSD without IPv6 in its kernel. */
static bool is_no_such_family(int error)
{
    return error == EAFNOSUPPORT || error == EPROTONOSUPPORT ||
           error == EADDRNOTAVAIL;
}

/* Listens on the first address of `host` that this system has. Returns the
 * socket, or -1 and errno. `name` is the address that was tried, or empty if
 * there is none and a message has been printed. */
static int listen_on_host(const char *host, char name[NAME_SIZE])
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found;
    int fd = -1;
    int error = getaddrinfo(host, options.port, &hints, &found);

    name[0] = '\0';
    if (error == EAI_SYSTEM)
        warn_errno("cannot find the address '%s'", host);
    else if (error != 0)
        warn("cannot find the address '%s': %s", host, gai_strerror(error));
    if (error != 0)
        return -1;
    for (struct addrinfo *one = found; one != NULL; one = one->ai_next) {
        struct sockaddr_storage address = {0};

        memcpy(&address, one->ai_addr, one->ai_addrlen);
        name_address(&address, one->ai_addrlen, name);
        fd = bind_socket(one);
        if (fd != -1 || !is_no_such_family(errno))
            break;
    }
    error = errno;
    freeaddrinfo(found);
    errno = error;
    return fd;
}

int listen_on(enum blocking blocking, char *name)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    int fd;

    mode = blocking;
    fd = listen_on_host(options.address ? options.address : "::", name);
    /* A system without IPv6 has no such socket or no such address. */
    if (fd == -1 && options.address == NULL && is_no_such_family(errno))
        fd = listen_on_host("0.0.0.0", name);
    if (fd == -1) {
        if (name[0] != '\0')
            warn_errno("cannot listen on %s", name);
        return -1;
    }
    if (getsockname(fd, (struct sockaddr *)&address, &size) == -1) {
        warn_errno("cannot get the address of %s", name);
        return -1;
    }
    name_address(&address, size, name);
    return fd;
}

/* Starts a pause of a second after a failed accept (errno). */
static void pause_accepting(void)
{
    flush_outputs();
    if (!reported)
        warn_errno("cannot accept for now");
    reported = paused = true;
    clients_then = client_count();
    clock_gettime(CLOCK_MONOTONIC, &pause_start);
    if (mode == BLOCKING)
        stop_sleep(PAUSE_MS);
}

bool accept_paused(void)
{
    if (paused &&
        (client_count() < clients_then || elapsed_ms(&pause_start) >= PAUSE_MS))
        paused = false;
    return paused;
}

int accept_timeout(void)
{
    long left = paused ? PAUSE_MS - elapsed_ms(&pause_start) : 0;

    /* Rounded up: with a timeout of 0 the server would spin at the end. */
    return paused ? (left > 0 ? (int)left : 0) + 1 : -1;
}

struct timeval *accept_timeval(void)
{
    static struct timeval limit;
    int ms = accept_timeout();

    limit = (struct timeval){ms / 1000, ms % 1000 * 1000};
    return ms == -1 ? NULL : &limit;
}

struct timespec *accept_timespec(void)
{
    static struct timespec limit;
    int ms = accept_timeout();

    limit = (struct timespec){ms / 1000, ms % 1000 * 1000000L};
    return ms == -1 ? NULL : &limit;
}

/* Returns whether accept failed because of this one client or its network,
 * which Linux reports in accept. The next client may be fine. */
static bool is_one_clients(int error)
{
    switch (error) {
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
#ifdef EHOSTDOWN
    case EHOSTDOWN:
#endif
#ifdef ENONET
    case ENONET:
#endif
        return true;
    default:
        return false;
    }
}

/* Handles a failed accept (errno). */
static void cannot_accept(void)
{
    if (errno == EINTR)
        return;
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        reported = false; /* the backlog is empty */
    else if (!is_one_clients(errno) || ++lost % LOST_IN_A_ROW == 0)
        pause_accepting();
}

/* Makes a client from the socket that accept returned; -1:
 * accept failed (errno). */
static struct client *welcome(int fd, const struct sockaddr_storage *address,
                              socklen_t size)
{
    struct client *client;

    if (fd == -1) {
        if (!stop_requested())
            cannot_accept();
        return NULL;
    }
    if (stop_requested()) {
        close(fd); /* the signal came just before accept */
        return NULL;
    }
    lost = 0;
    if (mode == BLOCKING)
        reported = false; /* a blocking accept never finds the backlog empty */
    /* On BSD and macOS a client that has already left has no address. */
    client = size == 0 ? NULL : add_client(fd, address, size);
    if (client == NULL) {
        flush_outputs();
        if (size != 0)
            warn_errno("cannot serve one more client");
        close(fd);
    }
    return client;
}

struct client *accept_client(int listener)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    int fd;

    if (stop_requested())
        return NULL; /* the signal came during the wait or after it */
    fd = accept_cloexec(listener, (struct sockaddr *)&address, &size,
                        mode == NON_BLOCKING);
    return welcome(fd, &address, size);
}

struct client *accepted_client(int fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;

    if (fd != -1 && peer_address(fd, &address, &size) == -1)
        size = 0; /* the client has already left */
    return welcome(fd, &address, size);
}
