/*
 * ring.c: the queues of io_uring, shared with the kernel; see ring.h.
 *
 * A queue is an array and two counters that only grow. One side writes the
 * entry at `tail` and adds 1 to it; the other side reads the entry at `head`
 * and adds 1 to that. A counter modulo the array's length is the index of the
 * entry. The two sides may run on different processors. So each side stores its
 * own counter with "release", after it has written or read the entry, and loads
 * the other counter with "acquire", before it does so.
 *
 * The C library has no functions for these system calls, so we use syscall(2).
 * See io_uring(7), io_uring_setup(2), io_uring_enter(2), io_uring_register(2).
 */
#define _GNU_SOURCE

#include "ring.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The length of the queue of requests; that of completions is twice as long.
 * The number of buffers is not larger than that. All are powers of two. */
enum { REQUESTS = 128, BUFFERS = 256, BUFFER_BYTES = 1024 * 1024 };

/* The free entries that a completion needs: three requests may follow from it,
 * and the main loop may add two, to accept again and to cancel all. */
enum { ROOM = 3 + 2 };

enum { GROUP = 0 };     /* the number of our group of buffers */
enum { RETRY_MS = 50 }; /* the wait if there is no memory for a request */

typedef _Atomic uint32_t counter;

static int ring = -1;
static unsigned requests; /* how many are not over */

static struct {
    counter *head, *tail;
    uint32_t length;
    struct io_uring_sqe *entries;
} submissions;

static struct {
    counter *head, *tail;
    uint32_t length;
    struct io_uring_cqe *entries;
} completions;

/* This is a queue, too: of buffers that the kernel may use. */
static struct {
    struct io_uring_buf_ring *ring;
    uint16_t tail, count;
    size_t size;
    char *memory; /* all buffers, one after the other */
} buffers;

static uint32_t load(counter *value)
{
    return atomic_load_explicit(value, memory_order_acquire);
}

static void store(counter *value, uint32_t number)
{
    atomic_store_explicit(value, number, memory_order_release);
}

/* Maps the kernel's queues, or memory of our own if fd is -1. See mmap(2). */
static void *map(size_t size, int fd, off_t part)
{
    return mmap(NULL, size, PROT_READ | PROT_WRITE,
                fd == -1 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, part);
}

/* Maps the queues and finds their parts. Returns 0, or -1 and errno. */
static int map_queues(const struct io_uring_params *params)
{
    const struct io_sqring_offsets *sq = &params->sq_off;
    const struct io_cqring_offsets *cq = &params->cq_off;
    size_t requests_end = sq->array + params->sq_entries * sizeof(uint32_t);
    size_t completions_end =
        cq->cqes + params->cq_entries * sizeof(struct io_uring_cqe);
    char *both =
        map(requests_end > completions_end ? requests_end : completions_end,
            ring, IORING_OFF_SQ_RING);
    void *entries = map(params->sq_entries * sizeof(struct io_uring_sqe), ring,
                        IORING_OFF_SQES);
    uint32_t *order;

    if (both == MAP_FAILED || entries == MAP_FAILED)
        return -1;
    submissions.head = (void *)(both + sq->head);
    submissions.tail = (void *)(both + sq->tail);
    submissions.length = params->sq_entries;
    submissions.entries = entries;
    completions.head = (void *)(both + cq->head);
    completions.tail = (void *)(both + cq->tail);
    completions.length = params->cq_entries;
    completions.entries = (void *)(both + cq->cqes);
    /* The kernel reads the entries in this order: from first to last. */
    order = (void *)(both + sq->array);
    for (uint32_t i = 0; i < params->sq_entries; i++)
        order[i] = i;
    return 0;
}

/* Gives the kernel the buffer with this number, to receive into. */
static void provide(unsigned number)
{
    struct io_uring_buf *entry =
        &buffers.ring->bufs[buffers.tail % buffers.count];

    entry->addr = (uintptr_t)(buffers.memory + number * buffers.size);
    entry->len = (uint32_t)buffers.size;
    entry->bid = (uint16_t)number;
    buffers.tail++;
    atomic_store_explicit((_Atomic uint16_t *)&buffers.ring->tail, buffers.tail,
                          memory_order_release);
}

/* Allocates the buffers and tells the kernel where they are. Returns 0, or -1
 * and errno. See io_uring_register(2). */
static int provide_buffers(size_t size)
{
    struct io_uring_buf_reg group = {.bgid = GROUP};

    buffers.size = size;
    buffers.count = BUFFERS;
    while (buffers.count > 2 && buffers.count * size > BUFFER_BYTES)
        buffers.count /= 2;
    buffers.ring = map(buffers.count * sizeof(struct io_uring_buf), -1, 0);
    buffers.memory = map(buffers.count * size, -1, 0);
    if (buffers.ring == MAP_FAILED || buffers.memory == MAP_FAILED)
        return -1;
    group.ring_addr = (uintptr_t)buffers.ring;
    group.ring_entries = buffers.count;
    if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_PBUF_RING, &group,
                1) == -1)
        return -1;
    for (unsigned number = 0; number < buffers.count; number++)
        provide(number);
    return 0;
}

