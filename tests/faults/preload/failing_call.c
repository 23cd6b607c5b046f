/*
 * failing_call.c: one call that fails, once. The variable FAIL_CALL names it:
 * accept, recv, fork, pthread_create or getnameinfo. FAIL_AFTER of these
 * succeed first (0 if it is not set), and then one fails with FAIL_ERRNO:
 * "EAGAIN", "EMFILE" or "ETIMEDOUT". Counted are the calls of all threads and
 * of all processes that the program forks.
 */
#define _DEFAULT_SOURCE

#include "preload.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* In memory that parent and children share. */
static struct shared {
    atomic_long succeeded;
    atomic_bool failed;
} * shared;

__attribute__((constructor)) static void share(void)
{
    void *page = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (page == MAP_FAILED)
        abort();
    shared = page;
}

static int wanted_errno(void)
{
    const char *name = getenv("FAIL_ERRNO");

    if (name != NULL && strcmp(name, "EMFILE") == 0)
        return EMFILE;
    if (name != NULL && strcmp(name, "ETIMEDOUT") == 0)
        return ETIMEDOUT;
    return EAGAIN;
}

static bool is_wanted(const char *call)
{
    const char *wanted = getenv("FAIL_CALL");

    return wanted != NULL && strcmp(wanted, call) == 0;
}

static void note_success(const char *call)
{
    if (is_wanted(call))
        shared->succeeded++;
}

/* Whether this call must fail; then sets errno. */
static bool is_to_fail(const char *call)
{
    if (!is_wanted(call) || shared->succeeded < number_in("FAIL_AFTER", 0) ||
        atomic_exchange(&shared->failed, true))
        return false;
    errno = wanted_errno();
    return true;
}

ssize_t recv(int fd, void *data, size_t size, int flags)
{
    ssize_t received;

    if (is_to_fail("recv"))
        return -1;
    received = recvfrom(fd, data, size, flags, NULL, NULL);
    if (received >= 0)
        note_success("recv");
    return received;
}

int accept(int fd, struct sockaddr *address, socklen_t *size)
{
    static int (*next)(int, struct sockaddr *, socklen_t *);
    int accepted;

    if (next == NULL)
        find_next("accept", &next);
    if (is_to_fail("accept"))
        return -1;
    accepted = next(fd, address, size);
    if (accepted >= 0)
        note_success("accept");
    return accepted;
}

/* Without _GNU_SOURCE no header declares it. */
int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags);

int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
    static int (*next)(int, struct sockaddr *, socklen_t *, int);
    int accepted;

    if (next == NULL)
        find_next("accept4", &next);
    if (is_to_fail("accept"))
        return -1;
    accepted = next(fd, address, size, flags);
    if (accepted >= 0)
        note_success("accept");
    return accepted;
}

pid_t fork(void)
{
    static pid_t (*next)(void);

    if (next == NULL)
        find_next("fork", &next);
    if (is_to_fail("fork"))
        return -1;
    /* Before the fork: otherwise the child would count as well. */
    note_success("fork");
    return next();
}

int pthread_create(pthread_t *id, const pthread_attr_t *attributes,
                   void *(*run)(void *), void *argument)
{
    static int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *),
                       void *);

    if (next == NULL)
        find_next("pthread_create", &next);
    if (is_to_fail("pthread_create"))
        return errno;
    note_success("pthread_create");
    return next(id, attributes, run, argument);
}

int getnameinfo(const struct sockaddr *address, socklen_t size, char *host,
                socklen_t host_size, char *port, socklen_t port_size, int flags)
{
    static int (*next)(const struct sockaddr *, socklen_t, char *, socklen_t,
                       char *, socklen_t, int);

    if (next == NULL)
        find_next("getnameinfo", &next);
    if (is_to_fail("getnameinfo"))
        return EAI_MEMORY;
    note_success("getnameinfo");
    return next(address, size, host, host_size, port, port_size, flags);
}
