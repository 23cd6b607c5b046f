/*
 * listener.c: opens the listening socket and accepts clients from it;
 * listener.h says how. See accept(2), listen(2), bind(2), ipv6(7).
 */
#define _POSIX_C_SOURCE 200809L

#include "listener.h"

#include "address.h"
#include "client.h"
#include "error.h"
#include "messages.h"
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

enum { PAUSE_MS = 1000 };

/* What makes a turn so long that one accept more does not matter. */
enum { CLIENTS_PER_ACCEPT = 64, CHUNKS_PER_ACCEPT = 16 };

static enum blocking mode;

/* The pause after accept ran out of something: whether there is one, when it
 * ends, and whether it has been reported since clients last were all served. */
static bool paused, reported;
static struct timespec pause_end;

/* How often this turn may accept, and how often it has. */
static unsigned allowed, accepted;

bool listener_blocks(void)
{
    return mode == BLOCKING;
}

/* Has an IPv6 socket for all addresses take IPv4 clients too. Systems differ
 * in what they do unasked, and OpenBSD cannot: then it says so. */
static void serve_both_families(int fd, const struct addrinfo *address)
{
    const struct sockaddr_in6 *in6 = (void *)address->ai_addr;
    int off = 0;

    if (address->ai_family != AF_INET6 ||
        !IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr))
        return;
    if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == -1)
        warn_errno("serving IPv6 alone, IPv4 needs --address 0.0.0.0");
}

/* Opens and binds a socket. Returns it, or -1 and errno. */
static int bind_socket(const struct addrinfo *address)
{
    int on = 1;
    int fd = socket(address->ai_family, SOCK_STREAM, 0);

    if (fd == -1)
        return -1;
    serve_both_families(fd, address);
    /* Without SO_REUSEADDR a restarted server must wait until the connections
     * that it closed itself have left TIME_WAIT. */
    if (set_descriptor_flags(fd, mode == NON_BLOCKING) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(fd, address->ai_addr, address->ai_addrlen) == 0 &&
        listen(fd, options.backlog) == 0)
        return fd;
    on = errno;
    close(fd);
    errno = on;
    return -1;
}

/* Listens on the first address of `host` that can be had. Returns the socket,
 * or -1 and errno, with the address that was tried in `name`. */
static int listen_on_host(const char *host, char name[NAME_SIZE])
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found;
    int fd = -1;
    int error = getaddrinfo(host, options.port, &hints, &found);

    if (error == EAI_SYSTEM)
        die_errno("cannot find the address '%s'", host);
    if (error != 0)
        die("cannot find the address '%s': %s", host, gai_strerror(error));
    for (struct addrinfo *one = found; one != NULL && fd == -1;
         one = one->ai_next) {
        struct sockaddr_storage address = {0};

        memcpy(&address, one->ai_addr, one->ai_addrlen);
        name_address(&address, one->ai_addrlen, name);
        fd = bind_socket(one);
    }
    error = errno;
    freeaddrinfo(found);
    errno = error;
    return fd;
}

int listen_on(enum blocking blocking)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    char name[NAME_SIZE];
    int fd;

    mode = blocking;
    fd = listen_on_host(options.address ? options.address : "::", name);
    /* A host without IPv6 has no such socket, or no such address. */
    if (fd == -1 && options.address == NULL &&
        (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
        fd = listen_on_host("0.0.0.0", name);
    if (fd == -1)
        die_errno("cannot listen on %s", name);
    if (getsockname(fd, (struct sockaddr *)&address, &size) == -1)
        die_errno("cannot ask for the address of %s", name);
    name_address(&address, size, name);
    note_time();
    print_listening(name);
    return fd;
}

/* Leaves the listener alone for a second, after an accept that failed. */
static void pause_accepting(void)
{
    if (!reported)
        warn_errno("cannot accept for now");
    reported = true;
    paused = true;
    clock_gettime(CLOCK_MONOTONIC, &pause_end);
    pause_end.tv_sec += PAUSE_MS / 1000;
}

void resume_accepting(void)
{
    paused = false;
}

/* How long the pause still lasts, in milliseconds. */
static long pause_left(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long)(pause_end.tv_sec - now.tv_sec) * 1000 +
           (pause_end.tv_nsec - now.tv_nsec) / 1000000;
}

bool accept_paused(void)
{
    if (paused && pause_left() <= 0)
        paused = false;
    return paused;
}

int accept_timeout(void)
{
    long left = paused ? pause_left() : 0;

    /* Rounded up: a wait of 0 would return at once until the second is over. */
    return paused ? (left > 0 ? (int)left : 0) + 1 : -1;
}

/* Whether accept failed for a reason of this one client's, or of its network,
 * which Linux reports here; the next may do better. */
static bool concerns_one_client(int error)
{
    switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
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

/* Calls accept; in blocking mode it waits, so all is printed first and the
 * handler of a stop is told where it will find us. */
static int accept_one(int listener, struct sockaddr_storage *address,
                      socklen_t *size)
{
    if (mode == BLOCKING) {
        flush_outputs();
        stop_wakes(listener);
        if (stop_requested()) {
            errno = EINTR;
            return -1;
        }
    }
    *size = sizeof *address;
    return accept_cloexec(listener, (struct sockaddr *)address, size,
                          mode == NON_BLOCKING);
}

/* Makes a client of an accepted socket; NULL where that cannot be. */
static struct client *welcome(int fd, const struct sockaddr_storage *address,
                              socklen_t size)
{
    struct client *client;

    note_time();
    /* On BSD and macOS a client that is already gone has no address. */
    client = size == 0 ? NULL : add_client(fd, address, size);
    if (client == NULL) {
        if (size != 0)
            warn_errno("cannot serve one more client");
        close(fd);
    }
    return client;
}

/* How often a turn may accept. To look for a client in vain costs as much as
 * ten other calls, since accept makes the socket before it looks. So once is
 * enough; more only where a turn takes long, since many are watched or have
 * sent something, and while the end of a shortage is to be found. */
static unsigned accepts_of_turn(void)
{
    unsigned most = 1 + client_count() / CLIENTS_PER_ACCEPT +
                    chunks_received() / CHUNKS_PER_ACCEPT;

    return reported || most > ACCEPTS_PER_TURN ? ACCEPTS_PER_TURN : most;
}

/* Whether the others shall have their turn. A blocking server has none. */
static bool turn_is_over(void)
{
    if (mode == BLOCKING)
        return false;
    if (accepted == 0)
        allowed = accepts_of_turn();
    return accepted++ == allowed;
}

struct client *accept_client(int listener)
{
    while (!stop_requested() && !turn_is_over()) {
        struct sockaddr_storage address;
        socklen_t size;
        struct client *client;
        int fd = accept_one(listener, &address, &size);

        if (fd != -1) {
            /* A blocking listener never says that all are served. */
            if (mode == BLOCKING)
                reported = false;
            client = welcome(fd, &address, size);
            if (client != NULL)
                return client;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            reported = false;
            if (mode == NON_BLOCKING)
                break;
        } else if (!concerns_one_client(errno) && !stop_requested()) {
            pause_accepting();
            if (mode == NON_BLOCKING)
                break;
            stop_sleep(PAUSE_MS);
        }
    }
    accepted = 0;
    return NULL;
}
