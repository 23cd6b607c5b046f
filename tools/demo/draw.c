/*
 * draw.c: draws the demo's timeline with characters; draw.h shows the result.
 *
 * Its escape sequences are those that all terminals know; see console_codes(4).
 */
#define _POSIX_C_SOURCE 200809L

#include "draw.h"

#include <stdio.h>
#include <string.h>

enum {
    NAME_COLUMNS = 17, /* "kqueue (on epoll)" */
    WAIT_COLUMNS = 9,  /* "   0.4 ms" */
    TICK_COLUMNS = 8,  /* between two times on the axis, at least */
    BARS = 8
};

/* What a cell of a row can show. If clients share a row, a cell shows the
 * greatest of theirs. */
enum cell { BLANK, QUEUED, ACCEPTED, SENT, WAITING, PRINTED };

static const struct {
    const char *unicode, *ascii;
    enum colour colour;
} looks[] = {
    [BLANK] = {" ", " ", PLAIN},    [QUEUED] = {"┄", ".", FAINT},
    [ACCEPTED] = {"─", "-", FAINT}, [SENT] = {"○", "o", BAD},
    [WAITING] = {"━", "=", BAD},    [PRINTED] = {"●", "*", GOOD},
};

void paint(struct paper *paper, enum colour colour)
{
    static const char *const escapes[] = {"\033[m", "\033[;2m", "\033[;1m",
                                          "\033[;1;32m", "\033[;1;31m"};

    if (paper->coloured && colour != paper->colour)
        fputs(escapes[colour], paper->out);
    paper->colour = colour;
}

void end_row(struct paper *paper)
{
    paint(paper, PLAIN);
    fputs(paper->over ? "\033[K\n" : "\n", paper->out);
}

/* Returns the columns to the left of the time: the name, a blank, the client's
 * letter or how many clients are served at once, and another blank. */
static int margin(const struct paper *paper)
{
    return NAME_COLUMNS + (paper->row_per_client ? 3 : 13);
}

static int time_columns(const struct paper *paper)
{
    return paper->columns - 1 - margin(paper) - WAIT_COLUMNS;
}

/* Returns the time that a column stands for. An interval is a whole number of
 * columns, so that all intervals look alike. */
static double column_time(const struct paper *paper)
{
    double end = timeline_end(paper->timeline);
    double interval = paper->timeline->interval;
    int columns = (int)(time_columns(paper) * interval / end);

    return columns == 0 ? end / time_columns(paper) : interval / columns;
}

static double time_of(const struct paper *paper, int column)
{
    return column * column_time(paper);
}

static int column_of(const struct paper *paper, double time)
{
    int columns = time_columns(paper);
    /* A microsecond outweighs the rounding errors of whole intervals. */
    int column = (int)((time + 1e-6) / column_time(paper));

    if (column < 0)
        return 0;
    return column < columns ? column : columns - 1;
}

static void raise_cell(enum cell *cell, enum cell to)
{
    if (*cell < to)
        *cell = to;
}

/* Marks a letter, and its wait if that is longer than a cell. Neither the wait
 * of another letter nor its sending covers the mark. */
static void mark_letter(const struct paper *paper, enum cell *cells,
                        const struct letter *letter)
{
    double wait = letter_wait(paper->timeline, letter);
    int from = column_of(paper, letter->sent), to = from;

    if (wait > time_of(paper, 1))
        to = column_of(paper, letter->sent + wait);
    for (int i = from; i <= to; i++)
        if (cells[i] != SENT)
            raise_cell(&cells[i], WAITING);
    if (cells[from] != PRINTED)
        cells[from] = SENT;
    if (letter->printed != NEVER)
        cells[to] = PRINTED;
}

static void mark_client(const struct paper *paper, enum cell *cells,
                        const struct client *client)
{
    bool closed = client->closed != NEVER;
    int from = column_of(paper, client->begun);
    int to = column_of(paper, closed ? client->closed : paper->timeline->now);

    if (client->begun == NEVER)
        return;
    for (int i = from; i <= to; i++) {
        bool accepted = client->accepted != NEVER &&
                        client->accepted < time_of(paper, i + 1);

        raise_cell(&cells[i], accepted ? ACCEPTED : QUEUED);
    }
    for (int i = 0; i < client->sent; i++)
        mark_letter(paper, cells, &client->letters[i]);
}

