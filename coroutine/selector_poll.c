/*
 * coroutine/selector_poll.c: waits with poll(2); see poll/server.c.
 */
#define _POSIX_C_SOURCE 200809L

#include "../common/error.h"
#include "selector.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>

static struct pollfd *watched;
static nfds_t count, room;

/* Where each descriptor stands in the list. */
static nfds_t *places;
static size_t places_room;

static int poll_open(void)
{
    count = room = 0;
    places_room = 0;
    return 0;
}

/* Makes an array of `size`-byte members longer, twice as long as needed.
 * Returns 0, or -1 and errno with the array as it was. */
static int grow(void **array, size_t needed, size_t size)
{
    void *larger = realloc(*array, 2 * needed * size);

    if (larger == NULL)
        return -1;
    *array = larger;
    return 0;
}

static int poll_watch(int fd)
{
    size_t needed = (size_t)fd + 1;

    if (count == room) {
        void *array = watched;

        if (grow(&array, room + 1, sizeof *watched) == -1)
            return -1;
        watched = array;
        room = 2 * (room + 1);
    }
    if (needed > places_room) {
        void *array = places;

        if (grow(&array, needed, sizeof *places) == -1)
            return -1;
        places = array;
        places_room = 2 * needed;
    }
    places[fd] = count;
    watched[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
    return 0;
}

static void poll_forget(int fd)
{
    nfds_t place = places[fd];

    watched[place] = watched[--count];
    places[watched[place].fd] = place;
}

static void poll_wait(int ms, void (*ready)(int fd))
{
    int found = poll(watched, count, ms);

    if (found == -1 && errno != EINTR)
        die_errno("poll failed");
    for (nfds_t i = 0; found > 0 && i < count; i++)
        if (watched[i].revents != 0) {
            ready(watched[i].fd);
            found--;
        }
}

static void poll_close(void)
{
    free(watched);
    free(places);
    watched = NULL;
    places = NULL;
}

const struct selector selector_poll = {
    .name = "poll",
    .limit = INT_MAX,
    .open = poll_open,
    .watch = poll_watch,
    .forget = poll_forget,
    .wait = poll_wait,
    .close = poll_close,
};
