/*
 * draw.h: draws the demo's timeline with characters.
 *
 * A row is a client of a server, and time runs to the right:
 *
 *     ○━━━━━━━━●   the client sends, waits, and the server prints
 *     ●            sent and printed within this column's time
 *     ┄┄┄┄─────    connected, but not accepted yet; then accepted
 *
 * If the terminal has few rows, a row is a server, and the height of its bars
 * shows how many letters wait.
 */
#ifndef DRAW_H
#define DRAW_H

#include "timeline.h"

#include <stdbool.h>
#include <stdio.h>

/* The rest of a row is no wider than this. */
enum { COLUMNS_MAX = 400, COLUMNS_MIN = 60 };

enum colour { PLAIN, FAINT, BOLD, GOOD, BAD };

/* What is drawn on, and how. */
struct paper {
    const struct timeline *timeline;
    FILE *out;
    int columns;         /* COLUMNS_MIN to COLUMNS_MAX; the last stays free */
    bool over;           /* drawn over an older chart, see end_row */
    bool coloured;       /* with escape sequences for colour */
    bool unicode;        /* else with ASCII alone */
    bool row_per_client; /* else a row per server */
    bool spaced;         /* an empty row between servers */
    enum colour colour;  /* the current one */
};

/* Returns how many rows draw_chart will draw. */
int chart_rows(const struct paper *paper);

/* Draws the axis, the rows, and what the marks mean. */
void draw_chart(struct paper *paper);

/* Draws a row per server: in which order it printed the letters, and the
 * longest wait of each client. A chart with a row per client shows both. */
void draw_table(struct paper *paper);

/* Draws the conclusions of conclude(). */
void draw_conclusions(struct paper *paper);

/* Chooses a colour for what follows. */
void paint(struct paper *paper, enum colour colour);

/* Ends a row, and erases the rest of an older one if that is below it. */
void end_row(struct paper *paper);

#endif
