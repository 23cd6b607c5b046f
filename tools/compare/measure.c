/*
 * measure.c: what the system knows about another process and about the kernel's
 * queues; measure.h says what each function returns.
 *
 * The CPU clock of another process is in POSIX and exact to the nanosecond.
 * Linux and most BSDs have it; on other systems ps(1) has to do.
 *
 * See clock_getcpuclockid(3), proc_pid_stat(5), proc_pid_smaps(5), proc_net(5).
 */
#define _POSIX_C_SOURCE 200809L

#include "measure.h"

#include "../clients/net.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SECOND = 1000000000 };

/* Writes what `ps -o FIELD=` prints about the process to `text`, which has room
 * for `size` bytes. Returns false if it prints nothing. */
static bool ask_ps(long pid, const char *field, char *text, int size)
{
    char command[64];
    FILE *ps;
    bool found;

    snprintf(command, sizeof command, "ps -o %s= -p %ld", field, pid);
    ps = popen(command, "r");
    if (ps == NULL)
        return false;
    found = fgets(text, size, ps) != NULL;
    pclose(ps);
    return found;
}

/* Reads the time that ps shows: days, hours, minutes, seconds, and a fraction.
 */
static int64_t cpu_time_of_ps(long pid)
{
    char text[64], *at = text;
    int64_t seconds = 0;
    double part = 0;

    if (!ask_ps(pid, "time", text, sizeof text))
        return UNKNOWN;
    for (;;) {
        part = strtod(at, &at);
        if (*at != ':' && *at != '-')
            break;
        seconds = (seconds + (int64_t)part) * (*at == '-' ? 24 : 60);
        at++;
    }
    return seconds * SECOND + (int64_t)(part * 1e9);
}

static int64_t cpu_time_of_clock(long pid)
{
#if defined(_POSIX_CPUTIME) && _POSIX_CPUTIME >= 0
    clockid_t clock;
    struct timespec time;

    if (clock_getcpuclockid((pid_t)pid, &clock) == 0 &&
        clock_gettime(clock, &time) == 0)
        return (int64_t)time.tv_sec * SECOND + time.tv_nsec;
#else
    (void)pid;
#endif
    return UNKNOWN;
}

/* Returns the CPU time of the children that have ended, which is in fields 16
 * and 17 of /proc/PID/stat. Field 2, a name in parentheses, may contain blanks,
 * so the search begins after it. */
static int64_t cpu_time_of_ended_children(long pid)
{
    char path[64], text[1024], *at;
    long user, system;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    file = fopen(path, "r");
    if (file == NULL)
        return 0;
    at = fgets(text, sizeof text, file);
    fclose(file);
    if (at == NULL || (at = strrchr(at, ')')) == NULL ||
        sscanf(at,
               ") %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %ld %ld",
               &user, &system) != 2)
        return 0;
    return (int64_t)(user + system) * (SECOND / sysconf(_SC_CLK_TCK));
}

/* Returns the sum of what `measure` returns for the process's children and all
 * of their children. */
static int64_t sum_of_children(long pid, int64_t (*measure)(long pid))
{
    char path[64];
    long child;
    int64_t sum = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", pid, pid);
    file = fopen(path, "r");
    if (file == NULL)
        return 0;
    while (fscanf(file, "%ld", &child) == 1) {
        int64_t value = measure(child);

        if (value != UNKNOWN)
            sum += value;
        sum += sum_of_children(child, measure);
    }
    fclose(file);
    return sum;
}

static int64_t cpu_time_now(long pid)
{
    int64_t time = cpu_time_of_clock(pid);

    if (time == UNKNOWN)
        time = cpu_time_of_ps(pid);
    if (time == UNKNOWN)
        return UNKNOWN;
    return time + cpu_time_of_ended_children(pid) +
           sum_of_children(pid, cpu_time_of_clock);
}

int64_t cpu_time(long pid)
{
    int64_t time;

    if (pid == 0)
        return UNKNOWN;
    if (kill((pid_t)pid, 0) == -1 && errno == ESRCH)
        fail("there is no process %ld (any more)", pid);
    time = cpu_time_now(pid);
    for (int tries = 0; tries < 200; tries++) {
        int64_t before = time;

        poll(NULL, 0, 5);
        time = cpu_time_now(pid);
        if (time == before)
            break;
    }
    return time;
}

/* Returns the sum, in bytes, of the lines of /proc/PID/smaps_rollup that begin
 * with `kind`. */
static int64_t memory_of_kind(long pid, const char *kind)
{
    char path[64], line[256];
    long kilobytes;
    int64_t sum = UNKNOWN;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/smaps_rollup", pid);
    file = fopen(path, "r");
    if (file == NULL)
        return UNKNOWN;
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, kind, strlen(kind)) == 0 &&
            sscanf(strchr(line, ':'), ": %ld kB", &kilobytes) == 1)
            sum = (sum == UNKNOWN ? 0 : sum) + (int64_t)kilobytes * 1024;
    fclose(file);
    return sum;
}

/* Returns the memory of the pages that a child does not share, as it does most
 * of them, with its parent. */
static int64_t memory_of_child(long pid)
{
    return memory_of_kind(pid, "Private_");
}

int64_t resident_memory(long pid)
{
    char text[64];
    int64_t memory;

    if (pid == 0)
        return UNKNOWN;
    memory = memory_of_kind(pid, "Rss:");
    if (memory == UNKNOWN && ask_ps(pid, "rss", text, sizeof text))
        memory = strtoll(text, NULL, 10) * 1024;
    if (memory == UNKNOWN)
        return UNKNOWN;
    return memory + sum_of_children(pid, memory_of_child);
}

/* Returns the number that belongs to `name`, UNKNOWN if that is not among the
 * names. The two lines have the same order. Both are changed. */
static int64_t number_of(const char *name, char *names, char *numbers)
{
    char *name_state, *number_state;
    char *word = strtok_r(names, " \n", &name_state);
    char *number = strtok_r(numbers, " \n", &number_state);

    while (word != NULL && number != NULL) {
        if (strcmp(word, name) == 0)
            return strtoll(number, NULL, 10);
        word = strtok_r(NULL, " \n", &name_state);
        number = strtok_r(NULL, " \n", &number_state);
    }
    return UNKNOWN;
}

/* The lines of /proc/net/netstat come in pairs: one with names, and one with
 * their numbers. */
int64_t kernel_counter(const char *name)
{
    char names[8192], numbers[8192];
    int64_t value = UNKNOWN;
    FILE *file = fopen("/proc/net/netstat", "r");

    if (file == NULL)
        return UNKNOWN;
    while (value == UNKNOWN && fgets(names, sizeof names, file) != NULL &&
           fgets(numbers, sizeof numbers, file) != NULL)
        value = number_of(name, names, numbers);
    fclose(file);
    return value;
}
