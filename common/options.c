/*
 * options.c: reads the command line into the struct of options.h.
 *
 * We print our own messages, since those of getopt_long differ between C
 * libraries. Its reordering of arguments differs, too; "+" turns it off.
 */
#define _POSIX_C_SOURCE 200809L

#include "options.h"

#include "error.h"
#include "output.h"
#include "stop.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VERSION "1.0.0"

enum { RECV_SIZE_MAX = 1024 * 1024, PORT_MAX = 65535 };

struct options options = {
    .port = "8888", .backlog = INT_MAX, .recv_size = 1024};

static const char usage[] =
    "Listens for TCP connections and prints what is received.\n"
    "\n"
    "  -a, --address ADDR    where to listen; default: every address, IPv6\n"
    "                        and IPv4\n"
    "  -p, --port PORT       default: 8888; 0 picks a free one\n"
    "  -b, --backlog N       clients the kernel may queue; default: all it "
    "can\n"
    "  -r, --recv-size BYTES the most that one recv takes, 1 to 1048576;\n"
    "                        default: 1024\n"
    "  -l, --label           put the client's address before each line of "
    "data\n"
    "  -R, --raw             print the received bytes unchanged and nothing\n"
    "                        else; messages go to standard error\n"
    "  -e, --events FILE     also write one line per event to FILE: time, "
    "event,\n"
    "                        address, bytes, with tabs between; -: to "
    "standard\n"
    "                        output, in place of the text\n";

static const char usage_end[] =
    "  -h, --help            print this and exit\n"
    "  -V, --version         print the version and exit\n"
    "\n"
    "Ctrl+C stops it: every client is closed first.\n";

/* Only coroutine has the first option: for the other servers the table starts
 * at the second. */
static const struct option long_options[] = {
    {"selector", required_argument, NULL, 's'},
    {"address", required_argument, NULL, 'a'},
    {"port", required_argument, NULL, 'p'},
    {"backlog", required_argument, NULL, 'b'},
    {"recv-size", required_argument, NULL, 'r'},
    {"label", no_argument, NULL, 'l'},
    {"raw", no_argument, NULL, 'R'},
    {"events", required_argument, NULL, 'e'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

/* Prints what is wrong with the command line, and exits. */
LIKE_PRINTF static noreturn void wrong_usage(const char *format, ...)
{
    char message[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    warn("%s", message);
    warn("--help lists the options");
    exit(STATUS_USAGE);
}

/* Writes the names that -s accepts to `out`. */
static void list_selectors(char *out, size_t size)
{
    size_t used = 0;

    for (int i = 0; options.selectors[i] != NULL && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s",
                                 i == 0 ? "" : ", ", options.selectors[i]);
}

/* Ends the program after --help or --version, with status 1 if their output
 * could not be written. */
static noreturn void finish(void)
{
    flush_outputs();
    exit(stop_status());
}

static noreturn void print_help(const char *command)
{
    struct output *out = &standard_output;
    char names[128];

    output_string(out, "Usage: ");
    output_string(out, command);
    output_string(out, " [OPTION]...\n");
    output_string(out, usage);
    if (options.selectors != NULL) {
        list_selectors(names, sizeof names);
        output_string(out, "  -s, --selector NAME   how to wait: ");
        output_string(out, names);
        output_string(out, ";\n                        default: ");
        output_string(out, options.selectors[0]);
        output_string(out, "\n");
    }
    output_string(out, usage_end);
    finish();
}

static noreturn void print_version(void)
{
    output_string(&standard_output, program_name);
    output_string(&standard_output, " (ways-to-wait) " VERSION "\n");
    finish();
}

/* Returns the number in `text`. Anything else in it is wrong usage. */
static long parse_number(const char *what, const char *text, long min, long max)
{
    char *end;
    long number;

    errno = 0;
    number = strtol(text, &end, 10);
    /* strtol would also accept blanks and a sign. */
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 ||
        number < min || number > max)
        wrong_usage("%s must be a number from %ld to %ld, not '%s'", what, min,
                    max, text);
    return number;
}

static const char *parse_selector(const char *name)
{
    char names[128];

    /* NOLINTNEXTLINE(*-core.NullDereference): no selectors: no -s. */
    for (int i = 0; options.selectors[i] != NULL; i++)
        if (strcmp(options.selectors[i], name) == 0)
            return name;
    list_selectors(names, sizeof names);
    wrong_usage("unknown selector '%s'; this system has: %s", name, names);
}

/* Prints what is wrong with an option that getopt_long rejected, and exits.
 * `argument` contains the option; `missing`: its value is missing. */
static noreturn void wrong_option(const char *argument, bool missing)
{
    char letter[] = {'-', (char)optopt, '\0'};
    bool is_long = strncmp(argument, "--", 2) == 0;
    const char *name = is_long ? argument : letter;

    if (missing)
        wrong_usage("option '%s' needs a value", name);
    /* If the long option exists, getopt_long has put its letter into optopt. */
    if (is_long && optopt != 0)
        wrong_usage("option '%s' takes no value", name);
    wrong_usage("unknown option '%s'", name);
}

static void parse_option(int letter, char *command, char *argument)
{
    switch (letter) {
    case 'a':
        options.address = optarg;
        break;
    case 'p':
        parse_number("port", optarg, 0, PORT_MAX);
        options.port = optarg;
        break;
    case 'b':
        options.backlog = (int)parse_number("backlog", optarg, 0, INT_MAX);
        break;
    case 'r':
        options.recv_size =
            (size_t)parse_number("recv-size", optarg, 1, RECV_SIZE_MAX);
        break;
    case 'l':
        options.label = true;
        break;
    case 'R':
        options.raw = true;
        break;
    case 'e':
        options.events = optarg;
        break;
    case 's':
        options.selector = parse_selector(optarg);
        break;
    case 'h':
        print_help(command);
    case 'V':
        print_version();
    default:
        wrong_option(argument, letter == ':');
    }
}

void parse_options(int argc, char **argv)
{
    bool selects = options.selectors != NULL;
    const char *letters = selects ? "+:a:p:b:r:lRe:hVs:" : "+:a:p:b:r:lRe:hV";
    const struct option *names = long_options + !selects;

    opterr = 0;
    for (;;) {
        int at = optind;
        int letter = getopt_long(argc, argv, letters, names, NULL);

        if (letter == -1)
            break;
        parse_option(letter, argv[0], argv[at]);
    }
    if (optind < argc)
        wrong_usage("unexpected argument '%s'", argv[optind]);
    if (options.raw && options.label)
        wrong_usage("--raw and --label exclude each other");
    if (options.raw && options.events != NULL &&
        strcmp(options.events, "-") == 0)
        wrong_usage("--raw and --events - exclude each other");
    if (selects && options.selector == NULL)
        options.selector = options.selectors[0];
}
