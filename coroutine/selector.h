/*
 * selector.h: one way of waiting for many descriptors, as the loop uses it.
 *
 * It is like Python's module `selectors`, on which asyncio is built. Only here
 * in this project do the ways to wait have a common interface. Each
 * selector_*.c has the same functions in the same order.
 */
#ifndef SELECTOR_H
#define SELECTOR_H

#include <stdbool.h>

struct selector {
    const char *name; /* what --selector calls it */
    int limit;        /* descriptors from this number on cannot be watched */

    /* Prepares for watching. Returns false, with errno, if that fails. */
    bool (*open)(void);

    /* Watches a descriptor for input from now on. (Python calls it `register`,
     * which is a keyword in C.) Returns false, with errno, if that fails. */
    bool (*watch)(int fd);

    /* Stops watching a descriptor. Call it before closing the descriptor. */
    void (*unwatch)(int fd);

    /* Sleeps until a descriptor is ready, a signal comes, or `ms` milliseconds
     * are over (-1: no limit), and calls ready() for each ready descriptor. It
     * is level-triggered: data that was not read is reported again. Returns
     * false, with errno, if it fails. */
    bool (*wait)(int ms, void (*ready)(int fd));
};

/* Only those that this system has are linked in. */
extern const struct selector selector_select, selector_poll, selector_epoll,
    selector_kqueue;

#endif
