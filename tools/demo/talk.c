/*
 * talk.c: one client of the demo, which sends a letter and a newline at each
 * interval.
 *
 *     build/tools/talk a 4 1 start stamps | nc localhost 8888
 *     build/tools/talk >start
 *
 * The first command writes the letter a to its standard output, 4 times, 1
 * second apart, as the article's loop does:
 *
 *     (while true;do sleep 1;echo a;done)|nc localhost 8888
 *
 * It does two things that the loop cannot do. All clients wait for the file
 * `start`, to which the second command writes the time, and count their seconds
 * from then, each a hundredth of the interval later than the letter before its
 * own. And each appends lines to the file `stamps`, which all share: one when
 * it begins and one before each letter. A line is the wall-clock time in
 * seconds since 1970, "begin" or "send", and the letter, with tabs between.
 *
 * See clock_gettime(2), nanosleep(2), open(2) for O_APPEND, pipe(7).
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { NANOSECONDS = 1000000000 };

static noreturn void die(const char *what)
{
    fprintf(stderr, "talk: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

/* Writes a line. It is so short that write(2) takes it whole or not at all. */
static void write_line(int fd, const char *line, const char *what)
{
    ssize_t size;

    do
        size = write(fd, line, strlen(line));
    while (size == -1 && errno == EINTR);
    if (size == -1)
        die(what);
}

static double wall_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Appends a line with the time. The file is open for appending, so the line of
 * one write stays in one piece although other clients write too. */
static void stamp(int stamps, const char *event, char letter)
{
    char line[64];

    snprintf(line, sizeof line, "%.6f\t%s\t%c\n", wall_clock(), event, letter);
    write_line(stamps, line, "cannot write the stamps");
}

/* Sleeps until `time` on the monotonic clock. If it slept for an interval
 * instead, each write would delay all later letters. */
static void sleep_until(const struct timespec *time)
{
    for (;;) {
        struct timespec now, rest;

        clock_gettime(CLOCK_MONOTONIC, &now);
        rest.tv_sec = time->tv_sec - now.tv_sec;
        rest.tv_nsec = time->tv_nsec - now.tv_nsec;
        if (rest.tv_nsec < 0) {
            rest.tv_sec--;
            rest.tv_nsec += NANOSECONDS;
        }
        if (rest.tv_sec < 0 || nanosleep(&rest, NULL) == 0)
            return;
    }
}

/* Moves a time on, or back if `seconds` is negative. */
static void advance(struct timespec *time, double seconds)
{
    long long nanoseconds = time->tv_nsec + (long long)(seconds * 1e9);

    time->tv_sec += (time_t)(nanoseconds / NANOSECONDS);
    time->tv_nsec = (long)(nanoseconds % NANOSECONDS);
    if (time->tv_nsec < 0) {
        time->tv_sec--;
        time->tv_nsec += NANOSECONDS;
    }
}

/* Waits until the file `path` exists. Returns the time in it. */
static double await_start(const char *path)
{
    double start;

    for (;;) {
        struct timespec moment = {.tv_nsec = NANOSECONDS / 100};
        FILE *file = fopen(path, "r");

        if (file == NULL && errno != ENOENT)
            die(path);
        if (file != NULL) {
            bool known = fscanf(file, "%lf\n", &start) == 1;

            fclose(file);
            if (known)
                return start;
        }
        nanosleep(&moment, NULL);
    }
}

/* Sends the letter `rounds` times, first an interval after `start`, which is in
 * seconds of the wall clock. */
static void talk(char letter, int rounds, double interval, double start,
                 int stamps)
{
    double delay = start + (letter - 'a') * interval / 100 - wall_clock();
    struct timespec next;

    clock_gettime(CLOCK_MONOTONIC, &next);
    advance(&next, delay);
    while (rounds-- > 0) {
        advance(&next, interval);
        sleep_until(&next);
        stamp(stamps, "send", letter);
        write_line(STDOUT_FILENO, (char[]){letter, '\n', '\0'}, "cannot send");
    }
}

int main(int argc, char **argv)
{
    int rounds, stamps;
    double interval;

    if (argc == 1) {
        printf("%.6f\n", wall_clock());
        return 0;
    }
    if (argc != 6 || (rounds = atoi(argv[2])) < 1 ||
        !((interval = strtod(argv[3], NULL)) > 0 && interval < 1e6)) {
        fprintf(stderr, "Usage: talk LETTER ROUNDS SECONDS START STAMPS\n");
        return 2;
    }
    stamps = open(argv[5], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (stamps == -1)
        die(argv[5]);
    /* If the server ends, write(2) then fails, and talk says so. */
    signal(SIGPIPE, SIG_IGN);
    stamp(stamps, "begin", *argv[1]);
    talk(*argv[1], rounds, interval, await_start(argv[4]), stamps);
    return 0;
}
