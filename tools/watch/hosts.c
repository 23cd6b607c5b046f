/*
 * hosts.c: finds the addresses of this machine, and a free port; see hosts.h.
 *
 * Of IPv6 addresses those of the link alone (fe80::) are left out, since they
 * mean nothing without the name of an interface.
 *
 * See getifaddrs(3), which is not in POSIX, and getaddrinfo(3).
 */
#define _DEFAULT_SOURCE
#define _DARWIN_C_SOURCE
#define _NETBSD_SOURCE

#include "hosts.h"

#include <sys/types.h>

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORTS_TRIED = 100 };

static void add_host(struct hosts *hosts, int family, const void *address)
{
    char text[HOST_SIZE] = "";

    if (hosts->count == HOSTS_MAX ||
        inet_ntop(family, address, text, sizeof text) == NULL)
        return;
    for (int i = 0; i < hosts->count; i++)
        if (strcmp(hosts->name[i], text) == 0)
            return;
    memcpy(hosts->name[hosts->count++], text, sizeof text);
}

/* Adds the address from which packets to other networks go. connect(2) on a UDP
 * socket chooses it and sends nothing; 192.0.2.1 is nobody's (RFC 5737). */
static void add_way_out(struct hosts *hosts)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)}, from;
    socklen_t size = sizeof from;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    inet_pton(AF_INET, "192.0.2.1", &to.sin_addr);
    if (fd != -1 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0 &&
        getsockname(fd, (struct sockaddr *)&from, &size) == 0)
        add_host(hosts, AF_INET, &from.sin_addr);
    if (fd != -1)
        close(fd);
}

static void add_interfaces(struct hosts *hosts, const struct ifaddrs *all,
                           int family)
{
    for (const struct ifaddrs *one = all; one != NULL; one = one->ifa_next) {
        struct sockaddr_in four;
        struct sockaddr_in6 six;

        if (one->ifa_addr == NULL || one->ifa_addr->sa_family != family ||
            (one->ifa_flags & IFF_UP) == 0 ||
            (one->ifa_flags & IFF_LOOPBACK) != 0)
            continue;
        if (family == AF_INET) {
            memcpy(&four, one->ifa_addr, sizeof four);
            add_host(hosts, AF_INET, &four.sin_addr);
        } else {
            memcpy(&six, one->ifa_addr, sizeof six);
            if (!IN6_IS_ADDR_LINKLOCAL(&six.sin6_addr))
                add_host(hosts, AF_INET6, &six.sin6_addr);
        }
    }
}

void find_hosts(struct hosts *hosts)
{
    struct ifaddrs *all;

    hosts->count = 0;
    add_way_out(hosts);
    if (getifaddrs(&all) == 0) {
        add_interfaces(hosts, all, AF_INET);
        add_interfaces(hosts, all, AF_INET6);
        freeifaddrs(all);
    }
    if (hosts->count == 0)
        snprintf(hosts->name[hosts->count++], HOST_SIZE, "127.0.0.1");
}

/* Tries whether a server could listen there. Returns the port, or -1 and errno.
 */
static int try_port(const struct addrinfo *at)
{
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    int one = 1, port = -1, fd = socket(at->ai_family, SOCK_STREAM, 0), error;
    char text[8];

    if (fd == -1)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, 1) == 0 &&
        getsockname(fd, (struct sockaddr *)&bound, &size) == 0 &&
        getnameinfo((struct sockaddr *)&bound, size, NULL, 0, text, sizeof text,
                    NI_NUMERICSERV) == 0)
        port = atoi(text);
    error = errno;
    close(fd);
    errno = error;
    return port;
}

/* Tries a port on all addresses. Returns it if one can be listened on and none
 * is in use, else -1 and errno. */
static int try_addresses(const struct addrinfo *at)
{
    int port = -1, error = 0;

    for (; at != NULL; at = at->ai_next) {
        int one = try_port(at);

        if (one == -1 && (error == 0 || errno == EADDRINUSE))
            error = errno;
        if (one != -1)
            port = one;
    }
    errno = error;
    return error == EADDRINUSE ? -1 : port;
}

int find_port(const char *address, int wanted)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE},
                    *found;
    int port = -1;

    for (int i = 0; i < PORTS_TRIED && port == -1; i++) {
        char text[16];

        snprintf(text, sizeof text, "%d", wanted + i);
        if (getaddrinfo(address, text, &hints, &found) != 0) {
            errno = EADDRNOTAVAIL;
            return -1;
        }
        port = try_addresses(found);
        freeaddrinfo(found);
        if (port == -1 && errno != EADDRINUSE)
            return -1;
    }
    return port;
}
