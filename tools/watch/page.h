/*
 * page.h: what the class sees: what to type, and a chart of who waits.
 */
#ifndef PAGE_H
#define PAGE_H

#include "../demo/draw.h"
#include "hosts.h"
#include "room.h"

#include <stdbool.h>

struct page {
    struct paper paper;
    int rows; /* of the terminal */
    bool live;
    struct hosts hosts;
    int port;
    char note[512];   /* what else is to be said, or "" */
    const char *next; /* the server after this one, or NULL */
    bool again;       /* there was one before */
    bool paused;
};

/* Draws the page. Returns its rows as text for free(3), or NULL if there is no
 * memory. Where there is no terminal it is only what to type. */
char *draw_page(struct page *page, const struct room *room);

#endif
