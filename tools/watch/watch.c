/*
 * watch.c: lets a class connect to a server, and shows who waits for whom.
 *
 *     build/tools/watch [-a ADDRESS] PORT DIRECTORY LABEL COMMAND ...
 *
 * tools/watch/watch.sh runs it. Each LABEL and COMMAND is a server: COMMAND is
 * for sh(1), and gets --port and, if there is one, --address. Keys: `n` stops
 * the server and starts the next one on the same port, `p` stops and continues
 * the picture, `q` ends. Where there is no terminal, lines are printed, and the
 * keys are read from standard input all the same.
 *
 * If PORT is in use the next free one is taken; 0 takes any. At the end
 * DIRECTORY has timeline.svg and events.tsv, and a sentence says who waited.
 *
 * What is where: server.c runs the server and reads what it prints, queue.c
 * asks the kernel, room.c puts both together, page.c draws it, record.c and
 * slide.c keep it.
 *
 * See poll(2), signal(7).
 */
#define _POSIX_C_SOURCE 200809L

#include "../demo/screen.h"
#include "page.h"
#include "record.h"
#include "server.h"
#include "slide.h"
#include "terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { COMMAND_SIZE = 4096 };

/* In seconds. A look at the kernel's list may take a quarter of the time, if
 * the list is long, and a frame a tenth. */
static const double look_every = 0.02, frame_every = 0.05;

static struct page page;
static struct process server;
static struct room *rooms[SERVERS_MAX], frozen;
static int servers, current = -1;
static char **labels, **commands; /* every second argument */
static const char *address, *directory;

static bool input_open = true;
static volatile sig_atomic_t stopped, suspended, continued;

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static noreturn void die(const char *what)
{
    int error = errno;

    restore_terminal();
    fprintf(stderr, "watch: %s: %s\n", what, strerror(error));
    exit(EXIT_FAILURE);
}

/* --- Signals ----------------------------------------------------------------
 */

static void on_stop(int number)
{
    stopped = number;
}

static void on_suspend(int number)
{
    suspended = number;
}

static void on_continue(int number)
{
    continued = number;
}

static void on_crash(int number)
{
    restore_terminal();
    kill_server(&server);
    signal(number, SIG_DFL);
    raise(number);
}

