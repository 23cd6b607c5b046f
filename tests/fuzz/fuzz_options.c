/*
 * fuzz_options.c: calls parse_options of common/options.c with random command
 * lines, each in its own process.
 *
 *     build/tests/fuzz-options
 *     FUZZ_SECONDS=0 build/tests/fuzz-options      without an end
 *
 * One of three things must happen: parse_options accepts the command line, and
 * then each value is within its limits; or it prints help or the version; or it
 * prints two lines to standard error, why the command line is wrong and where
 * to look.
 *
 * The arguments contain any bytes but newlines, since a message quotes them.
 *
 * See getopt_long(3), fork(2), pipe(2), waitpid(2).
 */
#define _POSIX_C_SOURCE 200809L

#include "../../common/error.h"
#include "../../common/options.h"
#include "../../tools/clients/net.h"
#include "fuzz.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_ARGUMENTS = 12, LONGEST = 6000, TAKEN = 42, TAKEN_WRONGLY = 43 };

static const char *const names[] = {
    "--address", "--port", "--backlog", "--recv-size", "--label",
    "--raw",     "--help", "--events",  "--selector",  "--version",
    "-a",        "-p",     "-b",        "-r",          "-l",
    "-R",        "-e",     "-s",        "-h",          "-V"};
enum { NAMES = sizeof names / sizeof *names };

static const char *const values[] = {
    "0",          "1",       "80",      "65535",
    "65536",      "1048576", "1048577", "2147483647",
    "2147483648", "-1",      "+5",      " 5",
    "5 ",         "0x10",    "007",     "99999999999999999999999",
    "",           "-",       "--",      "::1",
    "localhost",  "poll",    "select"};
enum { VALUES = sizeof values / sizeof *values };

static const char *const selector_names[] = {"poll", "select", NULL};

static char text[MOST_ARGUMENTS + 1][LONGEST + 1];
static char *arguments[MOST_ARGUMENTS + 2];

/* Writes bytes of any kind but newline and NUL. */
static void random_text(char *to)
{
    size_t size = once_in(20) ? random_below(LONGEST) : random_small(12);

    for (size_t i = 0; i < size; i++)
        do
            to[i] =
                (char)(once_in(2) ? ' ' + random_below(95) : random_below(256));
        while (to[i] == '\0' || to[i] == '\n');
    to[size] = '\0';
}

static void random_value(char *to)
{
    if (once_in(4))
        random_text(to);
    else
        strcpy(to, values[random_below(VALUES)]);
}

/* Writes an option: whole, cut short, with a value, or several letters in one.
 */
static void random_option(char *to)
{
    strcpy(to, names[random_below(NAMES)]);
    switch (random_below(6)) {
    case 0:
        to[1 + random_below((uint32_t)strlen(to))] = '\0';
        break;
    case 1:
        if (to[1] == '-')
            strcat(to, "=");
        random_value(to + strlen(to));
        break;
    case 2:
        while (to[1] != '-' && !once_in(3))
            strcat(to, names[10 + random_below(10)] + 1);
        break;
    case 3:
        if (to[1] != '-')
            random_text(to + 1);
        break;
    default:
        break;
    }
}

/* Makes up a command line. Returns its length. */
static int random_arguments(void)
{
    int count = 1 + (int)random_small(MOST_ARGUMENTS);

    for (int i = 0; i < count; i++) {
        arguments[i] = text[i];
        if (i == 0 && !once_in(10))
            strcpy(text[i], "build/fuzz");
        else if (i == 0 || once_in(15))
            random_text(text[i]);
        else if (once_in(3))
            random_value(text[i]);
        else
            random_option(text[i]);
    }
    arguments[count] = NULL;
    return count;
}

static bool is_number(const char *digits, long most)
{
    return *digits != '\0' && strspn(digits, "0123456789") == strlen(digits) &&
           strtol(digits, NULL, 10) <= most;
}

static bool is_taken_rightly(void)
{
    return is_number(options.port, 65535) && options.backlog >= 0 &&
           options.recv_size >= 1 && options.recv_size <= 1048576 &&
           !(options.raw && options.label) &&
           (options.selectors == NULL) == (options.selector == NULL);
}

