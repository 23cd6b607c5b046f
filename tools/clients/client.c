/*
 * client.c: a TCP client that does what netcat cannot, one action at a time.
 *
 *     build/tools/client [-a ADDRESS] [-t SECONDS] PORT ACTION...
 *
 *     build/tools/client 8888 connect 'send:hello\n' half-close wait-eof
 *     build/tools/client 8888 connect:2 each:name reset use:1 'send:still\n'
 *
 * Without ADDRESS it connects to this host, as `localhost` does: to ::1, or if
 * nothing answers there, as on a host without IPv6, to 127.0.0.1.
 *
 * It does the actions from left to right. `build/tools/client --help` lists
 * them; docs/client.md explains them, with examples.
 *
 * No action sleeps: a test waits for what happens instead. No wait lasts longer
 * than SECONDS. The exit status is 0, or 1 with one line on standard error if
 * something failed, or 2 for wrong usage. At the end the kernel closes what is
 * still open, in order.
 *
 * See connect(2), send(2), shutdown(2), socket(7) for SO_LINGER, tcp(7).
 */
#define _POSIX_C_SOURCE 200809L

#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_LIMIT = 60 * 1000, FILL_LINE = 64 };

static const char usage[] = "client [-a ADDRESS] [-t SECONDS] PORT ACTION...";
static const char help[] =
    "  -a ADDRESS    the server's address; default: ::1, else 127.0.0.1\n"
    "  -t SECONDS    how long one wait may last; default: 10, and 60 for line\n"
    "\n"
    "Actions, done from left to right:\n"
    "  connect       opens a connection and makes it the current one\n"
    "  connect:N     opens N connections; the last one is the current one\n"
    "  use:K         makes connection K the current one; the first is 1\n"
    "  each:ACTION   does ACTION on every open connection, first to last\n"
    "  say:TEXT      prints TEXT and a newline\n"
    "  line          waits for a line on standard input\n"
    "Actions on the current connection:\n"
    "  send:TEXT     sends TEXT; \\n \\r \\t \\0 \\\\ and \\xNN are bytes\n"
    "  send-file:F   sends the file F\n"
    "  fill:N        sends N bytes: numbered lines of 64 bytes\n"
    "  half-close    ends its own side (FIN) and can still receive\n"
    "  close         closes\n"
    "  reset         closes with a reset (RST), as if its machine had crashed\n"
    "  wait-eof      waits until the server has closed, in order\n"
    "  wait-reset    waits until the server has reset the connection\n"
    "  wait-closed   waits for either of the two\n"
    "  name          prints the client's address as the server shows it\n"
    "\n"
    "docs/client.md explains them, with examples.\n";

static const char *port;
static struct endpoint server; /* its length is 0 until it is known */
static int *connections; /* descriptors by number, from 0; -1 when closed */
static size_t connection_count;
static size_t current;
static int line_limit = LINE_LIMIT;

/* Returns the descriptor of the current connection, which must be open. */
static int current_fd(void)
{
    if (connection_count == 0)
        fail("no connection yet");
    if (connections[current] == -1)
        fail("connection %zu is closed", current + 1);
    return connections[current];
}

/* Returns a connection to ::1, or -1 and errno if it cannot be made. */
static int try_ipv6(void)
{
    int fd, error;

    server = find_endpoint("::1", port);
    fd = start_connection(&server);
    if (fd == -1)
        return -1;
    wait_until_ready(fd, POLLOUT, "to be connected");
    error = connection_error(fd);
    if (error == 0)
        return fd;
    close(fd);
    errno = error;
    return -1;
}

/* The first connection without -a decides which address the others take. */
static int connect_once(void)
{
    int fd;

    if (server.length > 0)
        return open_connection(&server);
    fd = try_ipv6();
    if (fd == -1) {
        server = find_endpoint("127.0.0.1", port);
        fd = open_connection(&server);
    }
    return fd;
}

