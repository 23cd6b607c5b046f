/*
 * computes.c: makes a server work for a second when a client sends "compute".
 * The scenario of that name (scenarios/computes.txt) has it loaded before the C
 * library, with LD_PRELOAD, so that the servers themselves stay as they are:
 *
 *     LD_PRELOAD=build/replay/debug/tools/computes.so build/poll --port 8888
 *
 * See ld.so(8), dlsym(3).
 */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static const char word[] = "compute";

/* Uses a second of this thread's processor time. See clock_gettime(2). */
static void compute(void)
{
    struct timespec start, now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
    do {
        /* Each call is stopped by strace: not too many of them. */
        for (volatile int i = 0; i < 1000000; i++)
            continue;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    } while ((now.tv_sec - start.tv_sec) * 1000000000L + now.tv_nsec -
                 start.tv_nsec <
             1000000000L);
}

ssize_t recv(int fd, void *chunk, size_t size, int flags)
{
    static ssize_t (*real)(int, void *, size_t, int);
    ssize_t received;

    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "recv");
    received = real(fd, chunk, size, flags);
    if (received >= (ssize_t)sizeof word - 1 &&
        memcmp(chunk, word, sizeof word - 1) == 0)
        compute();
    return received;
}
