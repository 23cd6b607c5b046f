/*
 * lost_terminal.c: a terminal that can be closed. Once the file exists that the
 * variable LOST_TERMINAL names, write(2) to standard output fails with EIO, as
 * it does when the window of a terminal has been closed.
 */
#define _DEFAULT_SOURCE

#include "preload.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

ssize_t write(int fd, const void *data, size_t size)
{
    static ssize_t (*next)(int, const void *, size_t);
    const char *file = getenv("LOST_TERMINAL");

    if (next == NULL)
        find_next("write", &next);
    if (fd == STDOUT_FILENO && file != NULL && access(file, F_OK) == 0) {
        errno = EIO;
        return -1;
    }
    return next(fd, data, size);
}
