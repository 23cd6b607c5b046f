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
 * While it runs, it has the terminal's other screen, where editors are, too: a
 * terminal that changes its size reflows what is on the first one. Each frame
 * fits the size of the moment. Nothing flickers: a frame is written in one
 * piece over the last one, and two escape sequences around it tell the terminal
 * to show it in one piece too. There is no colour if NO_COLOR is set.
 *
 * The exit status is 0 if each letter was printed.
 *
 * See console_codes(4), isatty(3), open_memstream(3), nl_langinfo(3),
 * nanosleep(2), https://no-color.org.
 */
#define _POSIX_C_SOURCE 200809L

#include "draw.h"
#include "picture.h"
#include "timeline.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { FRAME_MS = 40, PLAIN_COLUMNS = 80, ROWS_MIN = 8 };

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

/* Handles these signals also when the shell has had SIGINT ignored, as it does
 * for a program started with `&`: the cursor has to be shown again. */
static void stop_on_signals(void)
{
    struct sigaction action = {.sa_handler = on_stop};

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

/* Asks for the terminal's size, which may have changed. Returns false if there
 * is no terminal or it is too small. */
static bool look_at_terminal(void)
{
    struct winsize size;

    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == -1)
        return false;
    paper.columns = size.ws_col > COLUMNS_MAX ? COLUMNS_MAX : size.ws_col;
    rows = size.ws_row;
    return paper.columns >= COLUMNS_MIN && rows >= ROWS_MIN;
}

static void choose_output(void)
{
    const char *terminal = getenv("TERM"), *no_color = getenv("NO_COLOR");

    setlocale(LC_CTYPE, "");
    paper.unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    live =
        look_at_terminal() && terminal != NULL && strcmp(terminal, "dumb") != 0;
    paper.coloured = live && (no_color == NULL || *no_color == '\0');
    if (!live)
        paper.columns = PLAIN_COLUMNS;
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

/* Writes what was drawn in one piece. */
static void show(const char *text, size_t size)
{
    while (size > 0) {
        ssize_t written = write(STDOUT_FILENO, text, size);

        if (written == -1 && errno == EINTR && !stopped)
            continue;
        if (written == -1)
            return;
        text += written;
        size -= (size_t)written;
    }
}

static int rows_of(const char *text)
{
    int count = 0;

    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
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

/* Cuts a text after so many rows. */
static void cut(char *text, int most)
{
    for (; *text != '\0'; text++)
        if (*text == '\n' && --most == 0)
            text[1] = '\0';
}

/* Shows the chart in place of the last one. */
static void draw_frame(void)
{
    static const char home[] = "\033[?2026h\033[H", end[] = "\033[J\033[?2026l";
    static const char small[] = "This window\033[K\r\nis too small.\033[K\r\n";
    bool fits = look_at_terminal();
    char *text;

    show(home, strlen(home));
    if (!fits) {
        show(small, strlen(small));
    } else if ((text = draw_all(timeline.start == 0 ? "The clients connect ..."
                                                    : "Ctrl+C ends this.")) !=
               NULL) {
        cut(text, rows - 1);
        show(text, strlen(text));
        free(text);
    }
    show(end, strlen(end));
}

/* Takes the terminal's other screen, without a cursor, or gives it back. */
static void other_screen(bool take)
{
    const char *text = take ? "\033[?1049h\033[?25l" : "\033[?25h\033[?1049l";

    paper.over = take;
    show(text, strlen(text));
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
    if (live && !look_at_terminal()) {
        live = paper.coloured = false;
        paper.columns = PLAIN_COLUMNS;
    }
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
    choose_output();
    if (live) {
        other_screen(true);
    } else {
        paper.out = stdout;
        draw_title();
        fflush(stdout);
    }
    watch();
    if (live)
        other_screen(false);
    if (stopped)
        return 128 + (int)stopped;
    if (!print_end(argv[6]) || !timeline_complete(&timeline))
        return EXIT_FAILURE;
    return EXIT_SUCCESS;
}
