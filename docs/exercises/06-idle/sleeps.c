/*
 * sleeps.c: poll(2) that writes to standard error, before each call, how long
 * it may sleep: "sleep 250", or "sleep -1" for as long as it takes.
 *
 * The check compiles the server with -Dpoll=sleeps_poll.
 */
#define _POSIX_C_SOURCE 200809L

#include <poll.h>
#include <stdio.h>

int sleeps_poll(struct pollfd *list, nfds_t count, int ms);

int sleeps_poll(struct pollfd *list, nfds_t count, int ms)
{
    fprintf(stderr, "sleep %d\n", ms);
    return poll(list, count, ms);
}