static void do_connect(const char *argument)
{
    long count = 1;

    if (argument != NULL)
        count = parse_number(argument, "connect", 1, 1000000);
    connections = resize(connections, (connection_count + (size_t)count) *
                                          sizeof *connections);
    for (; count > 0; count--) {
        connections[connection_count] = connect_once();
        current = connection_count++;
    }
}

static void do_use(const char *argument)
{
    long number = parse_number(argument, "use", 1, 1000000);

    if ((size_t)number > connection_count)
        fail("no connection %ld yet", number);
    current = (size_t)number - 1;
}

/* Returns the value of a hexadecimal digit, or -1. */
static int hex_value(char digit)
{
    const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *found = digit == '\0' ? NULL : strchr(digits, digit);

    return found == NULL ? -1 : (int)((found - digits) % 16);
}

/* Returns the byte that an escape stands for, without its backslash, and moves
 * *text to what follows it. */
static char unescape(const char **text)
{
    const char names[] = "nrt0\\";
    const char bytes[] = "\n\r\t\0\\";
    const char *at = *text;
    const char *found = *at == '\0' ? NULL : strchr(names, *at);

    if (found != NULL) {
        *text = at + 1;
        return bytes[found - names];
    }
    if (*at != 'x' || hex_value(at[1]) < 0 || hex_value(at[2]) < 0)
        fail_usage("send: unknown escape '\\%s'", at);
    *text = at + 3;
    return (char)(unsigned char)(hex_value(at[1]) * 16 + hex_value(at[2]));
}

static void do_send(const char *argument)
{
    char *bytes = resize(NULL, strlen(argument) + 1);
    size_t size = 0;

    while (*argument != '\0') {
        char byte = *argument++;

        bytes[size++] = byte == '\\' ? unescape(&argument) : byte;
    }
    send_all(current_fd(), bytes, size);
    free(bytes);
}

static void do_send_file(const char *argument)
{
    char bytes[65536];
    int fd = current_fd();
    int file = open(argument, O_RDONLY);

    if (file == -1)
        fail("cannot open %s: %s", argument, strerror(errno));
    for (;;) {
        ssize_t size = read(file, bytes, sizeof bytes);

        if (size == 0)
            break;
        if (size > 0)
            send_all(fd, bytes, (size_t)size);
        else if (errno != EINTR)
            fail("cannot read %s: %s", argument, strerror(errno));
    }
    close(file);
}

/* The lines are numbered, so that a test notices a lost or moved one. */
static void do_fill(const char *argument)
{
    char bytes[1024 * FILL_LINE + 1];
    long left = parse_number(argument, "fill", 1, LONG_MAX);
    int fd = current_fd();
    long line = 1;

    while (left > 0) {
        size_t size = 0;

        while (size < sizeof bytes - 1 && (long)size < left) {
            snprintf(bytes + size, FILL_LINE + 1, "%-*ld\n", FILL_LINE - 1,
                     line++);
            size += FILL_LINE;
        }
        if ((long)size >= left) {
            size = (size_t)left;
            bytes[size - 1] = '\n';
        }
        send_all(fd, bytes, size);
        left -= (long)size;
    }
}

static void do_half_close(const char *argument)
{
    (void)argument;
    half_close(current_fd());
}

static void do_close(const char *argument)
{
    (void)argument;
    close(current_fd());
    connections[current] = -1;
}

static void do_reset(const char *argument)
{
    (void)argument;
    reset_connection(current_fd());
    connections[current] = -1;
}

static void do_wait_eof(const char *argument)
{
    (void)argument;
    if (wait_until_closed(current_fd()) != 0)
        fail("waited for the end of file, but the server has reset it");
}

static void do_wait_reset(const char *argument)
{
    (void)argument;
    if (wait_until_closed(current_fd()) == 0)
        fail("waited for a reset, but the server has closed in order");
}

static void do_wait_closed(const char *argument)
{
    (void)argument;
    wait_until_closed(current_fd());
}

/* Flushes the line at once, since a test may be waiting for it. */
static void print_line(const char *text)
{
    if (puts(text) == EOF || fflush(stdout) == EOF)
        fail("cannot write to standard output: %s", strerror(errno));
}

