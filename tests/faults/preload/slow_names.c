/*
 * slow_names.c: a name server that does not answer. getaddrinfo(3) says on
 * standard error that it has begun, and sleeps for half a minute.
 */
#define _DEFAULT_SOURCE

#include "preload.h"

#include <netdb.h>
#include <unistd.h>

int getaddrinfo(const char *host, const char *port,
                const struct addrinfo *hints, struct addrinfo **found)
{
    const char text[] = "looking up\n";

    (void)host;
    (void)port;
    (void)hints;
    (void)found;
    if (write(STDERR_FILENO, text, sizeof text - 1) == -1)
        return EAI_SYSTEM;
    for (unsigned left = 30; left > 0;)
        left = sleep(left);
    return EAI_AGAIN;
}
