/*
 * late.c: pselect(2) with a signal just before the first sleep. A server that
 * tests for the signal earlier, and does not block it, loses it then. In such a
 * server the handler runs before the sleep, and late.c exits with status 9.
 *
 * The check compiles the server with -Dpselect=late_pselect.
 *
 * See pselect(2), sigpending(2).
 */
#define _POSIX_C_SOURCE 200809L

#include <signal.h>
#include <sys/select.h>
#include <unistd.h>

int late_pselect(int count, fd_set *readable, fd_set *writable,
                 fd_set *exceptional, const struct timespec *timeout,
                 const sigset_t *mask);

int late_pselect(int count, fd_set *readable, fd_set *writable,
                 fd_set *exceptional, const struct timespec *timeout,
                 const sigset_t *mask)
{
    static int calls;
    sigset_t pending;

    if (++calls == 1) {
        raise(SIGTERM);
        if (sigpending(&pending) == -1 || !sigismember(&pending, SIGTERM))
            _exit(9);
    }
    return pselect(count, readable, writable, exceptional, timeout, mask);
}
