/*
 * hosts.c: finds the addresses of this machine; see hosts.h.
 *
 * Of IPv6 addresses those of the link alone (fe80::) are left out, since they
 * mean nothing without the name of an interface.
 *
 * See getifaddrs(3), which is not in POSIX.
 */
#define _DEFAULT_SOURCE
#define _DARWIN_C_SOURCE
#define _NETBSD_SOURCE

#include "hosts.h"

#include <sys/types.h>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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
