/*
 * early_signal.c: the signal that comes just before a call that blocks, and so
 * interrupts nothing. The first accept(2) or the first recv(2), as the variable
 * EARLY_SIGNAL says, raises SIGTERM before it begins. alarm(2) does nothing:
 * an alarm each second would hide a server that has missed the signal.
 */
#define _DEFAULT_SOURCE

#include "preload.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void come_before(const char *call)
{
    static bool done;
    const char *wanted = getenv("EARLY_SIGNAL");

    if (done || wanted == NULL || strcmp(wanted, call) != 0)
        return;
    done = true;
    raise(SIGTERM);
}

unsigned alarm(unsigned seconds)
{
    (void)seconds;
    return 0;
}

ssize_t recv(int fd, void *data, size_t size, int flags)
{
    come_before("recv");
    return recvfrom(fd, data, size, flags, NULL, NULL);
}

int accept(int fd, struct sockaddr *address, socklen_t *size)
{
    static int (*next)(int, struct sockaddr *, socklen_t *);

    if (next == NULL)
        find_next("accept", &next);
    come_before("accept");
    return next(fd, address, size);
}

/* Without _GNU_SOURCE no header declares it. */
int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags);

int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
    static int (*next)(int, struct sockaddr *, socklen_t *, int);

    if (next == NULL)
        find_next("accept4", &next);
    come_before("accept");
    return next(fd, address, size, flags);
}
