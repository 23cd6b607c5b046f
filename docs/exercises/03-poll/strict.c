/*
 * strict.c: poll(2) as the manual allows it to be, on every system:
 *
 *  - It reports POLLERR and POLLHUP without POLLIN.
 *  - The first call that finds something ready fails with EINTR, as if a signal
 *    had come, and leaves the list as it was. So does every second one.
 *  - When it is called again, each client that it has reported must have been
 *    served, and none if it has failed.
 *
 * A client has been served when its bytes are fewer than before, or when it is
 * closed. If this is not so, strict.c says it on standard error and ends the
 * program with status 9.
 *
 * The check compiles the server with -Dpoll=strict_poll.
 *
 * See poll(2), ioctl_tty(2) for FIONREAD, getpeername(2).
 */
#define _GNU_SOURCE

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 256 };

/* A client that is ready, and how many bytes of it are unread. */
struct seen {
    int fd;
    int unread;
    struct sockaddr_storage peer;
};

static struct seen seen[MOST];
static int seen_count;
static bool failed;

int strict_poll(struct pollfd *list, nfds_t count, int ms);

/* Looks at a descriptor. Returns false if it is no connected client. */
static bool look(int fd, struct seen *one)
{
    socklen_t size = sizeof one->peer;

    memset(one, 0, sizeof *one);
    one->fd = fd;
    return ioctl(fd, FIONREAD, &one->unread) == 0 &&
           getpeername(fd, (struct sockaddr *)&one->peer, &size) == 0;
}

/* Returns how many bytes of a client are unread now, -1 if it is closed. */
static int still_unread(const struct seen *before)
{
    struct seen now;

    if (!look(before->fd, &now) ||
        memcmp(&now.peer, &before->peer, sizeof now.peer) != 0)
        return -1;
    return now.unread;
}

static void stop_with(const char *what)
{
    fprintf(stderr, "strict: %s\n", what);
    _exit(9);
}

static void check_last_round(void)
{
    for (int i = 0; i < seen_count; i++) {
        int unread = still_unread(&seen[i]);

        if (failed && unread < seen[i].unread)
            stop_with("a server that ignores revents after poll returned -1");
        if (!failed && unread == seen[i].unread)
            stop_with("each client is served in the round in which poll "
                      "reports it");
    }
}

int strict_poll(struct pollfd *list, nfds_t count, int ms)
{
    struct pollfd *answer = malloc((count + 1) * sizeof *answer);
    int found;

    if (answer == NULL)
        stop_with("memory");
    check_last_round();
    memcpy(answer, list, count * sizeof *list);
    found = poll(answer, count, ms);
    failed = found == -1 || (found > 0 && !failed);
    seen_count = 0;
    for (nfds_t i = 0; found > 0 && i < count; i++) {
        if (answer[i].revents & (POLLERR | POLLHUP))
            answer[i].revents &= ~POLLIN;
        if (answer[i].revents != 0 && seen_count < MOST &&
            look(answer[i].fd, &seen[seen_count]))
            seen_count++;
    }
    if (!failed)
        memcpy(list, answer, count * sizeof *list);
    free(answer);
    if (!failed)
        return found;
    if (found != -1)
        errno = EINTR;
    return -1;
}
