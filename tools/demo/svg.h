/*
 * svg.h: the parts that pictures of clients are made of, for the demo's and for
 * that of tools/watch: SVG 1.1 that refers to no other file, and is light or
 * dark as its viewer is.
 */
#ifndef SVG_H
#define SVG_H

#include "timeline.h"

#include <stdbool.h>
#include <stdio.h>

/* The horizontal positions. Time is between SVG_LEFT and SVG_RIGHT, and the
 * waits end at SVG_WAITS. Nothing is in SVG_EDGE on each side. SVG_FOOT is the
 * height of the axis and the legend. */
#define SVG_WIDTH 1280.0
#define SVG_EDGE 32.0
#define SVG_LEFT 250.0
#define SVG_RIGHT 1115.0
#define SVG_WAITS (SVG_WIDTH - SVG_EDGE - 12)
#define SVG_FOOT 84.0

struct svg {
    const struct timeline *timeline; /* its `now` ends what is not over */
    FILE *out;
    double end;         /* where the time axis ends, in seconds */
    double top, bottom; /* between them are the rows */
};

/* Writes what comes first: the style sheet, the page, and the title. */
void svg_head(const struct svg *svg, double height, const char *title);

/* Write a text, any text, from `x` on or as the class aligns it. svg_lines
 * writes it in as many lines of `most` letters as it needs, and returns where
 * the next line would be. */
void svg_text(const struct svg *svg, const char *class, double x, double y,
              const char *text);
double svg_lines(const struct svg *svg, const char *class, double x, double y,
                 double step, int most, const char *text);

/* Returns how many lines svg_lines needs. */
int svg_count_lines(const char *text, int most);

/* Writes the background of a group of rows. */
void svg_band(const struct svg *svg, double y, double height);

/* Writes a client in the row at `y`: the line from its start to its end,
 * dashed until the server accepts it, what it sent, and how it left.
 * `own`: see draw_client. */
void svg_client(const struct svg *svg, const struct client *client, bool own,
                double y);

/* Returns where a time is. */
double svg_x(const struct svg *svg, double time);

/* Writes times below the rows, and lines from there upwards. */
void svg_axis(const struct svg *svg);

/* Writes what the marks mean; a second line if `ends` explains those of clients
 * that left. */
void svg_legend(const struct svg *svg, bool ends);

#endif
