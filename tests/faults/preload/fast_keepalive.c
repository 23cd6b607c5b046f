/*
 * fast_keepalive.c: a minute passes in a second. setsockopt(2) sets every
 * TCP_KEEPIDLE, TCP_KEEPINTVL and TCP_KEEPCNT to 1, so that a client that has
 * vanished is noticed after two seconds. See tcp(7).
 */
#define _DEFAULT_SOURCE

#include "preload.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

int setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
    static int (*next)(int, int, int, const void *, socklen_t);
    static const int one = 1;

    if (next == NULL)
        find_next("setsockopt", &next);
    (void)one; /* macOS has other names for some of these */
#if defined(TCP_KEEPIDLE) && defined(TCP_KEEPINTVL) && defined(TCP_KEEPCNT)
    if (level == IPPROTO_TCP && size == sizeof one &&
        (name == TCP_KEEPIDLE || name == TCP_KEEPINTVL || name == TCP_KEEPCNT))
        value = &one;
#endif
    return next(fd, level, name, value, size);
}
