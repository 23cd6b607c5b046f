/*
 * picture.c: writes the demo's timeline as SVG; picture.h says what for.
 *
 * The picture is 1280 units wide, and 720 high if the rows allow it: a slide.
 * Only the style sheet says what an element looks like, once for light viewers
 * and once for dark ones.
 *
 * See https://www.w3.org/TR/SVG11/.
 */
#define _POSIX_C_SOURCE 200809L

#include "picture.h"

#include "group.h"

#include <stdio.h>
#include <string.h>

static const double width = 1280;
static const double height = 720; /* if the rows allow it */
static const double edge = 32;    /* empty on each side */
static const double left = 250;   /* where time begins */
static const double right = 1115; /* and ends; the waits are to its right */
static const double foot = 84;    /* the height of the axis and the legend */
static const double gap = 10;     /* between servers */
static const double row_min = 13, row_max = 28;
static const double line_height = 20; /* of a name */

enum { TICKS_MAX = 8, CONCLUSION_LETTERS = 128, NAME_LETTERS = 20 };

static const char style[] =
    "<style>\n"
    "text { font-family: 'Helvetica Neue', Helvetica, Arial, 'DejaVu Sans',"
    " sans-serif; font-size: 16px; fill: #1c2126 }\n"
    ".title { font-size: 34px; font-weight: bold }\n"
    ".conclusion { font-size: 20px }\n"
    ".name { font-size: 18px; font-weight: bold }\n"
    ".letter { font-size: 14px; text-anchor: middle }\n"
    ".time { text-anchor: middle }\n"
    ".wait { font-size: 14px; text-anchor: end }\n"
    ".chunk { font-size: 13px }\n"
    "line { stroke-width: 2 }\n"
    ".page { fill: #ffffff }\n"
    ".band { fill: #f3f5f7 }\n"
    ".faint { fill: #57606a }\n"
    ".grid { stroke: #d3d8de; stroke-width: 1 }\n"
    ".accepted { stroke: #a3abb4 }\n"
    ".queued { stroke: #a3abb4; stroke-dasharray: 2 5 }\n"
    ".waits { stroke: #e0601a; stroke-width: 5 }\n"
    ".sent { fill: #ffffff; stroke: #c8500f; stroke-width: 2 }\n"
    ".printed { fill: #0a7d5c }\n"
    ".good { fill: #08694d }\n"
    ".bad { fill: #b5440a }\n"
    "@media (prefers-color-scheme: dark) {\n"
    "text { fill: #e8ecf0 }\n"
    ".page { fill: #14181d }\n"
    ".band { fill: #1e242b }\n"
    ".faint { fill: #a4aeb8 }\n"
    ".grid { stroke: #39424c }\n"
    ".accepted, .queued { stroke: #6c7783 }\n"
    ".waits { stroke: #e8702a }\n"
    ".sent { fill: #14181d; stroke: #ff9a5c }\n"
    ".printed { fill: #37cc9d }\n"
    ".good { fill: #4fd8ac }\n"
    ".bad { fill: #ff9a5c }\n"
    "}\n"
    "</style>\n";

/* What is drawn, where to, how high a client's row is, and where the rows begin
 * and end. */
struct picture {
    const struct timeline *timeline;
    FILE *out;
    struct group groups[SERVERS_MAX]; /* each has rows of its own */
    int count;
    bool share; /* clients that are alike share a row */
    double row, top, bottom;
};

static double x_of(const struct picture *picture, double time)
{
    double x = left + (right - left) * time / timeline_end(picture->timeline);

    return x < left ? left : x;
}

static void write_line(const struct picture *picture, const char *class,
                       double x1, double y1, double x2, double y2)
{
    fprintf(picture->out,
            "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" "
            "y2=\"%.1f\"/>\n",
            class, x1, y1, x2, y2);
}

static void write_mark(const struct picture *picture, const char *class,
                       double x, double y)
{
    fprintf(picture->out,
            "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%s\"/>\n", class,
            x, y, strcmp(class, "sent") == 0 ? "4" : "5");
}

static int count_lines(const char *text, int most)
{
    int count = 0;

    for (; *text != '\0'; count++) {
        text += line_length(text, (size_t)most);
        text += strspn(text, " ");
    }
    return count;
}

static void write_text(const struct picture *picture, const char *class,
                       double x, double y, const char *text)
{
    fprintf(picture->out,
            "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", class, x, y,
            text);
}

/* Writes a text in as many lines as it needs. Returns where the next one would
 * be. */
static double write_lines(const struct picture *picture, const char *class,
                          double x, double y, double step, int most,
                          const char *text)
{
    char line[GROUP_TEXT_SIZE];

    for (; *text != '\0'; y += step) {
        int length = (int)line_length(text, (size_t)most);

        snprintf(line, sizeof line, "%.*s", length, text);
        write_text(picture, class, x, y, line);
        text += length;
        text += strspn(text, " ");
    }
    return y;
}

