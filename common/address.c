/*
 * address.c: socket addresses as people write them; address.h says how.
 */
#define _POSIX_C_SOURCE 200809L

#include "address.h"

#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Where `address` is an IPv4 address in IPv6's clothes, takes them off. */
static void unmap(struct sockaddr_storage *address, socklen_t *size)
{
    struct sockaddr_in6 in6;
    struct sockaddr_in in = {.sin_family = AF_INET};

    memcpy(&in6, address, sizeof in6);
    if (in6.sin6_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
        return;
    in.sin_port = in6.sin6_port;
    memcpy(&in.sin_addr, in6.sin6_addr.s6_addr + 12, sizeof in.sin_addr);
    memcpy(address, &in, sizeof in);
    *size = sizeof in;
}

void name_address(const struct sockaddr_storage *address, socklen_t size,
                  char name[NAME_SIZE])
{
    struct sockaddr_storage shown = *address;
    char host[INET6_ADDRSTRLEN + IF_NAMESIZE];
    char port[sizeof "65535"];
    bool brackets;

    unmap(&shown, &size);
    brackets = shown.ss_family == AF_INET6;
    if (getnameinfo((struct sockaddr *)&shown, size, host, sizeof host, port,
                    sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        snprintf(name, NAME_SIZE, "(unknown)");
    else
        snprintf(name, NAME_SIZE, "%s%s%s:%s", brackets ? "[" : "", host,
                 brackets ? "]" : "", port);
}
