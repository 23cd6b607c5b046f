/*
 * completions.c: lets strace(1) see the requests to io_uring and their
 * completions. Both are entries of queues in memory, not calls. trace.sh loads
 * this object before the C library, so that the server itself is not changed:
 *
 *     strace -E LD_PRELOAD=build/tools/completions.so build/uring --port 8888
 *
 * It maps the queues of the ring a second time, and before and after each
 * io_uring_enter it writes a line per entry to descriptor -1. That fails, and
 * the trace shows the line:
 *
 *     write(-1, "asks recv 6", 11)      = -1 EBADF (Bad file descriptor)
 *     io_uring_enter(7, 1, 1, ...)      = 1
 *     write(-1, "done recv 6 4", 13)    = -1 EBADF (Bad file descriptor)
 *
 * The program must make these calls with syscall(2), as ours does.
 *
 * See io_uring(7), io_uring_setup(2), ld.so(8), dlsym(3).
 */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <linux/io_uring.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The requests, by the names that the program gave them. */
enum { ASKED_MAX = 64 };

static struct {
    uint64_t name;
    char text[24]; /* "recv 6" */
} asked[ASKED_MAX];

static int asked_count;

static struct io_uring_params params;
static char *requests, *completions; /* the queues */
static struct io_uring_sqe *entries;
static uint32_t requests_seen, completions_seen;

static uint32_t number_at(const char *queue, uint32_t offset)
{
    return __atomic_load_n((const uint32_t *)(const void *)(queue + offset),
                           __ATOMIC_ACQUIRE);
}

static void *map(int ring, size_t size, off_t part)
{
    return mmap(NULL, size, PROT_READ, MAP_SHARED, ring, part);
}

static void map_queues(int ring)
{
    requests = map(ring, params.sq_off.array + params.sq_entries * 4,
                   IORING_OFF_SQ_RING);
    completions = map(ring,
                      params.cq_off.cqes +
                          params.cq_entries * sizeof(struct io_uring_cqe),
                      IORING_OFF_CQ_RING);
    entries = map(ring, params.sq_entries * sizeof *entries, IORING_OFF_SQES);
    if (requests == MAP_FAILED || completions == MAP_FAILED ||
        entries == MAP_FAILED)
        requests = NULL;
}

static const char *text_of(const struct io_uring_sqe *entry)
{
    switch (entry->opcode) {
    case IORING_OP_ACCEPT:
        return "accept";
    case IORING_OP_RECV:
        return "recv";
    case IORING_OP_POLL_ADD:
        return "poll";
    case IORING_OP_ASYNC_CANCEL:
        return "cancel";
    default:
        return "something";
    }
}

static void tell(const char *line)
{
    if (write(-1, line, strlen(line)) == -1)
        return;
}

/* Stores the request with this name; later the name may be used again. */
static void remember(uint64_t name, const char *text)
{
    int at = 0;

    while (at < asked_count && asked[at].name != name)
        at++;
    if (at == ASKED_MAX)
        return;
    if (at == asked_count)
        asked_count++;
    asked[at].name = name;
    snprintf(asked[at].text, sizeof asked[at].text, "%s", text);
}

/* Writes the requests that the kernel will find in the queue. */
static void tell_requests(void)
{
    uint32_t tail = number_at(requests, params.sq_off.tail);

    for (; requests_seen != tail; requests_seen++) {
        const struct io_uring_sqe *entry =
            &entries[requests_seen % params.sq_entries];
        char text[24], line[40];

        snprintf(text, sizeof text, "%s %d", text_of(entry), entry->fd);
        remember(entry->user_data, text);
        snprintf(line, sizeof line, "asks %s", text);
        tell(line);
    }
}

/* Writes what the kernel has put into the queue of completions. */
static void tell_completions(void)
{
    uint32_t tail = number_at(completions, params.cq_off.tail);
    const struct io_uring_cqe *all =
        (const void *)(completions + params.cq_off.cqes);

    for (; completions_seen != tail; completions_seen++) {
        const struct io_uring_cqe *entry =
            &all[completions_seen % params.cq_entries];
        const char *text = "something -1";
        char line[60];

        for (int i = 0; i < asked_count; i++)
            if (asked[i].name == entry->user_data)
                text = asked[i].text;
        snprintf(line, sizeof line, "done %s %d", text, entry->res);
        tell(line);
    }
}

long syscall(long number, ...)
{
    static long (*real)(long, ...);
    long arg[6], result;
    va_list arguments;
    int error;

    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "syscall");
    va_start(arguments, number);
    for (int i = 0; i < 6; i++)
        arg[i] = va_arg(arguments, long);
    va_end(arguments);
    if (number == SYS_io_uring_enter && requests != NULL)
        tell_requests();
    result = real(number, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
    error = errno;
    if (number == SYS_io_uring_setup && result >= 0) {
        /* NOLINTNEXTLINE(performance-no-int-to-ptr): that is how it comes. */
        params = *(const struct io_uring_params *)arg[1];
        map_queues((int)result);
    } else if (number == SYS_io_uring_enter && requests != NULL) {
        tell_completions();
    }
    errno = error;
    return result;
}
