/*
 * libevent_server.c: a server that prints what it receives, on libevent, to
 * compare.
 *
 *     make tools && build/peers/libevent --port 8888
 *
 * All but the waiting is the project's own: the messages, the check of the
 * text, and the output, which is written once before each wait. The rest is
 * what libevent's manual shows: a persistent event for each descriptor, and a
 * callback that accepts one client or receives one chunk. The library reports
 * what is left. (Its bufferevents are a layer above that, and cost more.)
 *
 * Without a free descriptor it asks for one all the time, and what it has
 * allocated for clients at the end is left to exit(3).
 *
 * See https://libevent.org/libevent-book/.
 */
#define _POSIX_C_SOURCE 200809L

#include "../../../common/server.h"

#include <event2/event.h>
#include <stdlib.h>

struct receiver {
    struct event *event;
    struct client *client;
};

static struct event_base *base;

/* Returns the event, which is watched from now on, or NULL. */
static struct event *watch(int fd, event_callback_fn callback, void *argument)
{
    struct event *event =
        event_new(base, fd, EV_READ | EV_PERSIST, callback, argument);

    if (event == NULL || event_add(event, NULL) == 0)
        return event;
    event_free(event);
    return NULL;
}

static void on_chunk(evutil_socket_t fd, short events, void *argument)
{
    struct receiver *receiver = argument;
    struct client *client = receiver->client;
    ssize_t size = recv(fd, chunk, options.recv_size, 0);

    (void)events;
    if (size == -1 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size > 0) {
        print_chunk(client, chunk, size);
        return;
    }
    if (size == -1)
        client->error = errno;
    event_free(receiver->event);
    free(receiver);
    close_client(client);
}

static void on_client(evutil_socket_t listener, short events, void *argument)
{
    struct client *client = accept_client(listener);
    struct receiver *receiver;

    (void)events;
    (void)argument;
    if (client == NULL)
        return;
    print_connection(client);
    print_next();
    print_receiving(client);
    receiver = malloc(sizeof *receiver);
    if (receiver != NULL) {
        receiver->client = client;
        receiver->event = watch(client->fd, on_chunk, receiver);
    }
    if (receiver == NULL || receiver->event == NULL) {
        free(receiver);
        drop_client(client);
    }
}

/* Nothing to do: the wait ends, and then may_wait returns false. */
static void on_stop(evutil_socket_t fd, short events, void *argument)
{
    (void)fd;
    (void)events;
    (void)argument;
}

int main(int argc, char **argv)
{
    int listener = start_server("libevent", argc, argv, NON_BLOCKING);

    base = event_base_new();
    if (base == NULL || watch(listener, on_client, NULL) == NULL ||
        watch(stop_descriptor(), on_stop, NULL) == NULL)
        die("cannot prepare to wait");
    while (may_wait())
        event_base_loop(base, EVLOOP_ONCE);
    return stop_server(listener);
}
