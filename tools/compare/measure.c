/*
 * measure.c: what the system knows about another process and about the kernel's
 * queues; measure.h says what each function returns.
 *
 * The CPU clock of another process is in POSIX and exact to the nanosecond. It
 * includes all threads, but not the children, which Linux lists in /proc. On
 * other systems only ps(1) is used.
 *
 * See clock_getcpuclockid(3), proc_pid_stat(5), proc_pid_smaps(5), proc_net(5).
 */
#define _POSIX_C_SOURCE 200809L

#include "measure.h"

#include "../clients/net.h"

#include <dirent.h>
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

/* A line of `ps -A -o pid= -o ppid= -o rss= -o time=`. */
struct process {
    long pid, parent;
    int64_t memory, time;
    bool counted; /* it belongs to the server */
};

/* Reads the time that ps shows: days, hours, minutes, seconds, and a fraction.
 */
static int64_t parse_time(char *text)
{
    int64_t seconds = 0;
    double part = 0;

    for (;;) {
        part = strtod(text, &text);
        if (*text != ':' && *text != '-')
            break;
        seconds = (seconds + (int64_t)part) * (*text == '-' ? 24 : 60);
        text++;
    }
    return seconds * SECOND + (int64_t)(part * 1e9);
}

/* Returns the lines of ps, `*count` of them. The caller frees them. */
static struct process *ask_ps(size_t *count)
{
    char line[256], time[64];
    FILE *ps = popen("ps -A -o pid= -o ppid= -o rss= -o time=", "r");
    struct process *all = NULL, one = {.counted = false};
    long kilobytes;

    *count = 0;
    while (ps != NULL && fgets(line, sizeof line, ps) != NULL) {
        if (sscanf(line, "%ld %ld %ld %63s", &one.pid, &one.parent, &kilobytes,
                   time) != 4)
            continue;
        one.memory = (int64_t)kilobytes * 1024;
        one.time = parse_time(time);
        all = resize(all, (*count + 1) * sizeof *all);
        all[(*count)++] = one;
    }
    if (ps != NULL)
        pclose(ps);
    return all;
}

/* Marks the children of those that are marked, and their children. */
static void mark_children(struct process *all, size_t count)
{
    bool again = true;

    while (again) {
        again = false;
        for (size_t i = 0; i < count; i++)
            for (size_t j = 0; j < count && !all[i].counted; j++)
                if (all[j].counted && all[j].pid == all[i].parent)
                    again = all[i].counted = true;
    }
}

/* What a process and its children have used. */
struct usage {
    int64_t own_time, time, memory;
};

/* Returns what ps shows about it, or UNKNOWN three times. */
static struct usage usage_of_ps(long pid)
{
    size_t count;
    struct process *all = ask_ps(&count);
    struct usage usage = {UNKNOWN, UNKNOWN, UNKNOWN};

    for (size_t i = 0; i < count; i++)
        if (all[i].pid == pid) {
            all[i].counted = true;
            usage = (struct usage){all[i].time, 0, 0};
        }
    mark_children(all, count);
    for (size_t i = 0; i < count; i++)
        if (all[i].counted) {
            usage.time += all[i].time;
            usage.memory += all[i].memory;
        }
    free(all);
    return usage;
}

/* Whether Linux's /proc is here, which has a process's threads and children. */
static bool has_proc(void)
{
    return access("/proc/self/task", F_OK) == 0;
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

static int64_t sum_of_children(long pid, int64_t (*measure)(long pid));

/* Returns the sum of what `measure` returns for the children that one thread
 * has started, and for all of theirs. */
static int64_t sum_of_thread(long pid, const char *thread,
                             int64_t (*measure)(long pid))
{
    char path[128];
    long child;
    int64_t sum = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/task/%.20s/children", pid, thread);
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

/* The same for a process, any of whose threads may have started children. */
static int64_t sum_of_children(long pid, int64_t (*measure)(long pid))
{
    char path[64];
    int64_t sum = 0;
    DIR *threads;

    snprintf(path, sizeof path, "/proc/%ld/task", pid);
    threads = opendir(path);
    if (threads == NULL)
        return 0;
    for (struct dirent *entry; (entry = readdir(threads)) != NULL;)
        if (entry->d_name[0] != '.')
            sum += sum_of_thread(pid, entry->d_name, measure);
    closedir(threads);
    return sum;
}

static int64_t cpu_time_now(long pid)
{
    int64_t time = cpu_time_of_clock(pid);
    struct usage usage;

    if (time != UNKNOWN && has_proc())
        return time + cpu_time_of_ended_children(pid) +
               sum_of_children(pid, cpu_time_of_clock);
    usage = usage_of_ps(pid);
    if (time == UNKNOWN || usage.time == UNKNOWN)
        return usage.time;
    return time + usage.time - usage.own_time;
}

int64_t cpu_time(long pid)
{
    static bool restless;
    int64_t time;

    if (pid == 0)
        return UNKNOWN;
    if (kill((pid_t)pid, 0) == -1 && errno == ESRCH)
        fail("there is no process %ld (any more)", pid);
    time = cpu_time_now(pid);
    for (int tries = 0; tries < 200 && !restless; tries++) {
        int64_t before = time;

        poll(NULL, 0, 5);
        time = cpu_time_now(pid);
        if (time == before)
            return time;
    }
    restless = true;
    return time;
}

/* Returns a process's share of the memory that is no part of a file, from
 * /proc/PID/smaps_rollup; before Linux 5.4, its share of all. For programs and
 * libraries this would depend on which other processes use them. */
static int64_t share_of_memory(long pid)
{
    char path[64], line[256];
    long kilobytes;
    int64_t all = UNKNOWN, memory = UNKNOWN;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/smaps_rollup", pid);
    file = fopen(path, "r");
    if (file == NULL)
        return UNKNOWN;
    while (fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "Pss: %ld kB", &kilobytes) == 1)
            all = (int64_t)kilobytes * 1024;
        else if (sscanf(line, "Pss_Anon: %ld kB", &kilobytes) == 1 ||
                 sscanf(line, "Pss_Shmem: %ld kB", &kilobytes) == 1)
            memory = (memory == UNKNOWN ? 0 : memory) + kilobytes * 1024;
    fclose(file);
    return memory == UNKNOWN ? all : memory;
}

int64_t resident_memory(long pid)
{
    int64_t memory;

    if (pid == 0)
        return UNKNOWN;
    memory = share_of_memory(pid);
    if (memory == UNKNOWN)
        return usage_of_ps(pid).memory;
    return memory + sum_of_children(pid, share_of_memory);
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