/* Writes the line from a client's start to its end, dashed until the server
 * accepts it; none where the server does not say when that was. */
static void write_connection(const struct picture *picture,
                             const struct client *client, bool own, double y)
{
    double now = picture->timeline->now;
    double closed = client->closed == NEVER ? now : client->closed;
    double accepted = client->accepted == NEVER ? closed : client->accepted;

    if (client->begun == NEVER || (own && client->accepted == NEVER))
        return;
    write_line(picture, "queued", x_of(picture, client->begun), y,
               x_of(picture, accepted), y);
    write_line(picture, "accepted", x_of(picture, accepted), y,
               x_of(picture, closed), y);
}

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
    write_text(picture, "chunk faint", x_of(picture, time) + 10, y + 4.5, text);
}

/* Writes a client's letters, the waits first, so that they cover no mark. */
static void write_letters(const struct picture *picture,
                          const struct client *client, double y)
{
    for (int i = 0; i < client->sent; i++) {
        const struct letter *letter = &client->letters[i];
        double end = letter->sent + letter_wait(picture->timeline, letter);

        if (x_of(picture, end) - x_of(picture, letter->sent) > 3)
            write_line(picture, "waits", x_of(picture, letter->sent), y,
                       x_of(picture, end), y);
    }
    for (int i = 0; i < client->sent; i++)
        write_mark(picture, "sent", x_of(picture, client->letters[i].sent), y);
    for (int i = 0; i < client->printed; i++)
        write_mark(picture, "printed",
                   x_of(picture, client->letters[i].printed), y);
    write_chunk(picture, client, y);
}

/* Writes a row for `count` clients from `first` on, which are alike. */
static void write_clients(const struct picture *picture,
                          const struct group *group, int first, int count,
                          double y)
{
    const struct timeline *timeline = picture->timeline;
    const struct server *server = group_server(timeline, group);
    const struct client *client = &server->clients[first];
    double wait = group_wait(timeline, group, first, count);
    char letters[8], text[DURATION_SIZE];

    snprintf(letters, sizeof letters, count == 1 ? "%c" : "%c-%c", 'a' + first,
             'a' + first + count - 1);
    write_text(picture, "letter", left - 20, y + 4.5, letters);
    write_connection(picture, client, server->own, y);
    write_letters(picture, client, y);
    write_text(picture, is_long(timeline, wait) ? "wait bad" : "wait good",
               width - edge - 12, y + 4.5, format_duration(wait, text));
}

/* Returns how many of a group's clients share the row of `first`. */
static int clients_in_row(const struct picture *picture,
                          const struct group *group, int first)
{
    return picture->share ? alike_clients(picture->timeline, group, first) : 1;
}

/* Returns how high a group is: its rows, or its names if they need more. */
static double height_of(const struct picture *picture,
                        const struct group *group)
{
    char names[GROUP_TEXT_SIZE];
    double rows = 0, lines;

    for (int i = 0; i < picture->timeline->clients;
         i += clients_in_row(picture, group, i))
        rows += picture->row;
    group_names(picture->timeline, group, names);
    if (group->count == 1)
        return rows;
    lines = line_height * (count_lines(names, NAME_LETTERS) + 1) + 8;
    return rows > lines ? rows : lines;
}

/* Writes a group's names and how many clients it served at once, in the middle
 * of its height. */
static void write_names(const struct picture *picture,
                        const struct group *group, double y, double high)
{
    int clients = picture->timeline->clients;
    bool all = group_server(picture->timeline, group)->at_once >= clients;
    char names[GROUP_TEXT_SIZE], at_once[GROUP_TEXT_SIZE];
    int lines;

    group_names(picture->timeline, group, names);
    group_at_once(picture->timeline, group, at_once);
    lines = count_lines(names, NAME_LETTERS) + (*at_once != '\0');
    y = write_lines(picture, "name", edge + 4,
                    y + high / 2 + 16 - lines * line_height / 2, line_height,
                    NAME_LETTERS, names);
    write_text(picture, all ? "good" : "bad", edge + 4, y, at_once);
}

/* Writes what the groups stand on. */
static void write_bands(const struct picture *picture)
{
    double y = picture->top;

    for (int i = 0; i < picture->count; i++) {
        double high = height_of(picture, &picture->groups[i]);

        fprintf(picture->out,
                "<rect class=\"band\" x=\"%.0f\" y=\"%.1f\" width=\"%.0f\" "
                "height=\"%.1f\" rx=\"6\"/>\n",
                edge - 8, y - 2, width - 2 * edge + 16, high + 4);
        y += high + gap;
    }
}

