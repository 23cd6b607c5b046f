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

#include <stdio.h>
#include <string.h>

static const double width = 1280;
static const double height = 720; /* if the rows allow it */
static const double edge = 32;    /* empty on each side */
static const double left = 250;   /* where time begins */
static const double right = 1115; /* and ends; the waits are to its right */
static const double top = 152;    /* of the first row, below the title */
static const double foot = 84;    /* the height of the axis and the legend */
static const double gap = 10;     /* between servers */
static const double row_min = 13, row_max = 28;

enum { TICKS_MAX = 8 };

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

/* What is drawn, where to, how high a client's row is, and where the rows end.
 */
struct picture {
    const struct timeline *timeline;
    FILE *out;
    double row, bottom;
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

static void write_text(const struct picture *picture, const char *class,
                       double x, double y, const char *text)
{
    fprintf(picture->out,
            "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", class, x, y,
            text);
}

/* Writes the line from a client's start to its end, dashed until the server
 * accepts it. */
static void write_connection(const struct picture *picture,
                             const struct client *client, double y)
{
    double now = picture->timeline->now;
    double closed = client->closed == NEVER ? now : client->closed;
    double accepted = client->accepted == NEVER ? closed : client->accepted;

    if (client->begun == NEVER)
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

static void write_client(const struct picture *picture,
                         const struct client *client, char letter, double y)
{
    const struct timeline *timeline = picture->timeline;
    double wait = client_wait(timeline, client);
    char text[DURATION_SIZE] = {letter};

    write_text(picture, "letter", left - 20, y + 4.5, text);
    write_connection(picture, client, y);
    write_letters(picture, client, y);
    write_text(picture, is_long(timeline, wait) ? "wait bad" : "wait good",
               width - edge - 12, y + 4.5, format_duration(wait, text));
}

/* Returns where the rows of a server begin. */
static double top_of(const struct picture *picture, int server)
{
    return top + server * (picture->timeline->clients * picture->row + gap);
}

static void write_band(const struct picture *picture, int server)
{
    fprintf(picture->out,
            "<rect class=\"band\" x=\"%.0f\" y=\"%.1f\" width=\"%.0f\" "
            "height=\"%.1f\" rx=\"6\"/>\n",
            edge - 8, top_of(picture, server) - 2, width - 2 * edge + 16,
            picture->timeline->clients * picture->row + 4);
}

static void write_server(const struct picture *picture,
                         const struct server *server, double y)
{
    int clients = picture->timeline->clients;
    double middle = y + clients * picture->row / 2;
    bool all = server->at_once >= clients;
    char text[32];

    if (clients == 1) {
        write_text(picture, "name", edge + 4, middle + 6, server->label);
    } else {
        snprintf(text, sizeof text,
                 server->at_once == 1 ? "one at a time" : "%d at once",
                 server->at_once);
        write_text(picture, "name", edge + 4, middle - 2, server->label);
        write_text(picture, all ? "good" : "bad", edge + 4, middle + 18, text);
    }
    for (int i = 0; i < clients; i++)
        write_client(picture, &server->clients[i], (char)('a' + i),
                     y + (i + 0.5) * picture->row);
}

static void write_axis(const struct picture *picture)
{
    double end = timeline_end(picture->timeline);
    double step = timeline_step(picture->timeline, TICKS_MAX);

    for (int i = 0; i * step < end; i++) {
        double x = x_of(picture, i * step);
        char text[32];

        snprintf(text, sizeof text, "%g s", i * step);
        write_line(picture, "grid", x, top - 8, x, picture->bottom);
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
 * high, the title and the conclusions. */
static void write_head(const struct picture *picture, double page)
{
    const struct timeline *timeline = picture->timeline;
    struct conclusion lines[CONCLUSIONS_MAX];
    int count = conclude(timeline, lines);
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
    for (int i = 0; i < count; i++)
        write_text(picture,
                   lines[i].good ? "conclusion good" : "conclusion bad", edge,
                   93 + 25 * i, lines[i].text);
    write_text(picture, "wait faint", width - edge - 12, top - 12,
               "longest wait");
}

/* Sets the height of the rows so that they fill a slide, if they are then
 * readable. */
static void fit(struct picture *picture)
{
    int rows = picture->timeline->servers * picture->timeline->clients;
    double gaps = (picture->timeline->servers - 1) * gap;

    picture->row = (height - top - foot - gaps) / rows;
    if (picture->row < row_min)
        picture->row = row_min;
    if (picture->row > row_max)
        picture->row = row_max;
    picture->bottom = top + rows * picture->row + gaps + 6;
}

bool write_picture(const struct timeline *timeline, const char *path)
{
    struct picture picture = {.timeline = timeline, .out = fopen(path, "w")};
    bool failed;

    if (picture.out == NULL)
        return false;
    fit(&picture);
    write_head(&picture, picture.bottom + foot - 6);
    for (int i = 0; i < timeline->servers; i++)
        write_band(&picture, i);
    write_axis(&picture);
    for (int i = 0; i < timeline->servers; i++)
        write_server(&picture, &timeline->server[i], top_of(&picture, i));
    write_legend(&picture);
    fputs("</svg>\n", picture.out);
    failed = ferror(picture.out);
    return fclose(picture.out) == 0 && !failed;
}
