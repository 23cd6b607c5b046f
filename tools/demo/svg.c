/*
 * svg.c: the parts that pictures of clients are made of; svg.h says which.
 *
 * Only the style sheet says what an element looks like, once for light viewers
 * and once for dark ones.
 *
 * See https://www.w3.org/TR/SVG11/.
 */
#define _POSIX_C_SOURCE 200809L

#include "svg.h"

#include "group.h"

#include <stdio.h>
#include <string.h>

static const double left = SVG_LEFT, right = SVG_RIGHT;

enum { TICKS_MAX = 8 };

static const char style[] =
    "<style>\n"
    "text { font-family: 'Helvetica Neue', Helvetica, Arial, 'DejaVu Sans',"
    " sans-serif; font-size: 16px; fill: #1c2126 }\n"
    ".title { font-size: 34px; font-weight: bold }\n"
    ".conclusion { font-size: 20px }\n"
    ".name { font-size: 18px; font-weight: bold }\n"
    ".letter { font-size: 14px; text-anchor: middle }\n"
    ".person { font-size: 14px; text-anchor: end }\n"
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
    ".taken { fill: #8a939d }\n"
    ".left { stroke: #57606a }\n"
    ".reset { stroke: #b5440a }\n"
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
    ".taken { fill: #a4aeb8 }\n"
    ".left { stroke: #a4aeb8 }\n"
    ".reset { stroke: #ff9a5c }\n"
    ".printed { fill: #37cc9d }\n"
    ".good { fill: #4fd8ac }\n"
    ".bad { fill: #ff9a5c }\n"
    "}\n"
    "</style>\n";

void svg_head(const struct svg *svg, double height, const char *title)
{
    fprintf(svg->out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" "
            "viewBox=\"0 0 %.0f %.0f\">\n<title>%s</title>\n%s"
            "<rect class=\"page\" width=\"%.0f\" height=\"%.0f\"/>\n",
            SVG_WIDTH, height, title, style, SVG_WIDTH, height);
    svg_text(svg, "title", SVG_EDGE, 58, title);
    svg_text(svg, "wait faint", SVG_WAITS, svg->top - 12, "longest wait");
}

void svg_band(const struct svg *svg, double y, double height)
{
    fprintf(svg->out,
            "<rect class=\"band\" x=\"%.0f\" y=\"%.1f\" width=\"%.0f\" "
            "height=\"%.1f\" rx=\"6\"/>\n",
            SVG_EDGE - 8, y - 2, SVG_WIDTH - 2 * SVG_EDGE + 16, height + 4);
}

double svg_x(const struct svg *svg, double time)
{
    double x = left + (right - left) * time / svg->end;

    return x < left ? left : x;
}

static void svg_line(const struct svg *svg, const char *class, double x1,
                     double y1, double x2, double y2)
{
    fprintf(svg->out,
            "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" "
            "y2=\"%.1f\"/>\n",
            class, x1, y1, x2, y2);
}

static void svg_mark(const struct svg *svg, const char *class, double x,
                     double y)
{
    fprintf(svg->out,
            "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%s\"/>\n", class,
            x, y, strcmp(class, "sent") == 0 ? "4" : "5");
}

int svg_count_lines(const char *text, int most)
{
    int count = 0;

    for (; *text != '\0'; count++) {
        text += line_length(text, (size_t)most);
        text += strspn(text, " ");
    }
    return count;
}

void svg_text(const struct svg *svg, const char *class, double x, double y,
              const char *text)
{
    fprintf(svg->out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">", class, x, y);
    for (; *text != '\0'; text++)
        if (*text == '<')
            fputs("&lt;", svg->out);
        else if (*text == '&')
            fputs("&amp;", svg->out);
        else
            putc(*text, svg->out);
    fputs("</text>\n", svg->out);
}

double svg_lines(const struct svg *svg, const char *class, double x, double y,
                 double step, int most, const char *text)
{
    char line[GROUP_TEXT_SIZE];

    while (*text != '\0') {
        int length = (int)line_length(text, (size_t)most);

        snprintf(line, sizeof line, "%.*s", length, text);
        svg_text(svg, class, x, y, line);
        text += length;
        text += strspn(text, " ");
        y += step;
    }
    return y;
}

