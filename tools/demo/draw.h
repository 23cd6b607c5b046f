/*
 * draw.h: draws the demo's timeline with characters, and rows for the chart of
 * tools/watch.
 *
 * A row is a client of a server, and time runs to the right:
 *
 *     ○━━━━━━━━●   the client sends, waits, and the server prints
 *     ●            sent and printed within this column's time
 *     ┄┄┄┄─────    connected, but not accepted yet; then accepted
 *     ──┤  ──×     the client closes its side; it resets the connection
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

enum { WAIT_COLUMNS = 9 /* "   0.4 ms", at the end of a row */ };

enum colour { PLAIN, FAINT, BOLD, GOOD, BAD };

/* What a cell of a row can show. */
enum cell {
    BLANK,
    QUEUED,
    ACCEPTED,
    SENT,
    WAITING,
    TAKEN,
    PRINTED,
    LEFT,
    RESET
};

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
    int margin;    /* columns to the left of the time */
    int right;     /* columns to the right of it */
    double begin;  /* the time of the first column, in seconds */
    double column; /* the time that a column stands for */
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

/* Returns how many columns time has between margin and right. */
int time_columns(const struct paper *paper);

/* Draws times above their columns up to `end`, a whole row of which the last
 * words are `heading`. */
void draw_axis(struct paper *paper, double end, const char *heading);

/* Draws what a client did in the columns of the time. `own` says that it is not
 * known when it was accepted, if nothing says so. */
void draw_client(struct paper *paper, const struct client *client, bool own);

/* Ends a row with the longest wait so far, if there was any. `bad`: people
 * notice it. */
void draw_wait(struct paper *paper, double wait, bool bad);

/* Draws a mark and what it means. */
void draw_mark(struct paper *paper, enum cell cell, const char *meaning);

/* Draws a text in as many rows as it needs, broken between words. */
void draw_text(struct paper *paper, enum colour colour, const char *text);

/* Chooses a colour for what follows. */
void paint(struct paper *paper, enum colour colour);

/* Ends a row, and erases the rest of an older one if that is below it. */
void end_row(struct paper *paper);

#endif
