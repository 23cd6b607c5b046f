/*
 * slide.c: writes a session as SVG: a band for each server, with a row for each
 * person, all on one axis of time, which begins with the first connection to
 * each server. A server where nobody was is left out.
 */
#define _POSIX_C_SOURCE 200809L

#include "slide.h"

#include "../demo/svg.h"
#include "record.h"

#include <stdio.h>
#include <string.h>

enum { ROWS_MAX = 40, LETTERS = 128, NAME_LETTERS = 11 };

static const double row_min = 14, row_max = 28, gap = 10, slide_height = 720;
static const double foot = SVG_FOOT + 24;

/* What the parts know the time by. */
static struct timeline timeline = {.interval = 1};

/* Returns how many rows a room has, with one for those who have none. */
static int rows_of_room(const struct room *room)
{
    return room->count > ROWS_MAX ? ROWS_MAX + 1 : room->count;
}

static void write_person(const struct svg *svg, const struct person *person,
                         double y)
{
    char text[32];
    const struct client *client = &person->client;

    snprintf(text, sizeof text, "port %d", person->port);
    svg_text(svg, "person", SVG_LEFT - 12, y + 4.5,
             *person->name == '\0' ? text : person->name);
    svg_client(svg, client, client->accepted == NEVER && client->sent == 0, y);
    svg_text(svg, person->late ? "wait bad" : "wait good", SVG_WAITS, y + 4.5,
             format_duration(person->longest, text));
}

/* Writes a room. Returns where it ends. */
static double write_room(const struct svg *svg, const struct room *room,
                         double row, double y)
{
    int rows = rows_of_room(room);
    double end = y + rows * row;
    char text[64];

    svg_band(svg, y, rows * row);
    svg_lines(svg, "name", SVG_EDGE + 4, y + 20, 20, NAME_LETTERS, room->label);
    timeline.now = room->now;
    for (int i = 0; i < rows && i < ROWS_MAX; i++)
        write_person(svg, &room->people[i], y + (i + 0.5) * row);
    if (rows > ROWS_MAX) {
        snprintf(text, sizeof text, "and %d more", room->total - ROWS_MAX);
        svg_text(svg, "person", SVG_LEFT - 12, end - row / 2 + 4.5, text);
    }
    return end + gap;
}

/* Writes who waited in each room, below the title. Returns where it ends. */
static double write_conclusions(const struct svg *svg,
                                struct room *const *rooms, int count,
                                bool measure)
{
    double y = 93;

    for (int i = 0; i < count; i++) {
        char what[SENTENCE_SIZE], text[SENTENCE_SIZE + 64];

        describe_room(rooms[i], what);
        snprintf(text, sizeof text, "%s: %s", rooms[i]->label, what);
        if (measure)
            y += 25 * svg_count_lines(text, LETTERS);
        else
            y = svg_lines(
                svg, rooms[i]->late > 0 ? "conclusion bad" : "conclusion good",
                SVG_EDGE, y, 25, LETTERS, text);
    }
    return y;
}

/* Chooses where things are. Returns the height of a row. */
static double fit(struct svg *svg, struct room *const *rooms, int count)
{
    double row, room;
    int rows = 0;

    svg->end = 1;
    for (int i = 0; i < count; i++) {
        rows += rows_of_room(rooms[i]);
        if (rooms[i]->now > svg->end)
            svg->end = rooms[i]->now;
    }
    svg->top = write_conclusions(svg, rooms, count, true) + 34;
    room = slide_height - svg->top - foot - count * gap;
    row = rows == 0 ? row_max : room / rows;
    row = row > row_max ? row_max : row < row_min ? row_min : row;
    svg->bottom = svg->top + rows * row + count * gap - gap + 6;
    return row;
}

bool write_slide(struct room *const *rooms, int count, const char *path)
{
    struct svg svg = {.timeline = &timeline};
    double row = fit(&svg, rooms, count), y = svg.top;
    int people = 0;
    char title[96];
    bool failed;

    svg.out = fopen(path, "w");
    if (svg.out == NULL)
        return false;
    for (int i = 0; i < count; i++)
        if (rooms[i]->total > people)
            people = rooms[i]->total;
    snprintf(title, sizeof title,
             "Who waits? %d %s at %d server%s, one after "
             "the other",
             people, people == 1 ? "person" : "people", count,
             count == 1 ? "" : "s");
    if (count == 1)
        *strchr(title, ',') = '\0';
    svg_head(&svg, svg.bottom + foot - 6, title);
    write_conclusions(&svg, rooms, count, false);
    for (int i = 0; i < count; i++)
        y = write_room(&svg, rooms[i], row, y);
    svg_axis(&svg);
    svg_legend(&svg, true);
    fputs("</svg>\n", svg.out);
    failed = ferror(svg.out);
    return fclose(svg.out) == 0 && !failed;
}
