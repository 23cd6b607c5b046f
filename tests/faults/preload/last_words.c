/*
 * last_words.c: the moment before a server says that it has stopped. The
 * write(2) of "Stopped." stops the process first (SIGSTOP), so that a test can
 * check what is closed by then; SIGCONT continues it.
 */
#include "preload.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/types.h>

/* Without the header, which may have it as a macro. */
ssize_t write(int fd, const void *data, size_t size);

ssize_t write(int fd, const void *data, size_t size)
{
    static ssize_t (*next)(int, const void *, size_t);
    static bool done;
    static const char words[] = "Stopped.\n";
    size_t length = sizeof words - 1;

    if (next == NULL)
        find_next("write", &next);
    if (!done && size >= length &&
        memcmp((const char *)data + size - length, words, length) == 0) {
        done = true;
        raise(SIGSTOP);
    }
    return next(fd, data, size);
}
