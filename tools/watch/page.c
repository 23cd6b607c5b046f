/*
 * page.c: draws what the class sees; see page.h.
 *
 * The chart has a row for each person, with the marks of the demo, and scrolls
 * once it is full. Where there are more people than rows, those who have left
 * go first, and the others are counted.
 *
 * See open_memstream(3), console_codes(4).
 */
#define _POSIX_C_SOURCE 200809L

#include "page.h"

#include "large.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    MARGIN = 14,       /* the name and blanks */
    BYTES_COLUMNS = 8, /* "  1.2 MB" */
    BYTES_FROM = 60,   /* columns, where there is room for them */
    LARGE_FROM = 22,   /* rows, where large letters leave enough */
    TEXT_SIZE = 1024
};

static const double column_seconds = 0.5;

/* What draw.c knows the time by. */
static struct timeline timeline = {.interval = 1};

static void __attribute__((format(printf, 3, 4)))
say(struct page *page, enum colour colour, const char *format, ...)
{
    char text[TEXT_SIZE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (*text == '\0')
        end_row(&page->paper);
    draw_text(&page->paper, colour, text);
}

/* Draws who is there, and who waits. */
static void draw_title(struct page *page, const struct room *room)
{
    char wait[DURATION_SIZE];
    int waiting = count_waiting(room);
    const char *paused = page->paused ? " (paused)" : "";

    if (room->total == 0)
        say(page, BOLD, "%s%s%s", room->label,
            page->again ? ": everybody was disconnected, so connect again"
                        : ": nobody is connected yet",
            paused);
    else
        say(page, waiting > 0 ? BAD : BOLD,
            "%s: %d %s, waiting now %d, longest wait %s%s", room->label,
            room->total, room->total == 1 ? "person" : "people", waiting,
            format_duration(room->longest, wait), paused);
    if (*page->note != '\0')
        say(page, BAD, "%s", page->note);
    if (room->view == NOTHING)
        say(page, FAINT,
            "This system does not show who is not accepted yet "
            "and what waits.");
    if (room->unknown > 0)
        say(page, FAINT,
            "Lines printed of which %s does not say whose they "
            "are: %ld",
            room->label, room->unknown);
}

/* Draws what to type in each program that can connect. */
static void draw_ways(struct page *page)
{
    const char *host = page->hosts.name[0];
    int port = page->port;
    char others[HOSTS_MAX * (HOST_SIZE + 3)] = "";

    for (int i = 1; i < page->hosts.count; i++) {
        size_t used = strlen(others);

        snprintf(others + used, sizeof others - used, "%s%s", i > 1 ? ", " : "",
                 page->hosts.name[i]);
    }
    if (*others != '\0')
        say(page, PLAIN, "In place of %s, also: %s", host, others);
    say(page, PLAIN, "%s", "");
    say(page, PLAIN, "Linux, macOS:  nc %s %d", host, port);
    say(page, PLAIN, "with Nmap:     ncat %s %d", host, port);
    say(page, PLAIN, "bash alone:    cat >/dev/tcp/%s/%d", host, port);
    say(page, PLAIN, "PowerShell:");
    say(page, PLAIN,
        "$s=(New-Object Net.Sockets.TcpClient '%s',%d).GetStream(); "
        "for(;;){$b=[Text.Encoding]::UTF8.GetBytes((Read-Host)+\"`n\"); "
        "$s.Write($b,0,$b.Length)}",
        host, port);
}

/* Draws what to type: all of it while nobody is there. */
static void draw_instructions(struct page *page, bool all)
{
    char text[HOST_SIZE + 16];

    snprintf(text, sizeof text, "nc %s %d", page->hosts.name[0], page->port);
    if (all) {
        say(page, PLAIN, "%s", "");
        say(page, PLAIN, "Type this in a terminal, then your name and Enter:");
        say(page, PLAIN, "%s", "");
    }
    if (!page->live || (!all && page->rows < LARGE_FROM) ||
        !draw_large(&page->paper, text))
        say(page, BOLD, "%s", text);
    if (all) {
        say(page, PLAIN, "%s", "");
        draw_ways(page);
    }
}

static void format_bytes(long bytes, char *text, size_t size)
{
    *text = '\0';
    if (bytes >= 1000000)
        snprintf(text, size, "%.1f MB", (double)bytes / 1e6);
    else if (bytes >= 10000)
        snprintf(text, size, "%.0f kB", (double)bytes / 1e3);
    else if (bytes > 0)
        snprintf(text, size, "%ld B", bytes);
}

static void draw_person(struct page *page, const struct person *person)
{
    struct paper *paper = &page->paper;
    bool open = person->client.closed == NEVER;
    char text[32];

    paint(paper, open ? BOLD : FAINT);
    snprintf(text, sizeof text, "port %d", person->port);
    write_name(paper->out, *person->name == '\0' ? text : person->name, MARGIN,
               paper->unicode);
    /* A terminal may have other widths than this system. */
    if (paper->over)
        fprintf(paper->out, "\033[%dG", MARGIN + 1);
    draw_client(paper, &person->client, false);
    if (paper->right > WAIT_COLUMNS) {
        format_bytes(open ? person->bytes : 0, text, sizeof text);
        paint(paper, PLAIN);
        fprintf(paper->out, "%*s", BYTES_COLUMNS, text);
    }
    draw_wait(paper, person->longest, person->late);
}

/* Whether a person is still to be seen on the chart. */
static bool is_on_chart(const struct page *page, const struct person *person)
{
    return person->client.closed == NEVER ||
           person->client.closed >= page->paper.begin;
}

static void draw_people(struct page *page, const struct room *room, int places)
{
    int there = 0, drawn = 0, more = 0, waiting = 0;

    for (int i = 0; i < room->count; i++)
        there += is_on_chart(page, &room->people[i]);
    if (there > places)
        places--;
    for (int i = 0; i < room->count; i++) {
        const struct person *person = &room->people[i];

        if (!is_on_chart(page, person))
            continue;
        if (person->client.closed != NEVER && there > places) {
            there--;
        } else if (drawn < places) {
            draw_person(page, person);
            drawn++;
        } else {
            more++;
            waiting += is_waiting(room, person);
        }
    }
    if (more > 0)
        say(page, BOLD, "and %d more, of whom wait: %d", more, waiting);
}

/* Chooses which time is shown: the end of it. */
static void scroll(struct page *page, const struct room *room)
{
    struct paper *paper = &page->paper;
    double span;

    paper->timeline = &timeline;
    timeline.now = room->now;
    paper->margin = MARGIN;
    paper->right = WAIT_COLUMNS;
    if (paper->columns >= BYTES_FROM)
        paper->right += BYTES_COLUMNS;
    paper->column = column_seconds;
    span = time_columns(paper) * column_seconds;
    paper->begin = 0;
    if (room->now >= span)
        paper->begin =
            ((int)((room->now - span) / column_seconds) + 1) * column_seconds;
}

static void draw_legend(struct page *page, const struct room *room)
{
    static const struct {
        enum cell cell;
        const char *words;
    } marks[] = {
        {SENT, "sent"},      {WAITING, "waits"},           {PRINTED, "printed"},
        {TAKEN, "received"}, {QUEUED, "not accepted yet"}, {LEFT, "left"},
        {RESET, "reset"}};
    int column = 0;

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        int columns = 5 + (int)strlen(marks[i].words);

        if (marks[i].cell == (room->labelled ? TAKEN : PRINTED))
            continue;
        if (column + columns >= page->paper.columns) {
            end_row(&page->paper);
            column = 0;
        }
        draw_mark(&page->paper, marks[i].cell, marks[i].words);
        column += columns;
    }
    end_row(&page->paper);
}