static void do_name(const char *argument)
{
    char text[ADDRESS_TEXT_SIZE];
    struct sockaddr_storage address;
    socklen_t length = sizeof address;

    (void)argument;
    if (getsockname(current_fd(), (struct sockaddr *)&address, &length) == -1)
        fail("cannot find the client's address: %s", strerror(errno));
    show_address(&address, text);
    print_line(text);
}

static void do_say(const char *argument)
{
    print_line(argument);
}

/* Reads byte by byte, so that the next line is left for the next action. */
static void do_line(const char *argument)
{
    int usual_limit = wait_limit;

    (void)argument;
    wait_limit = line_limit;
    for (char byte = '\0'; byte != '\n';) {
        ssize_t size;

        wait_until_ready(STDIN_FILENO, POLLIN, "for a line to read");
        size = read(STDIN_FILENO, &byte, 1);
        if (size == 0)
            fail("waited for a line, but standard input has ended");
        if (size == -1 && !is_momentary(errno))
            fail("cannot read standard input: %s", strerror(errno));
    }
    wait_limit = usual_limit;
}

static void do_each(const char *argument);

enum argument { NONE, MAY, MUST };

static const struct action {
    const char *name;
    enum argument argument;
    void (*run)(const char *argument);
} actions[] = {
    {"connect", MAY, do_connect},
    {"use", MUST, do_use},
    {"each", MUST, do_each},
    {"send", MUST, do_send},
    {"send-file", MUST, do_send_file},
    {"fill", MUST, do_fill},
    {"half-close", NONE, do_half_close},
    {"close", NONE, do_close},
    {"reset", NONE, do_reset},
    {"wait-eof", NONE, do_wait_eof},
    {"wait-reset", NONE, do_wait_reset},
    {"wait-closed", NONE, do_wait_closed},
    {"name", NONE, do_name},
    {"say", MUST, do_say},
    {"line", NONE, do_line},
};

/* Returns the action named before the colon of `text`; exits with status 2 if
 * there is no such action. */
static const struct action *find_action(const char *text)
{
    size_t length = strcspn(text, ":");

    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        const struct action *action = &actions[i];

        if (strlen(action->name) != length ||
            strncmp(action->name, text, length) != 0)
            continue;
        if (action->argument == MUST && text[length] == '\0')
            fail_usage("%s: it needs an argument, as in %s:...", text, text);
        if (action->argument == NONE && text[length] == ':')
            fail_usage("%s: it takes no argument", text);
        return action;
    }
    fail_usage("%s: no such action", text);
}

static void run_action(const char *text)
{
    const char *colon = strchr(text, ':');

    find_action(text)->run(colon == NULL ? NULL : colon + 1);
}

static void do_each(const char *argument)
{
    size_t chosen = current;

    for (current = 0; current < connection_count; current++)
        if (connections[current] != -1)
            run_action(argument);
    current = chosen;
}

static noreturn void print_help(void)
{
    if (printf("usage: %s\n\n%s", usage, help) < 0 || fflush(stdout) == EOF)
        fail("cannot write to standard output: %s", strerror(errno));
    exit(0);
}

int main(int argc, char **argv)
{
    const char *address = NULL;
    int option;

    start_program("client");
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        print_help();
    while ((option = getopt(argc, argv, "a:t:h")) != -1) {
        if (option == 'h') {
            print_help();
        } else if (option == 'a') {
            address = optarg;
        } else if (option == 't') {
            long seconds = parse_number(optarg, "-t", 1, 3600);

            wait_limit = line_limit = (int)seconds * 1000;
        } else {
            optind = argc; /* getopt(3) has printed what is wrong */
        }
    }
    if (argc - optind < 2)
        fail_usage("usage: %s; --help lists the actions", usage);
    port = argv[optind];
    parse_number(port, "port", 1, 65535);
    if (address != NULL)
        server = find_endpoint(address, port);
    for (int i = optind + 1; i < argc; i++)
        find_action(argv[i]);
    for (int i = optind + 1; i < argc; i++)
        run_action(argv[i]);
    return 0;
}
