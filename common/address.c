/*
 * address.c: socket addresses as people write them; address.h says how.
 */
#define _XOPEN_SOURCE 700

#include "address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Writes the name of an IPv4 client of an IPv6 socket; returns false for any
 * other address. It does not call getnameinfo, which would need a struct
 * sockaddr_in: on BSD and macOS that struct has one more member, its length,
 * and POSIX has no way to set it. */
static bool name_mapped(const struct sockaddr_storage *address,
                        char name[NAME_SIZE])
{
    struct sockaddr_in6 in6;
    char host[INET_ADDRSTRLEN];

    memcpy(&in6, address, sizeof in6);
    if (address->ss_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
        return false;
    if (inet_ntop(AF_INET, in6.sin6_addr.s6_addr + 12, host, sizeof host) ==
        NULL)
        return false;
    snprintf(name, NAME_SIZE, "%s:%u", host, (unsigned)ntohs(in6.sin6_port));
    return true;
}

void name_address(const struct sockaddr_storage *address, socklen_t size,
                  char name[NAME_SIZE])
{
    bool brackets = address->ss_family == AF_INET6;
    char host[INET6_ADDRSTRLEN + IF_NAMESIZE];
    char port[sizeof "65535"];

    if (name_mapped(address, name))
        return;
    if (getnameinfo((const struct sockaddr *)address, size, host, sizeof host,
                    port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        snprintf(name, NAME_SIZE, "(unknown)");
    else
        snprintf(name, NAME_SIZE, "%s%s%s:%s", brackets ? "[" : "", host,
                 brackets ? "]" : "", port);
}
