/*
 * sockets.c: does something to the sockets of another process.
 *
 *     build/tests/sockets PID end-listener
 *     build/tests/sockets PID keep-clients
 *     build/tests/sockets PID keepalive
 *
 *     end-listener  shuts down the listening socket, as an administrator can
 *                   with `ss -K`: it never accepts again
 *     keep-clients  keeps a copy of each connected socket for a minute, as a
 *                   child does that was started with them; prints "kept N"
 *     keepalive     prints for each connected socket whether SO_KEEPALIVE is
 *                   on, and its times: "1 60 10 6"
 *
 * The exit status is 0, 2 for wrong usage, and 3 if the kernel does not allow
 * it. Linux alone, from 5.6 on. See pidfd_getfd(2), tcp(7).
 */
#define _GNU_SOURCE

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

enum { FDS = 1024, NOT_ALLOWED = 3 };

/* Returns an option of a socket, -1 if this is no socket. */
static int option_of(int fd, int level, int name)
{
    int value = 0;
    socklen_t size = sizeof value;

    return getsockopt(fd, level, name, &value, &size) == 0 ? value : -1;
}

static bool is_client(int fd)
{
    return option_of(fd, SOL_SOCKET, SO_PROTOCOL) == IPPROTO_TCP &&
           option_of(fd, SOL_SOCKET, SO_ACCEPTCONN) == 0;
}

/* Returns how many of the copies the action has used. */
static int act(const char *action, const int *copies, int count)
{
    int found = 0;

    for (int i = 0; i < count; i++) {
        int fd = copies[i];

        if (strcmp(action, "end-listener") == 0) {
            if (option_of(fd, SOL_SOCKET, SO_ACCEPTCONN) == 1)
                found += shutdown(fd, SHUT_RDWR) == 0;
        } else if (!is_client(fd)) {
            close(fd);
        } else {
            found++;
            if (strcmp(action, "keepalive") == 0)
                printf("%d %d %d %d\n", option_of(fd, SOL_SOCKET, SO_KEEPALIVE),
                       option_of(fd, IPPROTO_TCP, TCP_KEEPIDLE),
                       option_of(fd, IPPROTO_TCP, TCP_KEEPINTVL),
                       option_of(fd, IPPROTO_TCP, TCP_KEEPCNT));
        }
    }
    return found;
}

int main(int argc, char **argv)
{
    int copies[FDS], count = 0, found, process;

    if (argc != 3 || (strcmp(argv[2], "end-listener") != 0 &&
                      strcmp(argv[2], "keep-clients") != 0 &&
                      strcmp(argv[2], "keepalive") != 0)) {
        fputs("usage: sockets PID end-listener|keep-clients|keepalive\n",
              stderr);
        return 2;
    }
    process = (int)syscall(SYS_pidfd_open, strtol(argv[1], NULL, 10), 0);
    if (process == -1) {
        perror("sockets: pidfd_open");
        return NOT_ALLOWED;
    }
    for (int fd = 0; fd < FDS; fd++) {
        int copy = (int)syscall(SYS_pidfd_getfd, process, fd, 0);

        if (copy != -1)
            copies[count++] = copy;
    }
    if (count == 0) {
        perror("sockets: pidfd_getfd");
        return NOT_ALLOWED;
    }
    found = act(argv[2], copies, count);
    if (strcmp(argv[2], "keep-clients") == 0) {
        printf("kept %d\n", found);
        fflush(stdout);
        alarm(60);
        pause();
    }
    return found > 0 ? 0 : 1;
}
