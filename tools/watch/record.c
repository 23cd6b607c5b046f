/*
 * record.c: keeps what happened in a session; see record.h.
 *
 * The file of events has a line for each, with seven fields and tabs between
 * them: seconds since 1970, server, event, address, name, how many bytes
 * waited, and the wait in seconds that ends with it. It ends after EVENTS_MAX
 * lines, so that no client fills the disk.
 */
#define _POSIX_C_SOURCE 200809L

#include "record.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { EVENTS_MAX = 100000 };

static FILE *file;
static bool plain;
static long events;
static double since_1970; /* when the clock of the rooms was 0 */

bool open_record(const char *path, bool also_print)
{
    struct timespec real, clock;

    clock_gettime(CLOCK_REALTIME, &real);
    clock_gettime(CLOCK_MONOTONIC, &clock);
    since_1970 = (double)(real.tv_sec - clock.tv_sec) +
                 (double)(real.tv_nsec - clock.tv_nsec) / 1e9;
    plain = also_print;
    file = fopen(path, "w");
    return file != NULL &&
           fputs("time\tserver\tevent\taddress\tname\tbytes\twait\n", file) !=
               EOF;
}

/* Prints an event as a line. Of one that sends all the time, one line a second
 * is enough. */
static void print_event(const struct room *room, struct person *person,
                        const char *event, long bytes, double wait)
{
    static const char *const words[][2] = {{"connect", "connects"},
                                           {"name", "this is its name"},
                                           {"left", "closes its side"},
                                           {"reset", "resets"},
                                           {"close", "is disconnected"}};
    char text[DURATION_SIZE];

    if (strcmp(event, "send") == 0 || strcmp(event, "print") == 0) {
        if (person->told != 0 && room->now - person->told < 1)
            return;
        person->told = room->now;
    }
    printf("%s: %s%s%s: ", room->label, person->name,
           *person->name == '\0' ? "" : " at ", person->client.address);
    format_duration(wait, text);
    if (strcmp(event, "send") == 0)
        printf("has sent something, bytes that wait: %ld\n", bytes);
    else if (strcmp(event, "print") == 0)
        printf("what it has sent is printed, after %s\n", text);
    else if (strcmp(event, "accept") == 0)
        printf("is accepted, after %s\n", text);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(event, words[i][0]) == 0)
            puts(words[i][1]);
}

void record(const struct room *room, struct person *person, const char *event,
            double time, long bytes, double wait)
{
    if (plain)
        print_event(room, person, event, bytes, wait);
    if (file == NULL || events == EVENTS_MAX)
        return;
    fprintf(file, "%.3f\t%s\t%s\t%s\t%s\t%ld\t%.3f\n",
            since_1970 + room->start + time, room->label, event,
            person->client.address, person->name, bytes, wait);
    if (++events == EVENTS_MAX)
        fputs("what follows is not recorded\n", file);
}

bool close_record(void)
{
    bool failed = ferror(file);

    return fclose(file) == 0 && !failed;
}

/* Writes a number of people as a word, if it is small. */
static const char *number(int count, char text[16])
{
    static const char *const words[] = {
        "nobody", "one",   "two",  "three", "four",   "five",  "six",
        "seven",  "eight", "nine", "ten",   "eleven", "twelve"};

    if (count < (int)(sizeof words / sizeof *words))
        return words[count];
    snprintf(text, 16, "%d", count);
    return text;
}

/* Says how many of those who waited did so to the end. */
static void describe_last(const struct room *room, char *text, size_t size)
{
    char count[16];

    if (room->still_waiting == 0)
        snprintf(text, size, "%s", "");
    else if (room->late == 1)
        snprintf(text, size, ", to the end");
    else
        snprintf(text, size, ", %s of them to the end",
                 room->still_waiting >= room->late
                     ? "all"
                     : number(room->still_waiting, count));
}

void describe_room(const struct room *room, char text[SENTENCE_SIZE])
{
    char count[16], last[48], wait[DURATION_SIZE];

    format_duration(room->longest, wait);
    describe_last(room, last, sizeof last);
    if (room->total == 0)
        snprintf(text, SENTENCE_SIZE, "nobody connected");
    else if (room->view == NOTHING)
        snprintf(text, SENTENCE_SIZE, "who waited could not be seen");
    else if (room->late == 0)
        snprintf(text, SENTENCE_SIZE, "nobody waited over %s", wait);
    else
        snprintf(text, SENTENCE_SIZE, "%s waited up to %s%s",
                 number(room->late, count), wait, last);
}

void describe_session(struct room *const *rooms, int count,
                      char text[SENTENCE_SIZE])
{
    bool same = true;
    size_t used = 0;

    for (int i = 1; i < count; i++)
        same = same && rooms[i]->total == rooms[0]->total;
    *text = '\0';
    if (count > 0 && same && rooms[0]->total > 0)
        used = (size_t)snprintf(text, SENTENCE_SIZE, "%d %s; ", rooms[0]->total,
                                rooms[0]->total == 1 ? "person" : "people");
    for (int i = 0; i < count && used < SENTENCE_SIZE; i++) {
        char what[SENTENCE_SIZE], people[24] = "";

        describe_room(rooms[i], what);
        if (!same && rooms[i]->total > 0)
            snprintf(people, sizeof people, " (%d %s)", rooms[i]->total,
                     rooms[i]->total == 1 ? "person" : "people");
        used += (size_t)snprintf(text + used, SENTENCE_SIZE - used,
                                 "with %s%s%s %s%s", rooms[i]->label, people,
                                 rooms[i]->late > 0 ? "," : "", what,
                                 i < count - 1 ? "; " : ".");
    }
}
