/*
 * lock.c: a lock that the kernel releases when its holder ends; see lock.h.
 */
#define _POSIX_C_SOURCE 200809L

#include "lock.h"

#include "../common/error.h"
#include "../common/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int file;

int open_lock(void)
{
    FILE *unnamed = tmpfile();

    if (unnamed == NULL)
        return -1;
    file = fileno(unnamed);
    return fcntl(file, F_SETFD, FD_CLOEXEC);
}

/* The lock consists of two bytes of the file. The process that holds QUEUE is
 * the next to get OUTPUT. Without QUEUE, a process that releases OUTPUT and
 * takes it again at once would get it before a process that is just being
 * woken, so a flooding client could keep all others waiting. */
enum { OUTPUT, QUEUE };

static int change(int byte, short type, int how)
{
    struct flock part = {.l_type = type, .l_whence = SEEK_SET, .l_len = 1};

    part.l_start = byte;
    return fcntl(file, how, &part);
}

/* The file is not empty once the output of some process has failed. */
static bool output_has_failed(void)
{
    struct stat status;

    return fstat(file, &status) == 0 && status.st_size > 0;
}

/* Waits for the lock. After a stop request SIGALRM arrives each second. If the
 * output is stuck, the process that holds the lock gives up and marks the file.
 * The others then continue without the lock, so that they do not have to find
 * out one after the other. Without the lock they continue, too, if the kernel
 * has no memory for it (ENOLCK): a torn line is better than a lost one. */
static void take(int byte)
{
    while (change(byte, F_WRLCK, F_SETLKW) == -1 && errno == EINTR)
        if (stop_requested() && output_has_failed())
            break;
}

void lock(void)
{
    int error = errno;

    take(QUEUE);
    take(OUTPUT);
    change(QUEUE, F_UNLCK, F_SETLK);
    errno = error;
}

void unlock(void)
{
    int error = errno;

    if (stop_status() != 0 && ftruncate(file, 1) == -1)
        warn_errno("cannot mark that the output has failed");
    change(OUTPUT, F_UNLCK, F_SETLK);
    errno = error;
}
