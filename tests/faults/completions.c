/*
 * completions.c: is called between uring/server.c and uring/ring.c, and changes
 * the results of requests. strace(1) can make system calls fail; but in uring
 * the kernel accepts and receives, so there is no such call.
 *
 *     URING_FAULT="recv error=ETIMEDOUT:when=2..4" build/tests/uring-faults
 *
 * The words are those of strace's `inject`. The first is the kind of request:
 *
 *     accept, recv    such requests fail, and never reach the kernel
 *     recv-more       completions of recv that say that the request continues
 *                     become errors that say so, too; what was received is lost
 *
 * strace sees each fault as a write(2) that cannot succeed. With
 * URING_TRACE=FILE a line is written for each completion: its time, the kind,
 * the result or minus the errno, and whether there is more, as in
 * "1414141414.049870 recv 5 more".
 *
 * The linker replaces the functions of ring.c by these (`ld --wrap`).
 */
#define _POSIX_C_SOURCE 200809L

#include "../../uring/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void __real_ring_request(enum request request, int fd);
bool __real_ring_take(struct completion *completion);
void __wrap_ring_request(enum request request, int fd);
bool __wrap_ring_take(struct completion *completion);

#define ERROR(name) \
    {               \
#name, name \
    }
static const struct {
    const char *name;
    int number;
} errors[] = {
    ERROR(EAGAIN),       ERROR(EBADF),           ERROR(ECONNABORTED),
    ERROR(ECONNREFUSED), ERROR(ECONNRESET),      ERROR(EFAULT),
    ERROR(EHOSTDOWN),    ERROR(EHOSTUNREACH),    ERROR(EINTR),
    ERROR(EINVAL),       ERROR(EMFILE),          ERROR(ENETDOWN),
    ERROR(ENETUNREACH),  ERROR(ENFILE),          ERROR(ENOBUFS),
    ERROR(ENOMEM),       ERROR(ENONET),          ERROR(ENOPROTOOPT),
    ERROR(ENOSR),        ERROR(ENOTCONN),        ERROR(ENOTSOCK),
    ERROR(EOPNOTSUPP),   ERROR(EPERM),           ERROR(EPIPE),
    ERROR(EPROTO),       ERROR(EPROTONOSUPPORT), ERROR(ESOCKTNOSUPPORT),
    ERROR(ETIMEDOUT),
};

/* The parts of URING_FAULT. */
static char kind[16], name[24];
static int error, first, last;

/* The requests that must fail. Instead of each, the kernel watches a pipe that
 * is readable, so that it completes at once, and in the right order. */
enum { MOST = 256 };
static struct {
    enum request request;
    int fd;
} failing[MOST];
static unsigned begun, ended;
static int readable = -1;

static void read_fault(void)
{
    const char *fault = getenv("URING_FAULT");
    int ends[2], end = 0;

    if (readable != -1 || fault == NULL)
        return;
    if (sscanf(fault, "%15s error=%23[A-Z]:when=%d%n", kind, name, &first,
               &end) != 3 ||
        pipe(ends) == -1 || write(ends[1], "", 1) == -1)
        abort();
    last = first;
    if (strcmp(fault + end, "+") == 0)
        last = MOST * 1000;
    else
        sscanf(fault + end, "..%d", &last);
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (strcmp(errors[i].name, name) == 0)
            error = errors[i].number;
    if (error == 0)
        abort();
    readable = ends[0];
}

/* Counts those of this kind; returns whether this one is to fail. */
static bool hits(const char *what)
{
    static int count;

    read_fault();
    if (strcmp(what, kind) != 0)
        return false;
    count++;
    return count >= first && count <= last;
}

static void fail(struct completion *completion)
{
    char line[80];
    int length =
        snprintf(line, sizeof line, "%s(%d) = -1 %s (INJECTED)",
                 kind[0] == 'a' ? "accept4" : "recvfrom", completion->fd, name);

    completion->result = -1;
    completion->error = error;
    completion->data = NULL;
    if (write(-1, line, (size_t)length) != -1)
        abort();
}

static void trace(const struct completion *completion)
{
    static const char *const names[] = {"readable", "hang-up", "accept",
                                        "recv",     "recv",    "cancel"};
    const char *path = getenv("URING_TRACE");
    struct timespec now;
    int fd = path == NULL
                 ? -1
                 : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

    if (fd == -1)
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    dprintf(fd, "%lld.%06ld %s %d %s\n", (long long)now.tv_sec,
            now.tv_nsec / 1000, names[completion->request],
            completion->error != 0 ? -completion->error : completion->result,
            completion->more ? "more" : "over");
    close(fd);
}

void __wrap_ring_request(enum request request, int fd)
{
    if (!(request == ACCEPT && hits("accept")) &&
        !(request == RECV && hits("recv"))) {
        __real_ring_request(request, fd);
        return;
    }
    failing[begun % MOST].request = request;
    failing[begun % MOST].fd = fd;
    begun++;
    __real_ring_request(READABLE, readable);
}

bool __wrap_ring_take(struct completion *completion)
{
    if (!__real_ring_take(completion))
        return false;
    if (completion->request == READABLE && completion->fd == readable) {
        completion->request = failing[ended % MOST].request;
        completion->fd = failing[ended % MOST].fd;
        ended++;
        fail(completion);
    } else if (completion->request == RECV && completion->data != NULL &&
               completion->more && hits("recv-more")) {
        ring_give_back(completion->data);
        fail(completion);
    }
    trace(completion);
    return true;
}