static int rows_so_far(FILE *out, char *const *text)
{
    int rows = 0;

    fflush(out);
    for (const char *at = *text; *at != '\0'; at++)
        rows += *at == '\n';
    return rows;
}

static void draw_chart_of(struct page *page, const struct room *room,
                          char *const *text)
{
    double span = time_columns(&page->paper) * column_seconds;
    int below = page->paper.columns < 75 ? 3 : 2;

    draw_axis(&page->paper, page->paper.begin + span,
              page->paper.right > WAIT_COLUMNS ? "bytes   waited" : "waited");
    draw_people(page, room,
                page->rows - 1 - below - rows_so_far(page->paper.out, text));
    draw_legend(page, room);
}

char *draw_page(struct page *page, const struct room *room)
{
    char *text = NULL;
    size_t size;

    page->paper.out = open_memstream(&text, &size);
    if (page->paper.out == NULL)
        return NULL;
    page->paper.over = page->live;
    if (page->live)
        draw_title(page, room);
    draw_instructions(page, room->total == 0);
    if (page->live) {
        scroll(page, room);
        if (room->total > 0)
            draw_chart_of(page, room, &text);
        if (page->next != NULL)
            say(page, PLAIN, "n: next, %s   p: pause   q: end", page->next);
        else
            say(page, PLAIN, "p: pause   q: end");
    }
    return fclose(page->paper.out) == 0 ? text : NULL;
}