int ring_open(size_t size)
{
    /* Only one thread uses the ring; Linux 6.0 was the first to have this flag.
     * The kernel does the remaining work for a request while this thread waits;
     * before Linux 6.1, in the next system call of any kind. */
    struct io_uring_params params = {.flags = IORING_SETUP_SINGLE_ISSUER |
                                              IORING_SETUP_DEFER_TASKRUN};

    ring = (int)syscall(SYS_io_uring_setup, REQUESTS, &params);
    if (ring == -1 && errno == EINVAL) {
        params = (struct io_uring_params){.flags = IORING_SETUP_SINGLE_ISSUER |
                                                   IORING_SETUP_COOP_TASKRUN};
        ring = (int)syscall(SYS_io_uring_setup, REQUESTS, &params);
    }
    if (ring == -1 || map_queues(&params) == -1)
        return -1;
    return provide_buffers(size);
}

/* Returns how many requests the kernel has not taken yet. */
static uint32_t queued(void)
{
    return load(submissions.tail) - load(submissions.head);
}

/* Returns how many completions there are. */
static uint32_t completed(void)
{
    return load(completions.tail) - load(completions.head);
}

/* The number that names a request in its completions. */
static uint64_t name_of(enum request request, int fd)
{
    return (uint64_t)request << 32 | (uint32_t)fd;
}

/* Passes `submit` requests to the kernel and waits for `wanted`
 * completions. Returns how many requests the kernel has taken, or -1 and
 * errno. See io_uring_enter(2). */
static int enter(uint32_t submit, unsigned wanted, const struct timespec *limit)
{
    struct __kernel_timespec time = {0};
    struct io_uring_getevents_arg arg = {0};

    if (limit != NULL) {
        time.tv_sec = limit->tv_sec;
        time.tv_nsec = limit->tv_nsec;
        arg.ts = (uintptr_t)&time;
    }
    return (int)syscall(SYS_io_uring_enter, ring, submit, wanted,
                        IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &arg,
                        sizeof arg);
}

/* Adds an entry to the queue. ring_take has made sure that there is room. */
static void put(const struct io_uring_sqe *entry)
{
    uint32_t tail = load(submissions.tail);

    submissions.entries[tail % submissions.length] = *entry;
    store(submissions.tail, tail + 1);
}

void ring_request(enum request request, int fd)
{
    struct io_uring_sqe entry = {.fd = fd, .user_data = name_of(request, fd)};

    switch (request) {
    case READABLE:
    case HANG_UP:
        entry.opcode = IORING_OP_POLL_ADD;
        entry.poll_events = request == READABLE ? POLLIN : POLLRDHUP;
        break;
    case ACCEPT:
        entry.opcode = IORING_OP_ACCEPT;
        entry.ioprio = IORING_ACCEPT_MULTISHOT;
        entry.accept_flags = SOCK_CLOEXEC | SOCK_NONBLOCK;
        break;
    default:
        entry.opcode = IORING_OP_RECV;
        entry.ioprio = request == RECV ? IORING_RECV_MULTISHOT : 0;
        entry.flags = IOSQE_BUFFER_SELECT;
        entry.buf_group = GROUP;
    }
    put(&entry);
    requests++;
}

void ring_cancel(enum request request, int fd)
{
    put(&(struct io_uring_sqe){.opcode = IORING_OP_ASYNC_CANCEL,
                               .fd = -1,
                               .addr = name_of(request, fd),
                               .user_data = name_of(CANCEL, fd)});
}

void ring_cancel_all(void)
{
    put(&(struct io_uring_sqe){.opcode = IORING_OP_ASYNC_CANCEL,
                               .fd = -1,
                               .cancel_flags = IORING_ASYNC_CANCEL_ANY |
                                               IORING_ASYNC_CANCEL_ALL,
                               .user_data = name_of(CANCEL, -1)});
}

unsigned ring_requests(void)
{
    return requests;
}

int ring_wait(const struct timespec *limit)
{
    static const struct timespec retry = {.tv_nsec = RETRY_MS * 1000000L};
    int result = enter(queued(), 1, limit);

    /* The kernel has no memory for a request, or too many completions did not
     * fit into their queue. The requests stay queued for now, until something
     * else completes or RETRY_MS milliseconds have passed. */
    if (result == -1 && (errno == EAGAIN || errno == EBUSY))
        result = enter(0, completed() + 1, &retry);
    if (result == -1 && errno != ETIME && errno != EAGAIN && errno != EBUSY &&
        completed() == 0)
        return -1;
    return (int)completed();
}

/* Makes room for ROOM requests. Returns whether there is room. */
static bool has_room(void)
{
    if (submissions.length - queued() < ROOM)
        enter(queued(), 0, NULL);
    return submissions.length - queued() >= ROOM;
}

bool ring_take(struct completion *completion)
{
    uint32_t head = load(completions.head);
    const struct io_uring_cqe *cqe =
        &completions.entries[head % completions.length];

    if (completed() == 0 || !has_room())
        return false;
    completion->request = (enum request)(cqe->user_data >> 32);
    completion->fd = (int)cqe->user_data;
    completion->result = cqe->res < 0 ? -1 : cqe->res;
    completion->error = cqe->res < 0 ? -cqe->res : 0;
    completion->more = (cqe->flags & IORING_CQE_F_MORE) != 0;
    completion->data = NULL;
    if (cqe->flags & IORING_CQE_F_BUFFER)
        completion->data =
            buffers.memory +
            (cqe->flags >> IORING_CQE_BUFFER_SHIFT) * buffers.size;
    store(completions.head, head + 1);
    requests -= completion->request != CANCEL && !completion->more;
    return true;
}

void ring_give_back(const char *data)
{
    provide((unsigned)((size_t)(data - buffers.memory) / buffers.size));
}