/* Writes a group, its rows in the middle. Returns where it ends. */
static double write_group(const struct picture *picture,
                          const struct group *group, double y)
{
    double high = height_of(picture, group), used = 0;
    int count;

    for (int i = 0; i < picture->timeline->clients;
         i += clients_in_row(picture, group, i))
        used += picture->row;
    write_names(picture, group, y, high);
    used = y + (high - used + picture->row) / 2;
    for (int i = 0; i < picture->timeline->clients; i += count) {
        count = clients_in_row(picture, group, i);
        write_clients(picture, group, i, count, used);
        used += picture->row;
    }
    return y + high;
}

static void write_axis(const struct picture *picture)
{
    double end = timeline_end(picture->timeline);
    double step = timeline_step(picture->timeline, TICKS_MAX);

    for (int i = 0; i * step < end; i++) {
        double x = x_of(picture, i * step);
        char text[32];

        snprintf(text, sizeof text, "%g s", i * step);
        write_line(picture, "grid", x, picture->top - 8, x, picture->bottom);
        write_text(picture, "time faint", x, picture->bottom + 20, text);
    }
}

static void write_legend(const struct picture *picture)
{
    double y = picture->bottom + 56, middle = y - 5;

    write_mark(picture, "sent", left, middle);
    write_text(picture, "", left + 14, y, "sent by the client");
    write_line(picture, "waits", left + 182, middle, left + 232, middle);
    write_text(picture, "", left + 244, y, "waits");
    write_mark(picture, "printed", left + 330, middle);
    write_text(picture, "", left + 344, y, "printed by the server");
    write_line(picture, "queued", left + 540, middle, left + 590, middle);
    write_text(picture, "", left + 602, y, "not accepted yet");
    write_line(picture, "accepted", left + 758, middle, left + 808, middle);
    write_text(picture, "", left + 820, y, "accepted");
}

/* Writes what comes before the rows: the style sheet, the page, which is `page`
 * high, and the title. */
static void write_head(const struct picture *picture, double page)
{
    const struct timeline *timeline = picture->timeline;
    char title[96];

    snprintf(title, sizeof title,
             "Who waits? %d client%s at each of %d server%s", timeline->clients,
             timeline->clients == 1 ? "" : "s", timeline->servers,
             timeline->servers == 1 ? "" : "s");
    fprintf(picture->out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" "
            "viewBox=\"0 0 %.0f %.0f\">\n<title>%s</title>\n%s"
            "<rect class=\"page\" width=\"%.0f\" height=\"%.0f\"/>\n",
            width, page, title, style, width, page);
    write_text(picture, "title", edge, 58, title);
    write_text(picture, "wait faint", width - edge - 12, picture->top - 12,
               "longest wait");
}

/* Writes what to remember of each group, below the title, or measures it if
 * there is no file yet. Returns where it ends. */
static double write_conclusions(const struct picture *picture)
{
    struct group groups[SERVERS_MAX];
    int count = group_servers(picture->timeline, false, groups);
    double y = 93;

    for (int i = 0; i < count; i++) {
        char names[GROUP_TEXT_SIZE], what[GROUP_TEXT_SIZE];
        char text[2 * GROUP_TEXT_SIZE + 2];
        bool good = conclude(picture->timeline, &groups[i], what);

        group_names(picture->timeline, &groups[i], names);
        snprintf(text, sizeof text, "%s: %s", names, what);
        if (picture->out == NULL)
            y += 25 * count_lines(text, CONCLUSION_LETTERS);
        else
            y = write_lines(picture,
                            good ? "conclusion good" : "conclusion bad", edge,
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
    double room;

    picture->top = write_conclusions(picture) + 34;
    room = height - picture->top - foot;
    for (int way = 0; way < 3; way++) {
        picture->count =
            group_servers(picture->timeline, way == 0, picture->groups);
        picture->share = way == 2;
        if (height_of_groups(picture, row_min) <= room)
            break;
    }
    for (double row = row_max; row >= row_min; row--)
        if (height_of_groups(picture, row) <= room)
            break;
    picture->bottom =
        picture->top + height_of_groups(picture, picture->row) + 6;
}

bool write_picture(const struct timeline *timeline, const char *path)
{
    struct picture picture = {.timeline = timeline};
    double y;
    bool failed;

    fit(&picture);
    picture.out = fopen(path, "w");
    if (picture.out == NULL)
        return false;
    write_head(&picture, picture.bottom + foot - 6);
    write_conclusions(&picture);
    write_bands(&picture);
    write_axis(&picture);
    y = picture.top;
    for (int i = 0; i < picture.count; i++)
        y = write_group(&picture, &picture.groups[i], y) + gap;
    write_legend(&picture);
    fputs("</svg>\n", picture.out);
    failed = ferror(picture.out);
    return fclose(picture.out) == 0 && !failed;
}