/* Runs in the child: reads the command line. */
static noreturn void child(int count, const int out[2], const int err[2],
                           bool with_selectors)
{
    if (dup2(out[1], STDOUT_FILENO) == -1 || dup2(err[1], STDERR_FILENO) == -1)
        fail("cannot redirect: %s", strerror(errno));
    program_name = "fuzz";
    if (with_selectors)
        options.selectors = selector_names;
    parse_options(count, arguments);
    _exit(is_taken_rightly() ? TAKEN : TAKEN_WRONGLY);
}

/* Prints the command line so that it is readable whatever bytes it has. */
static void show(int count)
{
    for (int i = 0; i < count; i++) {
        printf("# argv[%d]: \"", i);
        for (const char *at = text[i]; *at != '\0' && at < text[i] + 80; at++)
            if (*at >= ' ' && *at <= '~' && *at != '"' && *at != '\\')
                putchar(*at);
            else
                printf("\\x%02x", (unsigned)(unsigned char)*at);
        printf("\", %zu bytes\n", strlen(text[i]));
    }
}

static bool ends_with(const char *string, const char *end)
{
    size_t length = strlen(string);

    return length >= strlen(end) &&
           strcmp(string + length - strlen(end), end) == 0;
}

/* Returns whether this is all of the help, or of the version. */
static bool is_help(const char *out)
{
    if (strncmp(out, "Usage: ", 7) == 0)
        return ends_with(out, "every client is closed first.\n");
    return strncmp(out, "fuzz (ways-to-wait) ", 20) == 0 &&
           ends_with(out, "\n");
}

/* Returns whether these are the two lines about wrong usage. */
static bool is_complaint(const char *err)
{
    static const char hint[] = "\nfuzz: --help lists the options\n";
    static const char unknown[] = "fuzz: unknown option '";
    const char *newline = strchr(err, '\n');

    if (strncmp(err, "fuzz: ", 6) != 0 || newline == NULL ||
        strcmp(newline, hint) != 0)
        return false;
    if (strncmp(err, unknown, strlen(unknown)) != 0)
        return true;
    /* The option that is called unknown must not exist. */
    err += strlen(unknown);
    for (int i = 0; i < NAMES; i++)
        if (strncmp(err, names[i], strlen(names[i])) == 0 &&
            strncmp(err + strlen(names[i]), "'\n", 2) == 0)
            return ends_with(names[i], "selector") ||
                   strcmp(names[i], "-s") == 0;
    return true;
}

/* Returns what is wrong, or NULL. */
static const char *judge(int status, const char *out, const char *err)
{
    if (WIFSIGNALED(status))
        return "a signal ended it";
    switch (WEXITSTATUS(status)) {
    case TAKEN:
        return *out == '\0' && *err == '\0' ? NULL : "taken, but not silently";
    case TAKEN_WRONGLY:
        return "taken with a value out of its limits";
    case 0:
        return is_help(out) && *err == '\0' ? NULL : "status 0 without help";
    case 2:
        return is_complaint(err) && *out == '\0' ? NULL : "a wrong complaint";
    default:
        return "a status that is neither 0 nor 2";
    }
}

static void try_arguments(int count, bool with_selectors)
{
    int out[2], err[2], status;
    char *printed, *said;
    const char *wrong;
    pid_t pid;

    if (pipe(out) == -1 || pipe(err) == -1)
        fail("cannot open a pipe: %s", strerror(errno));
    fflush(stdout);
    pid = fork();
    if (pid == -1)
        fail("cannot fork: %s", strerror(errno));
    if (pid == 0)
        child(count, out, err, with_selectors);
    close(out[1]);
    close(err[1]);
    /* All of the output fits into a pipe, so one is read after the other. */
    printed = (char *)read_to_end(out[0]).at;
    said = (char *)read_to_end(err[0]).at;
    while (waitpid(pid, &status, 0) == -1)
        if (errno != EINTR)
            fail("cannot wait: %s", strerror(errno));
    wrong = judge(status, printed, said);
    if (wrong != NULL) {
        show(count);
        printf("# standard output: %.200s\n# standard error: %s\n", printed,
               said);
        fuzz_fail("%s (wait status %d)", wrong, status);
    }
    free(printed);
    free(said);
}

int main(int argc, char **argv)
{
    (void)argc;
    start_program("fuzz-options");
    fuzz_start("options", argv[0]);
    while (fuzz_round()) {
        int count = random_arguments();

        try_arguments(count, once_in(2));
    }
    return 0;
}
