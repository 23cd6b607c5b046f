/*
 * picture.c: writes the demo's timeline as SVG; picture.h says what for.
 *
 * The picture is 1280 units wide, and 720 high if the rows allow it: a slide.
 * svg.c has the parts that it is made of.
 */
#define _POSIX_C_SOURCE 200809L

#include "picture.h"

#include "group.h"
#include "svg.h"

#include <stdio.h>
#include <string.h>

static const double height = 720; /* if the rows allow it */
static const double gap = 10;     /* between servers */
static const double row_min = 13, row_max = 28;
static const double line_height = 20; /* of a name */

enum { CONCLUSION_LETTERS = 128, NAME_LETTERS = 20 };

/* What is drawn, where to, how high a client's row is, and where the rows begin
 * and end. */
struct picture {
    struct svg svg;
    struct group groups[SERVERS_MAX]; /* each has rows of its own */
    int count;
    bool share; /* clients that are alike share a row */
    double row;
};

/* Writes, to the right of a client's last mark, how many of its letters came in
 * one chunk, if more than one did: TCP keeps no borders between messages. */
static void write_chunk(const struct picture *picture,
                        const struct client *client, double y)
{
    int most = 0, size = 0;
    double time = NEVER;
    char text[32];

    for (int i = 0; i < client->printed; i++) {
        size = client->letters[i].printed == time ? size + 1 : 1;
        time = client->letters[i].printed;
        if (size > most)
            most = size;
    }
    if (most < 2)
        return;
    snprintf(text, sizeof text, "%d in one recv", most);
    svg_text(&picture->svg, "chunk faint", svg_x(&picture->svg, time) + 10,
             y + 4.5, text);
}

/* Writes a row for `count` clients from `first` on, which are alike. */
static void write_clients(const struct picture *picture,
                          const struct group *group, int first, int count,
                          double y)
{
    const struct timeline *timeline = picture->svg.timeline;
    const struct server *server = group_server(timeline, group);
    const struct client *client = &server->clients[first];
    double wait = group_wait(timeline, group, first, count);
    char letters[8], text[DURATION_SIZE];

    snprintf(letters, sizeof letters, count == 1 ? "%c" : "%c-%c", 'a' + first,
             'a' + first + count - 1);
    svg_text(&picture->svg, "letter", SVG_LEFT - 20, y + 4.5, letters);
    svg_client(&picture->svg, client, server->own, y);
    write_chunk(picture, client, y);
    svg_text(&picture->svg, is_long(timeline, wait) ? "wait bad" : "wait good",
             SVG_WAITS, y + 4.5, format_duration(wait, text));
}

/* Returns how many of a group's clients share the row of `first`. */
static int clients_in_row(const struct picture *picture,
                          const struct group *group, int first)
{
    return picture->share ? alike_clients(picture->svg.timeline, group, first)
                          : 1;
}

/* Returns how high a group is: its rows, or its names if they need more. */
static double height_of(const struct picture *picture,
                        const struct group *group)
{
    char names[GROUP_TEXT_SIZE];
    double rows = 0, lines;

    for (int i = 0; i < picture->svg.timeline->clients;
         i += clients_in_row(picture, group, i))
        rows += picture->row;
    group_names(picture->svg.timeline, group, names);
    if (group->count == 1)
        return rows;
    lines = line_height * (svg_count_lines(names, NAME_LETTERS) + 1) + 8;
    return rows > lines ? rows : lines;
}

/* Writes a group's names and how many clients it served at once, in the middle
 * of its height. */
static void write_names(const struct picture *picture,
                        const struct group *group, double y, double high)
{
    int clients = picture->svg.timeline->clients;
    bool all = group_server(picture->svg.timeline, group)->at_once >= clients;
    char names[GROUP_TEXT_SIZE], at_once[GROUP_TEXT_SIZE];
    int lines;

    group_names(picture->svg.timeline, group, names);
    group_at_once(picture->svg.timeline, group, at_once);
    lines = svg_count_lines(names, NAME_LETTERS) + (*at_once != '\0');
    y = svg_lines(&picture->svg, "name", SVG_EDGE + 4,
                  y + high / 2 + 16 - lines * line_height / 2, line_height,
                  NAME_LETTERS, names);
    svg_text(&picture->svg, all ? "good" : "bad", SVG_EDGE + 4, y, at_once);
}