static void write_connection(const struct svg *svg, const struct client *client,
                             bool own, double y)
{
    double now = svg->timeline->now;
    double closed = client->closed == NEVER ? now : client->closed;
    double accepted = client->accepted == NEVER ? closed : client->accepted;

    if (client->begun == NEVER || (own && client->accepted == NEVER))
        return;
    svg_line(svg, "queued", svg_x(svg, client->begun), y, svg_x(svg, accepted),
             y);
    svg_line(svg, "accepted", svg_x(svg, accepted), y, svg_x(svg, closed), y);
}

/* Writes a client's letters, the waits first, so that they cover no mark. */
static void write_letters(const struct svg *svg, const struct client *client,
                          double y)
{
    for (int i = 0; i < client->sent; i++) {
        const struct letter *letter = &client->letters[i];
        double end = letter->sent + letter_wait(svg->timeline, letter);

        if (svg_x(svg, end) - svg_x(svg, letter->sent) > 3)
            svg_line(svg, "waits", svg_x(svg, letter->sent), y, svg_x(svg, end),
                     y);
    }
    for (int i = 0; i < client->sent; i++)
        svg_mark(svg, "sent", svg_x(svg, client->letters[i].sent), y);
    for (int i = 0; i < client->printed; i++)
        if (client->letters[i].outcome != IS_LOST)
            svg_mark(svg,
                     client->letters[i].outcome == IS_TAKEN ? "taken"
                                                            : "printed",
                     svg_x(svg, client->letters[i].printed), y);
}

/* Writes that a client has left: a stroke, or a cross. */
static void write_end(const struct svg *svg, double x, double y, bool reset)
{
    if (!reset) {
        svg_line(svg, "left", x, y - 6, x, y + 6);
        return;
    }
    svg_line(svg, "reset", x - 5, y - 5, x + 5, y + 5);
    svg_line(svg, "reset", x - 5, y + 5, x + 5, y - 5);
}

void svg_client(const struct svg *svg, const struct client *client, bool own,
                double y)
{
    write_connection(svg, client, own, y);
    write_letters(svg, client, y);
    if (client->left != NEVER)
        write_end(svg, svg_x(svg, client->left), y, client->reset);
}

void svg_axis(const struct svg *svg)
{
    double step = timeline_step(svg->end, TICKS_MAX);

    for (int i = 0; i * step < svg->end; i++) {
        double x = svg_x(svg, i * step);
        char text[32];

        snprintf(text, sizeof text, "%g s", i * step);
        svg_line(svg, "grid", x, svg->top - 8, x, svg->bottom);
        svg_text(svg, "time faint", x, svg->bottom + 20, text);
    }
}

void svg_legend(const struct svg *svg, bool ends)
{
    double y = svg->bottom + 56, middle = y - 5;

    svg_mark(svg, "sent", left, middle);
    svg_text(svg, "", left + 14, y, "sent by the client");
    svg_line(svg, "waits", left + 182, middle, left + 232, middle);
    svg_text(svg, "", left + 244, y, "waits");
    svg_mark(svg, "printed", left + 330, middle);
    svg_text(svg, "", left + 344, y, "printed by the server");
    svg_line(svg, "queued", left + 540, middle, left + 590, middle);
    svg_text(svg, "", left + 602, y, "not accepted yet");
    svg_line(svg, "accepted", left + 758, middle, left + 808, middle);
    svg_text(svg, "", left + 820, y, "accepted");
    if (!ends)
        return;
    write_end(svg, left, middle + 24, false);
    svg_text(svg, "", left + 14, y + 24, "left");
    write_end(svg, left + 182, middle + 24, true);
    svg_text(svg, "", left + 200, y + 24, "reset");
    svg_mark(svg, "taken", left + 330, middle + 24);
    svg_text(svg, "", left + 344, y + 24,
             "received; the server does not say whose words it prints");
}
