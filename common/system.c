/*
 * system.c: what differs between systems; system.h lists it.
 *
 * accept4 does in one call what accept and fcntl do in four. macOS and old BSDs
 * do not have it; NetBSD 7 does not have it either, although it has
 * SOCK_NONBLOCK. Most of the other systems declare it only if a macro of their
 * own is defined, hence the macros below. docs/portability.md has the table.
 */
#if defined(__linux__)
#define _GNU_SOURCE
#elif defined(__NetBSD__)
#define _NETBSD_SOURCE
#elif defined(__APPLE__)
#define _DARWIN_C_SOURCE
#elif defined(__FreeBSD__) || defined(__OpenBSD__)
#define __BSD_VISIBLE 1
#else
#define _POSIX_C_SOURCE 200809L
#endif

#include "system.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <unistd.h>

int set_descriptor_flags(int fd, bool nonblocking)
{
    int flags = fcntl(fd, F_GETFL);
    int wanted = nonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;

    if (flags == -1 || fcntl(fd, F_SETFD, FD_CLOEXEC) == -1)
        return -1;
    return wanted == flags ? 0 : fcntl(fd, F_SETFL, wanted);
}

static int set_option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value);
}

int prepare_for_clients(int listener)
{
    if (set_option(listener, SOL_SOCKET, SO_OOBINLINE, 1) == -1 ||
        set_option(listener, SOL_SOCKET, SO_KEEPALIVE, 1) == -1)
        return -1;
#if defined(TCP_KEEPIDLE)
    if (set_option(listener, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE) == -1)
        return -1;
#elif defined(TCP_KEEPALIVE) /* macOS */
    if (set_option(listener, IPPROTO_TCP, TCP_KEEPALIVE, KEEPALIVE_IDLE) == -1)
        return -1;
#endif
#if defined(TCP_KEEPINTVL) && defined(TCP_KEEPCNT)
    if (set_option(listener, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL) ==
            -1 ||
        set_option(listener, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES) == -1)
        return -1;
#endif
    return 0;
}

int pipe_cloexec_nonblock(int ends[2])
{
    if (pipe(ends) == -1 || set_descriptor_flags(ends[0], true) == -1)
        return -1;
    return set_descriptor_flags(ends[1], true);
}

int accept_cloexec(int listener, struct sockaddr *address, socklen_t *size,
                   bool nonblocking)
{
#if defined(SOCK_NONBLOCK) && !defined(__NetBSD__)
    return accept4(listener, address, size,
                   SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0));
#else
    int fd = accept(listener, address, size);

    /* Only on some systems does the new socket inherit the listener's flags. */
    if (fd != -1 && set_descriptor_flags(fd, nonblocking) == -1) {
        int error = errno;

        close(fd);
        errno = error;
        return -1;
    }
    return fd;
#endif
}

int peer_address(int fd, struct sockaddr_storage *address, socklen_t *size)
{
    if (getpeername(fd, (struct sockaddr *)address, size) == 0)
        return 0;
#ifdef SO_PEERNAME
    /* Only Linux has this option, which works even after a reset. It fails if
     * the size is too large, so the smaller one is tried first. */
    *size = sizeof(struct sockaddr_in);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERNAME, address, size) == 0 &&
        address->ss_family != AF_INET6)
        return 0;
    *size = sizeof(struct sockaddr_in6);
    return getsockopt(fd, SOL_SOCKET, SO_PEERNAME, address, size);
#else
    return -1;
#endif
}

long elapsed_ms(const struct timespec *since)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long)(now.tv_sec - since->tv_sec) * 1000 +
           (now.tv_nsec - since->tv_nsec) / 1000000;
}

void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
        return;
    limit.rlim_cur = limit.rlim_max;
#if defined(__APPLE__) && defined(OPEN_MAX)
    /* macOS reports no hard limit and refuses more than OPEN_MAX. */
    if (limit.rlim_cur > OPEN_MAX)
        limit.rlim_cur = OPEN_MAX;
#endif
    /* If this fails, the server serves as many clients as the limit allows. */
    if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
        return;
}

int hold_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) != -1 || errno != EBADF)
            continue;
        if (fd == STDOUT_FILENO)
            return -1;
        /* open(2) returns the lowest free descriptor, which is `fd`. */
        if (open("/dev/null", O_RDWR) == -1)
            return -1;
    }
    return 0;
}
