/*
 * draw.h: draws the demo's timeline with characters.
 *
 * A row is a client of a server, and time runs to the right:
 *
 *     ○━━━━━━━━●   the client sends, waits, and the server prints
 *     ●            sent and printed within this column's time
 *     ┄┄┄┄─────    connected, but not accepted yet; then accepted
 *
 * Where there is no room for all rows, servers that behave alike share theirs;
 * where that is not enough, so do clients that behave alike.
 */
#ifndef DRAW_H
#define DRAW_H

#include "timeline.h"

#include <stdbool.h>
#include <stdio.h>

/* In fewer columns than these nothing can be drawn. */
enum { COLUMNS_MAX = 400, COLUMNS_MIN = 34 };

enum colour { PLAIN, FAINT, BOLD, GOOD, BAD };

/* From the most rows to the fewest. */
enum layout {
    EACH_SPACED,   /* each server has rows, an empty one after it */
    EACH,          /* without it */
    SHARED_SPACED, /* servers that are alike share rows */
    SHARED,
    CLIENTS_SHARED, /* so do their clients */
    LAYOUTS
};

/* What is drawn on, and how. */
struct paper {
    const struct timeline *timeline;
    FILE *out;
    int columns;   /* COLUMNS_MIN to COLUMNS_MAX; the last stays free */
    bool over;     /* drawn over an older chart, see end_row */
    bool coloured; /* with escape sequences for colour */
    bool unicode;  /* else with ASCII alone */
    enum layout layout;
    enum colour colour; /* the current one */
};

/* Returns whether the columns are enough for the layout. */
bool layout_fits(const struct paper *paper);

/* Draws the axis, the rows, what the marks mean, and what to remember. */
void draw_chart(struct paper *paper);

/* Draws a text in as many rows as it needs, broken between words. */
void draw_text(struct paper *paper, enum colour colour, const char *text);

/* Chooses a colour for what follows. */
void paint(struct paper *paper, enum colour colour);

/* Ends a row, and erases the rest of an older one if that is below it. */
void end_row(struct paper *paper);

#endif
