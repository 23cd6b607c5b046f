/*
 * selector.h: one way of waiting for many descriptors, as the loop sees it.
 *
 * It is what Python's `selectors` is under asyncio: the one place in this
 * project where the ways to wait stand behind a common interface. Each
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

    /* Watches a descriptor for input from now on. (Python's name, `register`,
     * is a word of C.) Returns false, with errno, if that fails. */
    bool (*watch)(int fd);

    /* Watches it no longer. Call it before the descriptor is closed. */
    void (*unwatch)(int fd);

    /* Sleeps until something is ready, a signal comes, or `ms` milliseconds
     * are over (-1: no limit), and calls ready() for each descriptor that is.
     * It is level-triggered: what was not read is reported again. Returns
     * false, with errno, if it fails. */
    bool (*wait)(int ms, void (*ready)(int fd));
};

/* Those that this system has are linked in. */
extern const struct selector selector_select, selector_poll, selector_epoll,
    selector_kqueue;

#endif