static void handle(int number, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

static void handle_signals(void)
{
    static const int stops[] = {SIGINT, SIGTERM, SIGHUP},
                     crashes[] = {SIGSEGV, SIGBUS,  SIGFPE,
                                  SIGILL,  SIGABRT, SIGQUIT};

    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
        handle(stops[i], on_stop, 0);
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        handle(crashes[i], on_crash, 0);
    handle(SIGTSTP, on_suspend, SA_RESTART);
    handle(SIGCONT, on_continue, SA_RESTART);
    handle(SIGPIPE, SIG_IGN, 0);
}

/* Stops this program, and with it make(1) and the shell's script if
 * `everybody`, as Ctrl+Z does. It comes back from here when it is to go on. */
static void suspend(bool everybody)
{
    struct sigaction action = {.sa_handler = SIG_DFL}, before;

    restore_terminal();
    sigemptyset(&action.sa_mask);
    sigaction(SIGTSTP, &action, &before);
    kill(everybody ? 0 : getpid(), SIGTSTP);
    sigaction(SIGTSTP, &before, NULL);
    suspended = 0;
    room_skip(rooms[current], now());
}

/* --- Servers ----------------------------------------------------------------
 */

/* Starts the next server. */
static void start_next(void)
{
    char command[COMMAND_SIZE];
    int size;

    current++;
    size = snprintf(command, sizeof command, "exec %s --port %d%s%s",
                    commands[2 * current], page.port,
                    address == NULL ? "" : " --address ",
                    address == NULL ? "" : address);
    if (size >= (int)sizeof command)
        errno = E2BIG;
    if (size >= (int)sizeof command || !start_server(&server, command))
        die("cannot start a server");
    rooms[current] = new_room(labels[2 * current], page.port,
                              strstr(command, "--label") != NULL);
    if (rooms[current] == NULL)
        die("cannot start a server");
    page.again = current > 0;
    page.next = current + 1 < servers ? labels[2 * (current + 1)] : NULL;
    page.paused = false;
    page.paper.over = page.live;
    if (!page.live) {
        printf("%s listens on port %d.\n", labels[2 * current], page.port);
        fflush(stdout);
    }
}

/* Stops the server. Those who wait have waited to its end. */
static void stop_current(void)
{
    room_last_look(rooms[current], now);
    stop_server(&server, rooms[current], now);
}

/* Says on the page that the server has ended, or what it complains of. */
static void look_after_server(void)
{
    char end[ERROR_SIZE];

    if (process_has_ended(&server)) {
        read_server(&server, rooms[current], now());
        room_last_look(rooms[current], now);
        room_close(rooms[current], now());
        describe_end(&server, end);
        snprintf(page.note, sizeof page.note, "%s has ended: %s%s%s",
                 rooms[current]->label, end, *server.error == '\0' ? "" : ": ",
                 server.error);
        if (!page.live)
            puts(page.note);
    } else if (server.pid != 0 && *server.error != '\0') {
        snprintf(page.note, sizeof page.note, "%s", server.error);
    }
}

/* --- Keys -------------------------------------------------------------------
 */

static void toggle_pause(void)
{
    static struct person people[PEOPLE_MAX];

    page.paused = !page.paused;
    if (!page.paused)
        return;
    frozen = *rooms[current];
    memcpy(people, frozen.people, (size_t)frozen.count * sizeof *people);
    frozen.people = people;
}

static void use_key(char key)
{
    if (key == 'q' || key == 'Q' || key == 3)
        stopped = SIGINT;
    else if (key == 26)
        suspend(true);
    else if (key == 'p' || key == 'P')
        toggle_pause();
    else if ((key == 'n' || key == 'N') && page.next != NULL) {
        stop_current();
        *page.note = '\0';
        start_next();
    }
}

static void read_keys(void)
{
    char keys[64];
    ssize_t size = read(STDIN_FILENO, keys, sizeof keys);

    if (size == 0 || (size == -1 && errno != EINTR && errno != EAGAIN))
        input_open = false;
    for (ssize_t i = 0; i < size && !stopped; i++)
        use_key(keys[i]);
}

/* --- All of it --------------------------------------------------------------
 */

/* Shows the page in place of the last one, if the terminal takes more now. */
static void draw_frame(void)
{
    struct pollfd out = {STDOUT_FILENO, POLLOUT, 0};
    char *text = NULL;

    if (continued)
        forget_terminal();
    continued = 0;
    if (!has_terminal() || poll(&out, 1, 0) != 1)
        return;
    if (measure_screen(&page.paper, &page.rows))
        text = draw_page(&page, page.paused ? &frozen : rooms[current]);
    show_frame(text, page.rows);
    free(text);
}

/* Waits until there is something to do, or for so many seconds. */
static void wait_for_work(double seconds)
{
    bool keys = input_open && may_read_keys();
    struct pollfd fds[] = {{server.out, POLLIN, 0},
                           {server.err, POLLIN, 0},
                           {keys ? STDIN_FILENO : -1, POLLIN, 0}};

    if (poll(fds, 3, seconds < 0 ? 0 : (int)(seconds * 1000) + 1) == -1)
        return;
    read_server(&server, rooms[current], now());
    if (fds[2].revents != 0)
        read_keys();
}

/* Shows what happens until it is to end. */
static void watch(void)
{
    double next_look = 0, next_frame = 0;

    while (!stopped) {
        double begun = now();

        if (suspended)
            suspend(false);
        if (begun >= next_look) {
            room_look(rooms[current], now);
            next_look = now() + (now() - begun) * 3 + look_every;
            look_after_server();
        }
        if (page.live && now() >= next_frame) {
            begun = now();
            draw_frame();
            next_frame = now() + (now() - begun) * 9 + frame_every;
        }
        if (!page.live && fflush(stdout) == EOF)
            stopped = SIGPIPE;
        wait_for_work(
            (next_look < next_frame || !page.live ? next_look : next_frame) -
            now());
    }
}

/* Prints what describe_session has written: a line for each server if all of it
 * does not fit into the usual 80 columns. */
static void print_sentence(char *text)
{
    if (strlen(text) > 80)
        for (char *end = text; (end = strstr(end, "; ")) != NULL;)
            end[1] = '\n';
    puts(text);
}

/* Says who waited, and where that is kept. Returns whether all went well. */
static bool conclude_session(void)
{
    char text[SENTENCE_SIZE], path[1024];
    bool kept = close_record();

    snprintf(path, sizeof path, "%s/timeline.svg", directory);
    kept = write_slide(rooms, current + 1, path) && kept;
    describe_session(rooms, current + 1, text);
    if (!kept)
        fprintf(stderr, "watch: cannot write to %s: %s\n", directory,
                strerror(errno));
    print_sentence(text);
    if (kept)
        printf("For a slide: %s\nAll events:  %s/events.tsv\n", path,
               directory);
    return fflush(stdout) == 0 && kept;
}

/* Reads the command line. Returns false if it is wrong. */
static bool parse(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "-a") == 0) {
        address = argv[2];
        argv += 2;
        argc -= 2;
    }
    servers = (argc - 3) / 2;
    if (argc < 5 || argc % 2 == 0 || servers > SERVERS_MAX)
        return false;
    page.port = atoi(argv[1]);
    directory = argv[2];
    labels = argv + 3;
    commands = argv + 4;
    return page.port >= 0 && page.port < PORTS;
}

/* Finds out what to tell people to type. */
static void prepare(void)
{
    int port = find_port(address, page.port);
    char path[1024];

    if (page.port != 0 && port != page.port)
        snprintf(page.note, sizeof page.note,
                 "Port %d is in use, so this is port %d.", page.port, port);
    if (port == -1)
        die("cannot listen");
    page.port = port;
    find_hosts(&page.hosts);
    if (address != NULL) {
        page.hosts.count = 1;
        snprintf(page.hosts.name[0], HOST_SIZE, "%s", address);
    }
    page.live = choose_screen(&page.paper, &page.rows);
    snprintf(path, sizeof path, "%s/events.tsv", directory);
    if (!open_record(path, !page.live))
        die(path);
}

int main(int argc, char **argv)
{
    char *text;
    bool well;

    if (!parse(argc, argv)) {
        fprintf(stderr,
                "Usage: watch [-a ADDRESS] PORT DIRECTORY LABEL COMMAND "
                "...\n");
        return 2;
    }
    handle_signals();
    prepare();
    start_next();
    if (!page.live) {
        if (*page.note != '\0')
            puts(page.note);
        text = draw_page(&page, rooms[0]);
        if (text != NULL)
            fputs(text, stdout);
        free(text);
    }
    watch();
    stop_current();
    restore_terminal();
    well = conclude_session();
    if (stopped != SIGINT)
        return 128 + (int)stopped;
    return well ? EXIT_SUCCESS : EXIT_FAILURE;
}
