/*
 * draw.c: draws the demo's timeline with characters; draw.h shows the result.
 *
 * Its escape sequences are those that all terminals know; see console_codes(4).
 */
#define _POSIX_C_SOURCE 200809L

#include "draw.h"

#include "group.h"

#include <stdio.h>
#include <string.h>

enum {
    NAME_COLUMNS = 17,  /* "kqueue (on epoll)" */
    NAMED_COLUMNS = 70, /* where names have room to the left of the rows */
    TICK_COLUMNS = 8,   /* between two times on the axis, at least */
    LEGEND_COLUMNS = 54 /* for all marks and their meanings in one row */
};

static const struct {
    const char *unicode, *ascii;
    enum colour colour;
} looks[] = {
    [BLANK] = {" ", " ", PLAIN},    [QUEUED] = {"┄", ".", FAINT},
    [ACCEPTED] = {"─", "-", FAINT}, [SENT] = {"○", "o", BAD},
    [WAITING] = {"━", "=", BAD},    [TAKEN] = {"?", "?", PLAIN},
    [PRINTED] = {"●", "*", GOOD},   [LEFT] = {"┤", "|", PLAIN},
    [RESET] = {"×", "x", BAD},
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

static bool each_has_rows(const struct paper *paper)
{
    return paper->layout == EACH_SPACED || paper->layout == EACH;
}

static bool is_spaced(const struct paper *paper)
{
    return paper->layout == EACH_SPACED || paper->layout == SHARED_SPACED;
}

bool layout_fits(const struct paper *paper)
{
    return !each_has_rows(paper) || paper->columns >= NAMED_COLUMNS;
}

/* Returns the columns to the left of the time: the name, if it stands there,
 * and the client's letter, or letters such as "b-d", between blanks. */
static int margin(const struct paper *paper)
{
    if (each_has_rows(paper))
        return NAME_COLUMNS + 3;
    return paper->layout == CLIENTS_SHARED ? 5 : 3;
}

int time_columns(const struct paper *paper)
{
    return paper->columns - 1 - paper->margin - paper->right;
}

/* Chooses what the columns stand for: all of the time. An interval is a whole
 * number of columns, so that all intervals look alike. */
static void spread_time(struct paper *paper)
{
    double end = timeline_end(paper->timeline);
    double interval = paper->timeline->interval;
    int columns;

    paper->margin = margin(paper);
    paper->right = WAIT_COLUMNS;
    paper->begin = 0;
    columns = (int)(time_columns(paper) * interval / end);
    paper->column =
        columns == 0 ? end / time_columns(paper) : interval / columns;
}

static double time_of(const struct paper *paper, int column)
{
    return paper->begin + column * paper->column;
}

static int column_of(const struct paper *paper, double time)
{
    int columns = time_columns(paper);
    /* A microsecond outweighs the rounding errors of whole intervals. */
    int column = (int)((time - paper->begin + 1e-6) / paper->column);

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

    if (letter->sent + wait < paper->begin)
        return;
    if (wait > paper->column)
        to = column_of(paper, letter->sent + wait);
    for (int i = from; i <= to; i++)
        if (cells[i] != SENT)
            raise_cell(&cells[i], WAITING);
    if (letter->sent >= paper->begin && cells[from] != PRINTED)
        cells[from] = SENT;
    if (letter->printed != NEVER && letter->outcome != IS_LOST)
        cells[to] = letter->outcome == IS_TAKEN ? TAKEN : PRINTED;
}

/* Marks that a client has left, to the right of marks in the same column. */
static void mark_end(const struct paper *paper, enum cell *cells,
                     const struct client *client)
{
    int column = column_of(paper, client->left);

    if (client->left == NEVER || client->left < paper->begin)
        return;
    while (column + 1 < time_columns(paper) &&
           (cells[column] == SENT || cells[column] >= TAKEN))
        column++;
    cells[column] = client->reset ? RESET : LEFT;
}

/* Marks a client. How long it was connected is left out where its server does
 * not say that. */
static void mark_client(const struct paper *paper, enum cell *cells,
                        const struct client *client, bool own)
{
    bool hidden = client->begun == NEVER || (own && client->accepted == NEVER);
    bool closed = client->closed != NEVER;
    double end = closed ? client->closed : paper->timeline->now;
    int from = column_of(paper, client->begun), to = column_of(paper, end);

    for (int i = from; !hidden && end >= paper->begin && i <= to; i++) {
        bool accepted = client->accepted != NEVER &&
                        client->accepted < time_of(paper, i + 1);

        raise_cell(&cells[i], accepted ? ACCEPTED : QUEUED);
    }
    for (int i = 0; i < client->sent; i++)
        mark_letter(paper, cells, &client->letters[i]);
    mark_end(paper, cells, client);
}

static void draw_cell(struct paper *paper, enum cell cell)
{
    paint(paper, looks[cell].colour);
    fputs(paper->unicode ? looks[cell].unicode : looks[cell].ascii, paper->out);
}

void draw_client(struct paper *paper, const struct client *client, bool own)
{
    enum cell cells[COLUMNS_MAX] = {BLANK};

    mark_client(paper, cells, client, own);
    for (int i = 0; i < time_columns(paper); i++)
        draw_cell(paper, cells[i]);
}

void draw_wait(struct paper *paper, double wait, bool bad)
{
    char text[DURATION_SIZE] = "";

    if (wait > 0)
        format_duration(wait, text);
    paint(paper, bad ? BAD : GOOD);
    fprintf(paper->out, "%*s", WAIT_COLUMNS, text);
    end_row(paper);
}

/* Draws the name to the left of a server's first row, and how many clients it
 * serves at once to the left of the second. */
static void draw_name(struct paper *paper, const struct group *group, int row)
{
    const struct server *server = group_server(paper->timeline, group);
    char text[GROUP_TEXT_SIZE] = "";

    if (row == 0) {
        paint(paper, BOLD);
        snprintf(text, sizeof text, "%s", server->label);
    } else if (row == 1) {
        paint(paper, server->at_once < paper->timeline->clients ? BAD : GOOD);
        group_at_once(paper->timeline, group, text);
        if (server->own && server->accepts == 0)
            snprintf(text, sizeof text, "? at once");
    }
    fprintf(paper->out, "%-*.*s", NAME_COLUMNS, NAME_COLUMNS, text);
    paint(paper, PLAIN);
}

/* Draws a row for each of the group's clients, or for those that are alike. */
static void draw_clients(struct paper *paper, const struct group *group)
{
    const struct server *server = group_server(paper->timeline, group);
    bool share = paper->layout == CLIENTS_SHARED;
    int clients = paper->timeline->clients, count = 1;
    double wait;

    for (int i = 0; i < clients; i += count) {
        if (share)
            count = alike_clients(paper->timeline, group, i);
        if (each_has_rows(paper))
            draw_name(paper, group, i);
        fprintf(paper->out, count == 1 ? " %c " : " %c-%c ", 'a' + i,
                'a' + i + count - 1);
        fputs(share && count == 1 ? "  " : "", paper->out);
        draw_client(paper, &server->clients[i], server->own);
        wait = group_wait(paper->timeline, group, i, count);
        draw_wait(paper, wait, is_long(paper->timeline, wait));
    }
}

void draw_axis(struct paper *paper, double end, const char *heading)
{
    int columns = time_columns(paper), column = -2;
    double step = timeline_step(end - paper->begin, columns / TICK_COLUMNS);
    int first = (int)(paper->begin / step);

    fprintf(paper->out, "%*s", paper->margin - 2, "");
    for (int i = first; i * step < end; i++) {
        char text[DURATION_SIZE];
        int length = snprintf(text, sizeof text, "%g s", i * step);
        int begin = column_of(paper, i * step) - length / 2;

        if (i * step < paper->begin || begin < column ||
            begin + length > columns)
            continue;
        fprintf(paper->out, "%*s%s", begin - column, "", text);
        column = begin + length;
    }
    fprintf(paper->out, "%*s", columns - column + paper->right, heading);
    end_row(paper);
}

void draw_mark(struct paper *paper, enum cell cell, const char *meaning)
{
    fputs("   ", paper->out);
    draw_cell(paper, cell);
    paint(paper, PLAIN);
    fprintf(paper->out, " %s", meaning);
}

static void draw_legend(struct paper *paper)
{
    bool wide = paper->columns >= LEGEND_COLUMNS + paper->margin / 2;

    fprintf(paper->out, "%*s", wide ? paper->margin - 3 : 0, "");
    draw_mark(paper, SENT, "sent");
    draw_mark(paper, WAITING, "waits");
    draw_mark(paper, PRINTED, "printed");
    if (!wide)
        end_row(paper);
    draw_mark(paper, QUEUED, "not accepted yet");
    end_row(paper);
}

/* Draws what happened in a group: "poll, epoll: the same, 4 at once, ...". */
static void draw_conclusion(struct paper *paper, const struct group *group)
{
    char names[GROUP_TEXT_SIZE], what[GROUP_TEXT_SIZE];
    char text[2 * GROUP_TEXT_SIZE + 16];
    bool good = conclude(paper->timeline, group, what);
    bool same = !each_has_rows(paper) && group->count > 1;

    group_names(paper->timeline, group, names);
    snprintf(text, sizeof text, "%s%s%s%s%s", names,
             same || *what != '\0' ? ": " : "", same ? "the same" : "",
             same && *what != '\0' ? ", " : "", what);
    draw_text(paper, good ? GOOD : BAD, text);
}

/* Draws the groups with the conclusions above their rows. */
static void draw_groups(struct paper *paper, const struct group *groups,
                        int count)
{
    for (int i = 0; i < count; i++) {
        if (is_spaced(paper))
            end_row(paper);
        if (!each_has_rows(paper))
            draw_conclusion(paper, &groups[i]);
        draw_clients(paper, &groups[i]);
    }
}

void draw_chart(struct paper *paper)
{
    struct group groups[SERVERS_MAX];
    bool each = each_has_rows(paper);

    spread_time(paper);
    draw_axis(paper, timeline_end(paper->timeline), "waited");
    draw_groups(paper, groups, group_servers(paper->timeline, each, groups));
    if (is_spaced(paper))
        end_row(paper);
    draw_legend(paper);
    if (each) {
        int count = group_servers(paper->timeline, false, groups);

        end_row(paper);
        for (int i = 0; i < count; i++)
            draw_conclusion(paper, &groups[i]);
    }
}

void draw_text(struct paper *paper, enum colour colour, const char *text)
{
    size_t most = (size_t)paper->columns - 1;

    while (*text != '\0') {
        size_t length = line_length(text, most);

        paint(paper, colour);
        fprintf(paper->out, "%.*s", (int)length, text);
        end_row(paper);
        text += length;
        while (*text == ' ')
            text++;
    }
}
