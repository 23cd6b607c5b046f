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

/* Two bytes of the file: to hold QUEUE means to be the next one for OUTPUT. A
 * process that gives OUTPUT back and wants it again at once would get it before
 * the one that is only being woken: a flood could keep all others waiting. */
enum { OUTPUT, QUEUE };

static int change(int byte, short type, int how)
{
    struct flock part = {.l_type = type, .l_whence = SEEK_SET, .l_len = 1};

    part.l_start = byte;
    return fcntl(file, how, &part);
}

/* After a stop SIGALRM comes each second. If the others hold the lock that
 * long, the output is stuck: go on without, and find that out, too. */
static void take(int byte, int *alarms)
{
    while (change(byte, F_WRLCK, F_SETLKW) == -1 && errno == EINTR)
        if (stop_requested() && ++*alarms > 2)
            break;
}

void lock(void)
{
    int error = errno, alarms = 0;

    take(QUEUE, &alarms);
    take(OUTPUT, &alarms);
    change(QUEUE, F_UNLCK, F_SETLK);
    errno = error;
}

void unlock(void)
{
    int error = errno;

    change(OUTPUT, F_UNLCK, F_SETLK);
    errno = error;
}
