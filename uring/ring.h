/*
 * ring.h: io_uring(7), without a library.
 *
 * The program and the kernel share two queues. The program puts requests into
 * one queue: "accept every client that connects", "receive all that this client
 * sends". The kernel puts a completion into the other queue each time that a
 * request has done something. One system call, io_uring_enter, passes the
 * requests to the kernel and waits for completions.
 *
 * A request is over only when a completion says so. Until then the kernel keeps
 * the socket open, even if the program closes it: the client does not see the
 * end of its connection, a listener continues to accept, and completions may
 * arrive for a descriptor that by then belongs to a new client.
 */
#ifndef RING_H
#define RING_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* What a request asks for. There is at most one of each kind
 * for a descriptor. */
enum request {
    READABLE,  /* once: that there is something to read */
    HANG_UP,   /* once: that the other side has closed or reset the connection;
                  the result is POLLRDHUP, POLLHUP and POLLERR of poll(2) */
    ACCEPT,    /* each client: the result is that of accept(2), a descriptor
                  which is non-blocking and close-on-exec */
    RECV,      /* each chunk: the result is that of recv(2), or ENOBUFS if there
                  was no buffer */
    RECV_ONCE, /* one chunk */
    CANCEL,    /* that other requests end; needs no reaction */
};

/* What a request has done: the result of the system call of the same name, and
 * errno if that is -1. */
struct completion {
    enum request request;
    int fd;
    int result;
    int error;
    bool more;        /* whether it continues; false: it is over */
    const char *data; /* the received bytes, in a buffer that must be given
                         back; NULL: none */
};

/* Makes the queues, and the buffers that the kernel receives into: 256
 * of `size` bytes, or as many as fit into 1 MiB, but at least 2.
 * Returns 0, or -1 and errno: EPERM or ENOSYS if io_uring is
 * forbidden, EINVAL if the kernel is older than Linux 6.0. See
 * io_uring_setup(2), io_uring_register(2), mmap(2). */
int ring_open(size_t size);

/* Adds a request to the queue; the next ring_wait passes it to the kernel.
 * ACCEPT and RECV continue ("multishot") until they fail, the client closes its
 * side, or the queue of completions is full. After each completion three
 * requests may be added (ring_take makes room). See io_uring_enter(2) for the
 * kinds. */
void ring_request(enum request request, int fd);

/* Add a request that cancels another one, or all. The cancelled request is not
 * over yet, but its last completion comes soon: with ECANCELED, or with what it
 * has done before. */
void ring_cancel(enum request request, int fd);
void ring_cancel_all(void);

/* Returns how many requests are not over. */
unsigned ring_requests(void);

/* Passes the queued requests to the kernel and sleeps until there is
 * a completion, at most for `limit`; NULL: without limit. Returns
 * the number of completions, or -1 and errno; EINTR: a signal came
 * first. See io_uring_enter(2). */
int ring_wait(const struct timespec *limit);

/* Takes the oldest completion. Returns false if there is none, or if there is
 * no room for requests that may follow from it. */
bool ring_take(struct completion *completion);

/* Gives back the buffer of a completion. From then on the kernel may write to
 * it during any system call. */
void ring_give_back(const char *data);

#endif
