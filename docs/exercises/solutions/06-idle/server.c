/*
 * The poll server that lets a client go which says nothing for one second.
 */
#define _POSIX_C_SOURCE 200809L

#include "../common/server.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

enum { LISTENER, STOP, CLIENTS }; /* places in the list */
enum { IDLE_MS = 1000 };

/* The list, and beside it when the client in each place has to go. */
static struct pollfd *watched;
static long long *deadlines;
static nfds_t count, room;

/* Milliseconds of a clock that nobody sets. */
static long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Makes room for as many clients again. Returns 0, or -1 and errno. */
static int grow(void)
{
    nfds_t wanted = room == 0 ? 64 : 2 * room;
    struct pollfd *list = realloc(watched, wanted * sizeof *watched);
    long long *times;

    if (list == NULL)
        return -1;
    watched = list;
    times = realloc(deadlines, wanted * sizeof *deadlines);
    if (times == NULL)
        return -1;
    deadlines = times;
    room = wanted;
    return 0;
}

static bool watch(int fd)
{
    if (count == room && grow() == -1)
        return false;
    deadlines[count] = now_ms() + IDLE_MS;
    watched[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
    return true;
}

static void accept_connections(int listener)
{
    struct client *client;

    while ((client = accept_client(listener)) != NULL) {
        print_connection(client);
        print_next();
        print_receiving(client);
        /* It may have sent something by now, and be finished. */
        if (!recv_chunks(client))
            close_client(client);
        else if (!watch(client->fd))
            drop_client(client);
    }
}

static void leave(nfds_t place)
{
    struct client *client = client_at(watched[place].fd);

    count--;
    watched[place] = watched[count];
    deadlines[place] = deadlines[count];
    close_client(client);
}

static void receive(nfds_t place)
{
    if (recv_chunks(client_at(watched[place].fd)))
        deadlines[place] = now_ms() + IDLE_MS;
    else
        leave(place);
}

/* How long poll may sleep: until the first deadline, or until the listener has
 * paused long enough. Rounded up, or the last millisecond would be a spin. */
static int timeout(void)
{
    int least = accept_timeout();
    long long now = now_ms();

    for (nfds_t i = CLIENTS; i < count; i++) {
        int left = deadlines[i] <= now ? 0 : (int)(deadlines[i] - now) + 1;

        if (least == -1 || left < least)
            least = left;
    }
    return least;
}

int main(int argc, char **argv)
{
    int listener = start_server("poll", argc, argv, NON_BLOCKING);

    /* In this order: LISTENER, STOP. */
    if (!watch(listener) || !watch(stop_descriptor()))
        die_errno("cannot watch the listener");
    while (!stop_requested()) {
        long long now;

        watched[LISTENER].events = accept_paused() ? 0 : POLLIN;
        flush_outputs();
        if (poll(watched, count, timeout()) == -1) {
            if (errno != EINTR)
                die_errno("poll failed");
            continue;
        }
        now = now_ms();
        /* Clients first: the descriptor of one that leaves may come back with
         * the next accept, and must not be taken for the one in this list.
         * Backwards, since the last one takes the place of one that leaves. All
         * are looked at on every turn: while one talks, poll need never run
         * into its timeout. */
        for (nfds_t i = count; i-- > CLIENTS;)
            if (watched[i].revents != 0)
                receive(i);
            else if (deadlines[i] <= now)
                leave(i);
        if (watched[LISTENER].revents != 0)
            accept_connections(listener);
    }
    free(watched);
    free(deadlines);
    return stop_server(listener);
}
