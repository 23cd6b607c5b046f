/*
 * libev_server.c: a server that prints what it receives, on libev, to compare.
 *
 *     make tools && build/peers/libev --port 8888
 *
 * All but the waiting is the project's own: the messages, the check of the
 * text, and the output, which is written once before each wait. The rest is
 * what libev's manual shows: a watcher for each descriptor, and a callback that
 * accepts one client or receives one chunk. The library reports what is left.
 *
 * Without a free descriptor it asks for one all the time, and what it has
 * allocated for clients at the end is left to exit(3).
 *
 * See ev(3).
 */
#define _POSIX_C_SOURCE 200809L

#include "../../../common/server.h"

#include <ev.h>
#include <stdlib.h>

static void on_chunk(struct ev_loop *loop, ev_io *watcher, int events)
{
    struct client *client = watcher->data;
    ssize_t size = recv(client->fd, chunk, options.recv_size, 0);

    (void)events;
    if (size == -1 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size > 0) {
        print_chunk(client, chunk, size);
        return;
    }
    if (size == -1)
        client->error = errno;
    ev_io_stop(loop, watcher);
    free(watcher);
    close_client(client);
}

static void on_client(struct ev_loop *loop, ev_io *watcher, int events)
{
    struct client *client = accept_client(watcher->fd);
    ev_io *receive;

    (void)events;
    if (client == NULL)
        return;
    print_connection(client);
    print_next();
    print_receiving(client);
    receive = malloc(sizeof *receive);
    if (receive == NULL) {
        drop_client(client);
        return;
    }
    ev_io_init(receive, on_chunk, client->fd, EV_READ);
    receive->data = client;
    ev_io_start(loop, receive);
}

static void before_wait(struct ev_loop *loop, ev_prepare *watcher, int events)
{
    (void)watcher;
    (void)events;
    if (!may_wait())
        ev_break(loop, EVBREAK_ALL);
}

/* Nothing to do: the wait ends, and then may_wait returns false. */
static void on_stop(struct ev_loop *loop, ev_io *watcher, int events)
{
    (void)loop;
    (void)watcher;
    (void)events;
}

int main(int argc, char **argv)
{
    int listener = start_server("libev", argc, argv, NON_BLOCKING);
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    ev_io accept, stop;
    ev_prepare prepare;

    if (loop == NULL)
        die("cannot prepare to wait");
    ev_io_init(&accept, on_client, listener, EV_READ);
    ev_io_start(loop, &accept);
    ev_io_init(&stop, on_stop, stop_descriptor(), EV_READ);
    ev_io_start(loop, &stop);
    ev_prepare_init(&prepare, before_wait);
    ev_prepare_start(loop, &prepare);
    ev_run(loop, 0);
    return stop_server(listener);
}
