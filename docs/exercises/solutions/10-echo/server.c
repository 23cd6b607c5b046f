/*
 * A server that sends back what it receives, with poll(2). What send does not
 * take at once is kept, up to 64 KiB for a client; while there is no room for
 * more, nothing more is received from it.
 */
#define _POSIX_C_SOURCE 200809L

#include "../common/server.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { LISTENER, STOP, CLIENTS }; /* places in the list */
enum { KEPT_MOST = 65536 };

/* What one client has still to get. */
struct echo {
    size_t size;
    bool ends; /* it has said that nothing more comes */
    char data[KEPT_MOST];
};

static struct pollfd *watched;
static struct echo **echoes; /* beside it */
static nfds_t count, room;

/* Makes room for as many clients again. Returns 0, or -1 and errno. */
static int grow(void)
{
    nfds_t wanted = room == 0 ? 64 : 2 * room;
    struct pollfd *list = realloc(watched, wanted * sizeof *watched);
    struct echo **kept;

    if (list == NULL)
        return -1;
    watched = list;
    kept = realloc(echoes, wanted * sizeof(struct echo *));
    if (kept == NULL)
        return -1;
    echoes = kept;
    room = wanted;
    return 0;
}

static void accept_connections(int listener)
{
    struct client *client;

    while ((client = accept_client(listener)) != NULL) {
        struct echo *echo = NULL;

        print_connection(client);
        if ((count == room && grow() == -1) ||
            (echo = malloc(sizeof *echo)) == NULL) {
            drop_client(client);
            continue;
        }
        echo->size = 0;
        echo->ends = false;
        echoes[count] = echo;
        watched[count++] = (struct pollfd){.fd = client->fd, .events = POLLIN};
    }
}

/* Whether the call failed only because it would have had to wait. */
static bool failed_for_now(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* Receives into what room there is. Returns false when the connection failed.
 */
static bool receive_some(struct client *client, struct echo *echo)
{
    ssize_t size;

    if (echo->ends || echo->size == KEPT_MOST)
        return true;
    size = recv(client->fd, echo->data + echo->size, KEPT_MOST - echo->size, 0);
    if (size == -1 && !failed_for_now()) {
        client->error = errno;
        return false;
    }
    if (size == 0)
        echo->ends = true;
    if (size > 0)
        echo->size += (size_t)size;
    return true;
}

/* Sends what the kernel takes and keeps the rest. Returns false when the
 * connection failed. */
static bool send_some(struct client *client, struct echo *echo)
{
    ssize_t size;

    if (echo->size == 0)
        return true;
    size = send(client->fd, echo->data, echo->size, 0);
    if (size == -1 && !failed_for_now()) {
        client->error = errno;
        return false;
    }
    if (size > 0) {
        echo->size -= (size_t)size;
        memmove(echo->data, echo->data + size, echo->size);
    }
    return true;
}

static void receive(nfds_t place)
{
    struct client *client = client_at(watched[place].fd);
    struct echo *echo = echoes[place];
    bool lives = receive_some(client, echo) && send_some(client, echo);

    if (lives && !(echo->ends && echo->size == 0)) {
        /* Watch for what can be made use of, or poll would not sleep. */
        watched[place].events =
            (short)((echo->ends || echo->size == KEPT_MOST ? 0 : POLLIN) |
                    (echo->size > 0 ? POLLOUT : 0));
        return;
    }
    free(echo);
    count--;
    watched[place] = watched[count];
    echoes[place] = echoes[count];
    close_client(client);
}

int main(int argc, char **argv)
{
    int listener = start_server("echo", argc, argv, NON_BLOCKING);

    if (grow() == -1)
        die_errno("cannot watch the listener");
    watched[LISTENER] = (struct pollfd){.fd = listener, .events = POLLIN};
    watched[STOP] = (struct pollfd){.fd = stop_descriptor(), .events = POLLIN};
    count = CLIENTS;
    while (!stop_requested()) {
        watched[LISTENER].events = accept_paused() ? 0 : POLLIN;
        flush_outputs();
        if (poll(watched, count, accept_timeout()) == -1) {
            if (errno != EINTR)
                die_errno("poll failed");
            continue;
        }
        for (nfds_t i = count; i-- > CLIENTS;)
            if (watched[i].revents != 0)
                receive(i);
        if (watched[LISTENER].revents != 0)
            accept_connections(listener);
    }
    while (count > CLIENTS)
        free(echoes[--count]);
    free(watched);
    free(echoes);
    return stop_server(listener);
}