static void draw_cell(struct paper *paper, enum cell cell)
{
    paint(paper, looks[cell].colour);
    fputs(paper->unicode ? looks[cell].unicode : looks[cell].ascii, paper->out);
}

static void draw_client_cells(struct paper *paper, const struct client *client)
{
    enum cell cells[COLUMNS_MAX] = {BLANK};

    mark_client(paper, cells, client);
    for (int i = 0; i < time_columns(paper); i++)
        draw_cell(paper, cells[i]);
}

/* Draws how many letters wait: as a bar, or as a digit. */
static void draw_waiting(struct paper *paper, int waiting)
{
    static const char *const bars[BARS] = {"▁", "▂", "▃", "▄",
                                           "▅", "▆", "▇", "█"};
    int most = paper->timeline->clients * paper->timeline->rounds;

    paint(paper, BAD);
    if (waiting == 0)
        waiting = 1;
    if (paper->unicode)
        fputs(bars[(waiting * BARS - 1) / most], paper->out);
    else
        fprintf(paper->out, "%d", waiting < 9 ? waiting : 9);
}

static void draw_server_cells(struct paper *paper, const struct server *server)
{
    const struct timeline *timeline = paper->timeline;
    enum cell cells[COLUMNS_MAX] = {BLANK};

    for (int i = 0; i < timeline->clients; i++) {
        enum cell own[COLUMNS_MAX] = {BLANK};

        mark_client(paper, own, &server->clients[i]);
        for (int j = 0; j < time_columns(paper); j++)
            raise_cell(&cells[j], own[j]);
    }
    for (int i = 0; i < time_columns(paper); i++)
        if (cells[i] == WAITING || cells[i] == SENT)
            draw_waiting(paper, letters_waiting(timeline, server,
                                                time_of(paper, i + 1)));
        else
            draw_cell(paper, cells[i]);
}

/* Ends a row with the longest wait so far, if there was any. */
static void draw_wait(struct paper *paper, double wait)
{
    char text[DURATION_SIZE] = "";

    if (wait > 0)
        format_duration(wait, text);
    paint(paper, is_long(paper->timeline, wait) ? BAD : GOOD);
    fprintf(paper->out, "%*s", WAIT_COLUMNS, text);
    end_row(paper);
}

/* Draws how many clients the server has served at once so far. */
static void draw_at_once(struct paper *paper, const struct server *server,
                         int columns)
{
    char text[32] = "";

    if (server->at_once == 1)
        snprintf(text, sizeof text, "1 at a time");
    else if (server->at_once > 1)
        snprintf(text, sizeof text, "%d at once", server->at_once);
    paint(paper, server->at_once < paper->timeline->clients ? BAD : GOOD);
    fprintf(paper->out, "%-*s", columns, text);
    paint(paper, PLAIN);
}

static void draw_name(struct paper *paper, const char *name)
{
    paint(paper, BOLD);
    fprintf(paper->out, "%-*.*s", NAME_COLUMNS, NAME_COLUMNS, name);
    paint(paper, PLAIN);
}

/* Draws a server in a row per client. */
static void draw_clients(struct paper *paper, const struct server *server)
{
    for (int i = 0; i < paper->timeline->clients; i++) {
        const struct client *client = &server->clients[i];

        if (i == 1)
            draw_at_once(paper, server, NAME_COLUMNS);
        else
            draw_name(paper, i == 0 ? server->label : "");
        fprintf(paper->out, " %c ", 'a' + i);
        draw_client_cells(paper, client);
        draw_wait(paper, client_wait(paper->timeline, client));
    }
}

static void draw_server(struct paper *paper, const struct server *server)
{
    draw_name(paper, server->label);
    fputc(' ', paper->out);
    draw_at_once(paper, server, margin(paper) - NAME_COLUMNS - 1);
    draw_server_cells(paper, server);
    draw_wait(paper, server_wait(paper->timeline, server));
}

/* Draws times in the middle above their columns. */
static void draw_axis(struct paper *paper)
{
    int columns = time_columns(paper), column = -2;
    double step = timeline_step(paper->timeline, columns / TICK_COLUMNS);

    fprintf(paper->out, "%*s", margin(paper) - 2, "");
    for (int i = 0; i * step < timeline_end(paper->timeline); i++) {
        char text[DURATION_SIZE];
        int length = snprintf(text, sizeof text, "%g s", i * step);
        int begin = column_of(paper, i * step) - length / 2;

        if (begin < column || begin + length > columns)
            continue;
        fprintf(paper->out, "%*s%s", begin - column, "", text);
        column = begin + length;
    }
    fprintf(paper->out, "%*s", columns - column + WAIT_COLUMNS, "waited");
    end_row(paper);
}

