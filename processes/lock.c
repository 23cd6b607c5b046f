/*
 * lock.c: a lock that ends with its holder; lock.h says why.
 */
#define _POSIX_C_SOURCE 200809L

#include "lock.h"

#include "../common/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

static int file;

int open_lock(void)
{
    FILE *unnamed = tmpfile();

    if (unnamed == NULL)
        return -1;
    file = fileno(unnamed);
    return fcntl(file, F_SETFD, FD_CLOEXEC);
}

void lock(void)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int error = errno;
    int alarms = 0;

    /* After a stop SIGALRM comes each second. If the others hold the lock that
     * long, the output is stuck: go on without, and find that out, too. */
    while (fcntl(file, F_SETLKW, &whole) == -1 && errno == EINTR)
        if (stop_requested() && ++alarms > 2)
            break;
    errno = error;
}

void unlock(void)
{
    struct flock whole = {.l_type = F_UNLCK, .l_whence = SEEK_SET};
    int error = errno;

    fcntl(file, F_SETLK, &whole);
    errno = error;
}
