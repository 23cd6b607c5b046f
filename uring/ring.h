/*
 * ring.h: io_uring(7), without a library.
 *
 * The program and the kernel share two queues. Into the one the program puts
 * requests: "accept every client that connects", "receive all that this client
 * sends". Into the other the kernel puts a completion each time that a request
 * has done something. One system call, io_uring_enter, hands over the requests
 * and waits for completions.
 *
 * A request is over with a completion that says so, and no earlier. Until then
 * the kernel keeps the socket open, even if the program closes it: the client
 * sees no end, a listener goes on accepting, and completions may come for a
 * descriptor that is a new client's by then.
 */
#ifndef RING_H
#define RING_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* What a request waits for. One of a kind for each descriptor at most. */
enum request {
    READABLE,  /* once: that there is something to read */
    HANG_UP,   /* once: that the other side has closed or reset the connection;
                  the result is POLLRDHUP, POLLHUP and POLLERR of poll(2) */
    ACCEPT,    /* each client: the result is that of accept(2), a descriptor
                  which is non-blocking and close-on-exec */
    RECV,      /* each chunk: the result is that of recv(2), or ENOBUFS if there
                  was no buffer */
    RECV_ONCE, /* one chunk */
    CANCEL,    /* the end of other requests; nothing follows from it */
};

/* What a request has done: the result of the system call that its name stands
 * for, and errno if that is -1. */
struct completion {
    enum request request;
    int fd;
    int result;
    int error;
    bool more;        /* whether it goes on; false: it is over */
    const char *data; /* what was received, in a buffer that is to be given
                         back; NULL: nothing */
};

/* Makes the queues, and buffers of `size` bytes that the kernel receives into:
 * 256, or as many as 1 MiB has, but 2 at least. Returns 0, or -1 and errno:
 * EPERM or ENOSYS where io_uring is forbidden, EINVAL if the kernel is older
 * than Linux 6.0. See io_uring_setup(2), io_uring_register(2), mmap(2). */
int ring_open(size_t size);

/* Puts a request into the queue; the next ring_wait hands it over. ACCEPT and
 * RECV go on ("multishot") until they fail, the client closes its side, or the
 * queue of completions is full. A completion may be answered with three
 * requests (ring_take makes room). See io_uring_enter(2) for the kinds. */
void ring_request(enum request request, int fd);

/* Puts a request into the queue that another one, or each, be cancelled. That
 * one is not over yet, but its last completion comes soon: ECANCELED, or what
 * it has done before. */
void ring_cancel(enum request request, int fd);
void ring_cancel_all(void);

/* Returns how many requests are not over. */
unsigned ring_requests(void);

/* Hands over what is in the queue and sleeps until there is a completion, for
 * `limit` at most; NULL: forever. Returns how many there are, or -1 and errno;
 * EINTR: a signal came first. See io_uring_enter(2). */
int ring_wait(const struct timespec *limit);

/* Takes the oldest completion. Returns false if there is none, or no room for
 * requests that may follow from it. */
bool ring_take(struct completion *completion);

/* Gives back the buffer of a completion, to which the kernel may write again
 * during any system call. */
void ring_give_back(const char *data);

#endif