/* Writes the background of the groups. */
static void write_bands(const struct picture *picture)
{
    double y = picture->svg.top;

    for (int i = 0; i < picture->count; i++) {
        double high = height_of(picture, &picture->groups[i]);

        svg_band(&picture->svg, y, high);
        y += high + gap;
    }
}

/* Writes a group, its rows in the middle. Returns where it ends. */
static double write_group(const struct picture *picture,
                          const struct group *group, double y)
{
    double high = height_of(picture, group), used = 0;
    int count;

    for (int i = 0; i < picture->svg.timeline->clients;
         i += clients_in_row(picture, group, i))
        used += picture->row;
    write_names(picture, group, y, high);
    used = y + (high - used + picture->row) / 2;
    for (int i = 0; i < picture->svg.timeline->clients; i += count) {
        count = clients_in_row(picture, group, i);
        write_clients(picture, group, i, count, used);
        used += picture->row;
    }
    return y + high;
}

/* Writes what comes before the rows. */
static void write_head(const struct picture *picture)
{
    const struct timeline *timeline = picture->svg.timeline;
    char title[96];

    snprintf(title, sizeof title,
             "Who waits? %d client%s at each of %d server%s", timeline->clients,
             timeline->clients == 1 ? "" : "s", timeline->servers,
             timeline->servers == 1 ? "" : "s");
    svg_head(&picture->svg, picture->svg.bottom + SVG_FOOT - 6, title);
}

/* Writes what to remember of each group, below the title, or measures it if
 * there is no file yet. Returns where it ends. */
static double write_conclusions(const struct picture *picture)
{
    struct group groups[SERVERS_MAX];
    int count = group_servers(picture->svg.timeline, false, groups);
    double y = 93;

    for (int i = 0; i < count; i++) {
        char names[GROUP_TEXT_SIZE], what[GROUP_TEXT_SIZE];
        char text[2 * GROUP_TEXT_SIZE + 2];
        bool good = conclude(picture->svg.timeline, &groups[i], what);

        group_names(picture->svg.timeline, &groups[i], names);
        snprintf(text, sizeof text, "%s: %s", names, what);
        if (picture->svg.out == NULL)
            y += 25 * svg_count_lines(text, CONCLUSION_LETTERS);
        else
            y = svg_lines(&picture->svg,
                          good ? "conclusion good" : "conclusion bad", SVG_EDGE,
                          y, 25, CONCLUSION_LETTERS, text);
    }
    return y;
}

/* Returns how high all groups are with rows of this height. */
static double height_of_groups(struct picture *picture, double row)
{
    double high = -gap;

    picture->row = row;
    for (int i = 0; i < picture->count; i++)
        high += height_of(picture, &picture->groups[i]) + gap;
    return high;
}

/* Gives each server rows if they fit a slide, else each group of servers, else
 * each group of clients in it. Then the rows get as high as fits. */
static void fit(struct picture *picture)
{
    double room, row = row_max;

    picture->svg.top = write_conclusions(picture) + 34;
    room = height - picture->svg.top - SVG_FOOT;
    for (int way = 0; way < 3; way++) {
        picture->count =
            group_servers(picture->svg.timeline, way == 0, picture->groups);
        picture->share = way == 2;
        if (height_of_groups(picture, row_min) <= room)
            break;
    }
    while (height_of_groups(picture, row) > room && row > row_min)
        row--;
    picture->svg.bottom =
        picture->svg.top + height_of_groups(picture, picture->row) + 6;
}

bool write_picture(const struct timeline *timeline, const char *path)
{
    struct picture picture = {
        .svg = {.timeline = timeline, .end = timeline_end(timeline)}};
    double y;
    bool failed;

    fit(&picture);
    picture.svg.out = fopen(path, "w");
    if (picture.svg.out == NULL)
        return false;
    write_head(&picture);
    write_conclusions(&picture);
    write_bands(&picture);
    svg_axis(&picture.svg);
    y = picture.svg.top;
    for (int i = 0; i < picture.count; i++)
        y = write_group(&picture, &picture.groups[i], y) + gap;
    svg_legend(&picture.svg, false);
    fputs("</svg>\n", picture.svg.out);
    failed = ferror(picture.svg.out);
    return fclose(picture.svg.out) == 0 && !failed;
}