static void draw_mark(struct paper *paper, enum cell cell, const char *meaning)
{
    fputs("   ", paper->out);
    draw_cell(paper, cell);
    paint(paper, PLAIN);
    fprintf(paper->out, " %s", meaning);
}

static void draw_legend(struct paper *paper)
{
    fprintf(paper->out, "%*s", margin(paper) - 3, "");
    if (paper->row_per_client) {
        draw_mark(paper, SENT, "sent");
        draw_mark(paper, WAITING, "waits");
        draw_mark(paper, PRINTED, "printed");
        draw_mark(paper, QUEUED, "not accepted yet");
    } else {
        draw_mark(paper, PRINTED, "printed");
        fputs("   ", paper->out);
        draw_waiting(paper, 1);
        draw_waiting(paper, paper->timeline->clients * paper->timeline->rounds);
        paint(paper, PLAIN);
        fputs(" letters that wait", paper->out);
    }
    end_row(paper);
}

int chart_rows(const struct paper *paper)
{
    const struct timeline *timeline = paper->timeline;
    int rows = paper->row_per_client ? timeline->clients : 1;

    return 2 + timeline->servers * rows +
           (paper->spaced ? timeline->servers + 1 : 0);
}

void draw_chart(struct paper *paper)
{
    draw_axis(paper);
    for (int i = 0; i < paper->timeline->servers; i++) {
        if (paper->spaced)
            end_row(paper);
        if (paper->row_per_client)
            draw_clients(paper, &paper->timeline->server[i]);
        else
            draw_server(paper, &paper->timeline->server[i]);
    }
    if (paper->spaced)
        end_row(paper);
    draw_legend(paper);
}

/* Draws the letters in the order in which they were printed, as far as they
 * fit. */
static void draw_order(struct paper *paper, const char *order, int columns)
{
    bool fits = (int)strlen(order) <= columns;

    fprintf(paper->out, "  %-*.*s%s", fits ? columns : columns - 2,
            fits ? columns : columns - 2, order, fits ? "" : "..");
}

void draw_table(struct paper *paper)
{
    const struct timeline *timeline = paper->timeline;
    int room = paper->columns - 1 - NAME_COLUMNS - 2;
    int order = timeline->clients * timeline->rounds;
    int clients = timeline->clients;

    /* Clients that do not fit next to 8 letters of the order are left out. */
    if (clients > (room - 8) / WAIT_COLUMNS)
        clients = (room - 8) / WAIT_COLUMNS;
    if (order > room - clients * WAIT_COLUMNS)
        order = room - clients * WAIT_COLUMNS;
    draw_name(paper, "");
    fprintf(paper->out, "  %-*.*s", order, order, "printed");
    for (int i = 0; i < clients; i++)
        fprintf(paper->out, "%*c waits", WAIT_COLUMNS - 6, 'a' + i);
    end_row(paper);
    for (int i = 0; i < timeline->servers; i++) {
        const struct server *server = &timeline->server[i];

        draw_name(paper, server->label);
        draw_order(paper, server->order, order);
        for (int j = 0; j < clients; j++) {
            char text[DURATION_SIZE];
            double wait = client_wait(timeline, &server->clients[j]);

            paint(paper, is_long(timeline, wait) ? BAD : GOOD);
            fprintf(paper->out, "%*s", WAIT_COLUMNS,
                    format_duration(wait, text));
        }
        end_row(paper);
    }
}

/* Draws a text in as many rows as it needs, broken between words. */
static void draw_text(struct paper *paper, const char *text)
{
    size_t most = (size_t)paper->columns - 1;

    while (strlen(text) > most) {
        size_t length = most;

        while (length > 1 && text[length] != ' ')
            length--;
        fprintf(paper->out, "%.*s", (int)length, text);
        end_row(paper);
        text += length + 1;
    }
    fputs(text, paper->out);
    end_row(paper);
}

void draw_conclusions(struct paper *paper)
{
    struct conclusion lines[CONCLUSIONS_MAX];
    int count = conclude(paper->timeline, lines);

    for (int i = 0; i < count; i++) {
        paint(paper, lines[i].good ? GOOD : BAD);
        draw_text(paper, lines[i].text);
    }
}
