/*
 * uring/server.c: all clients at once, with io_uring(7), which only Linux has.
 *
 *     build/uring --port 8888                  and elsewhere: nc localhost 8888
 *
 * The other servers wait until a client is ready and then call recv. This one
 * makes requests, once: "accept every client", "receive all that this client
 * sends". io_uring_enter waits until one of them has done something: when it
 * returns, the bytes have already arrived (completion instead of readiness).
 * The kernel has put them into a buffer, which the program gives back when they
 * are printed.
 *
 * A request continues until a completion says that it is over. Until then its
 * socket must stay open; ring.h says why.
 *
 * Compare epoll/server.c. It needs Linux 6.0 or newer.
 */
#include "../common/server.h"

#include "ring.h"

#include <poll.h>

/* Whether the kernel accepts clients for us. */
static bool accepting;

/* Prints what has been received from a client. The request may be over although
 * there is more to receive, because all buffers or the queue were full. Then it
 * is made again. */
static void received(struct client *client, const struct completion *recv)
{
    bool goes_on = recv->result > 0 || recv->error == ENOBUFS ||
                   recv->error == ECANCELED || recv->error == EAGAIN ||
                   recv->error == EINTR;

    if (recv->result > 0)
        print_chunk(client, recv->data, recv->result);
    if (recv->data != NULL)
        ring_give_back(recv->data);
    if (!goes_on)
        client->error = recv->error; /* 0: the client has closed its side */
    if (!goes_on && recv->more)
        ring_cancel(recv->request, client->fd);
    if (!goes_on && recv->error != 0)
        ring_cancel(HANG_UP, client->fd);
    if (recv->more)
        return;
    if (goes_on && client->error == 0 && !stop_requested())
        ring_request(client->requests == 2 ? RECV : RECV_ONCE, client->fd);
    else if (--client->requests == 0)
        close_client(client);
}

/* Handles a client that has closed its side or reset the connection. RECV
 * may have missed the reset if it came together with data: after receiving
 * that data it sleeps again, and nothing wakes it (seen with Linux 6.18,
 * after ENOBUFS). So RECV is cancelled, and RECV_ONCE receives what is left,
 * until it fails. */
static void hung_up(struct client *client, const struct completion *poll)
{
    if (--client->requests == 0)
        close_client(client);
    else if (poll->result > 0 && poll->result & (POLLHUP | POLLERR))
        ring_cancel(RECV, client->fd);
}

/* Starts serving a client that the kernel has accepted; -1:
 * accept failed (errno). */
static void accepted(int fd)
{
    struct client *client = accepted_client(fd);

    if (client == NULL)
        return;
    print_connection(client);
    print_next();
    print_receiving(client);
    client->requests = 2;
    ring_request(RECV, client->fd);
    ring_request(HANG_UP, client->fd);
}

static void handle(const struct completion *done)
{
    switch (done->request) {
    case ACCEPT:
        accepting = done->more;
        errno = done->error;
        accepted(done->result);
        break;
    case RECV:
    case RECV_ONCE:
        received(client_at(done->fd), done);
        break;
    case HANG_UP:
        hung_up(client_at(done->fd), done);
        break;
    default:
        break; /* a stop, which may_wait reports, or CANCEL */
    }
}

/* Waits, and handles the completions that are there when the wait ends. The
 * next round handles later ones. */
static void wait_and_handle(void)
{
    struct completion done;
    int count = ring_wait(accept_timespec());

    if (count == -1 && errno != EINTR)
        die_errno("io_uring_enter failed");
    for (; count > 0 && ring_take(&done); count--)
        handle(&done);
}

int main(int argc, char **argv)
{
    int listener;

    prepare_server("uring", argc, argv);
    if (ring_open(options.recv_size) == -1)
        die_errno("cannot use io_uring: it is forbidden, or Linux is older "
                  "than 6.0");
    listener = open_server(NON_BLOCKING);
    ring_request(READABLE, stop_descriptor());
    while (may_wait()) {
        if (!accepting && !accept_paused()) {
            ring_request(ACCEPT, listener);
            accepting = true;
        }
        wait_and_handle();
        errno = EAGAIN;
        if (accepting)
            accepted(-1); /* there are no more clients for now */
    }
    /* No socket is closed before its requests are over. */
    ring_cancel_all();
    while (ring_requests() > 0)
        wait_and_handle();
    return stop_server(listener);
}
