/*
 * chart.c: shows the demo while it runs, as a chart in a terminal, redrawn 25
 * times a second, or as lines of text elsewhere. At the end it prints the
 * conclusions and writes a picture for a slide.
 *
 *     build/tools/chart DIRECTORY CLIENTS ROUNDS SECONDS VIA PICTURE SERVER...
 *
 * tools/demo/demo.sh runs it. DIRECTORY has the files that timeline.h lists,
 * which the clients and servers are writing; VIA is the program that connects
 * the clients, such as "nc"; PICTURE is the file to write; SERVER is a name,
 * such as "epoll" or "kqueue (on epoll)".
 *
 * The exit status is 0 if each letter was printed.
 *
 * screen.c has the terminal.
 *
 * See open_memstream(3), nanosleep(2).
 */
#define _POSIX_C_SOURCE 200809L

#include "draw.h"
#include "picture.h"
#include "screen.h"
#include "timeline.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FRAME_MS = 40 };

/* How long to wait, in seconds, for letters that should be printed by now. */
static const double patience = 3;

static struct timeline timeline;
static struct paper paper = {.timeline = &timeline};

static bool live; /* whether there is a terminal */
static int rows;  /* how many it has */

static const char *via;
static volatile sig_atomic_t stopped;

static void on_stop(int number)
{
    stopped = number;
}

/* Handles these signals even if the shell has made the program ignore SIGINT,
 * as it does after `&`: the cursor must be shown again. */
static void stop_on_signals(void)
{
    struct sigaction action = {.sa_handler = on_stop};

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

/* Draws a row that says what happens in the demo. */
static void draw_title(void)
{
    char clients[16] = "Client a", servers[64], pace[32], times[16];
    char title[256];

    if (timeline.clients > 1)
        snprintf(clients, sizeof clients, "Clients a to %c",
                 'a' + timeline.clients - 1);
    snprintf(servers, sizeof servers, "%s", timeline.server[0].label);
    if (timeline.servers > 1)
        snprintf(servers, sizeof servers, "each of %d servers",
                 timeline.servers);
    snprintf(pace, sizeof pace, "every %g s", timeline.interval);
    snprintf(times, sizeof times, "%d times", timeline.rounds);
    snprintf(title, sizeof title, "%s, through %s, at %s: a letter %s, %s",
             clients, via, servers, timeline.interval == 1 ? "a second" : pace,
             timeline.rounds == 1 ? "once" : times);
    draw_text(&paper, BOLD, title);
}

/* Draws a title, the chart and a last line in the first layout that leaves a
 * row free, or in the last one, and returns its rows as text for free(3). NULL:
 * there is no memory. Where there is no terminal, the title was the first line.
 */
static char *draw_all(const char *last)
{
    char *text = NULL;
    size_t size;

    for (int i = 0; i < LAYOUTS; i++) {
        paper.layout = (enum layout)i;
        if (!layout_fits(&paper))
            continue;
        free(text);
        paper.out = open_memstream(&text, &size);
        if (paper.out == NULL)
            return NULL;
        if (live)
            draw_title();
        else
            end_row(&paper);
        draw_chart(&paper);
        draw_text(&paper, PLAIN, last);
        if (fclose(paper.out) != 0)
            return NULL;
        if (!live || rows_of(text) < rows)
            break;
    }
    return text;
}

/* Shows the chart in place of the last one. */
static void draw_frame(void)
{
    char *text = NULL;

    if (measure_screen(&paper, &rows))
        text = draw_all(timeline.start == 0 ? "The clients connect ..."
                                            : "Ctrl+C ends this.");
    show_frame(text, rows);
    free(text);
}

/* Prints a line in the middle of each interval, if there is no terminal. */
static void print_progress(int interval)
{
    int sent = 0, waiting[SERVERS_MAX] = {0}, all_waiting = 0;

    for (int i = 0; i < timeline.servers; i++) {
        const struct server *server = &timeline.server[i];

        for (int j = 0; j < timeline.clients; j++)
            sent += server->clients[j].sent;
        waiting[i] = letters_waiting(&timeline, server);
        all_waiting += waiting[i];
    }
    printf("%6g s: %d letters sent, %d printed",
           (interval + 0.5) * timeline.interval, sent, sent - all_waiting);
    for (int i = 0, count = 0; i < timeline.servers; i++)
        if (waiting[i] > 0)
            printf("%s %d at %s", count++ == 0 ? "; waiting:" : ",", waiting[i],
                   timeline.server[i].label);
    putchar('\n');
    fflush(stdout);
}

/* Shows what happens until all is done, or should have been. */
static void watch(void)
{
    struct timespec frame = {.tv_nsec = FRAME_MS * 1000000L};
    double limit = timeline.rounds * timeline.interval + patience;
    int told = 0;

    do {
        read_timeline(&timeline);
        if (live)
            draw_frame();
        else if (timeline.now > (told + 0.5) * timeline.interval)
            print_progress(told++);
        if (timeline_complete(&timeline))
            return;
        nanosleep(&frame, NULL);
    } while (!stopped && timeline.now < limit);
}

/* Prints the end and writes the picture. Returns whether both succeeded. */
static bool print_end(const char *picture)
{
    char last[1024];
    char *text;

    timeline.over = true;
    live = live && choose_screen(&paper, &rows);
    if (!write_picture(&timeline, picture)) {
        fprintf(stderr, "chart: cannot write %s: %s\n", picture,
                strerror(errno));
        return false;
    }
    snprintf(last, sizeof last, "For a slide: %s", picture);
    text = draw_all(last);
    if (text != NULL && fputs(text, stdout) != EOF && fflush(stdout) == 0) {
        free(text);
        return true;
    }
    fprintf(stderr, "chart: cannot write: %s\n", strerror(errno));
    return false;
}

/* Reads the command line. Returns false if it is wrong. */
static bool parse(int argc, char **argv)
{
    if (argc < 8 || argc - 7 > SERVERS_MAX)
        return false;
    timeline.directory = argv[1];
    timeline.clients = atoi(argv[2]);
    timeline.rounds = atoi(argv[3]);
    timeline.interval = strtod(argv[4], NULL);
    via = argv[5];
    for (int i = 7; i < argc; i++)
        timeline.server[timeline.servers++].label = argv[i];
    return timeline.clients >= 1 && timeline.clients <= CLIENTS_MAX &&
           timeline.rounds >= 1 && timeline.rounds <= ROUNDS_MAX &&
           timeline.interval > 0;
}

int main(int argc, char **argv)
{
    if (!parse(argc, argv)) {
        fprintf(stderr, "Usage: chart DIRECTORY CLIENTS ROUNDS SECONDS VIA "
                        "PICTURE SERVER...\n");
        return 2;
    }
    stop_on_signals();
    live = choose_screen(&paper, &rows);
    if (live) {
        paper.over = true;
        other_screen(true);
    } else {
        paper.out = stdout;
        draw_title();
        fflush(stdout);
    }
    watch();
    paper.over = false;
    if (live)
        other_screen(false);
    if (stopped)
        return 128 + (int)stopped;
    if (!print_end(argv[6]) || !timeline_complete(&timeline))
        return EXIT_FAILURE;
    return EXIT_SUCCESS;
}
