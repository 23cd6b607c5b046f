/*
 * conclusion.c: what the class should remember of the demo, in at most three
 * lines; see timeline.h.
 */
#define _POSIX_C_SOURCE 200809L

#include "timeline.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Of the servers that printed all letters, those that served all their clients
 * at once, or the others. */
struct group {
    const struct timeline *timeline;
    bool all_at_once;
};

static bool belongs(const struct group *group, const struct server *server)
{
    return letters_lost(group->timeline, server) == 0 &&
           (server->at_once >= group->timeline->clients) == group->all_at_once;
}

/* Appends to a line as much as fits. */
static void append(struct conclusion *line, const char *format, ...)
{
    size_t used = strlen(line->text);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line->text + used, sizeof line->text - used, format, arguments);
    va_end(arguments);
}

/* Appends the group's names, and returns how many there are. */
static int append_names(struct conclusion *line, const struct group *group)
{
    int count = 0;

    for (int i = 0; i < group->timeline->servers; i++) {
        const struct server *server = &group->timeline->server[i];

        if (belongs(group, server))
            append(line, "%s%s", count++ == 0 ? "" : ", ", server->name);
    }
    return count;
}

/* Returns the longest wait in a group, of its clients called `letter` or, if
 * that is 0, of all. If `at_once` is not NULL, raises it to the most clients
 * that a server of the group had at once. */
static double longest_wait(const struct group *group, char letter, int *at_once)
{
    const struct timeline *timeline = group->timeline;
    double longest = 0;

    for (int i = 0; i < timeline->servers; i++) {
        const struct server *server = &timeline->server[i];
        double wait =
            letter == 0 ? server_wait(timeline, server)
                        : client_wait(timeline, &server->clients[letter - 'a']);

        if (!belongs(group, server))
            continue;
        if (wait > longest)
            longest = wait;
        if (at_once != NULL && server->at_once > *at_once)
            *at_once = server->at_once;
    }
    return longest;
}

/* Appends which clients had to wait: their letters, or how many they are. */
static void append_waiting(struct conclusion *line, const struct group *group)
{
    char letters[CLIENTS_MAX + 1] = "";
    int count = 0;

    for (int i = 0; i < group->timeline->clients; i++)
        if (is_long(group->timeline,
                    longest_wait(group, (char)('a' + i), NULL)))
            letters[count++] = (char)('a' + i);
    for (int i = 0; i < count && count <= 5; i++)
        append(line, "%s%c", i == 0 ? "" : ", ", letters[i]);
    if (count > 5)
        append(line, "%d clients", count);
}

static void conclude_group(const struct group *group, struct conclusion *line)
{
    char duration[DURATION_SIZE];
    int at_once = 0;
    double wait = longest_wait(group, 0, &at_once);

    format_duration(wait, duration);
    line->good = !is_long(group->timeline, wait);
    append(line, at_once == 1 ? ": one at a time" : ": %d at once", at_once);
    if (group->timeline->clients == 1) {
        append(line, ", and it waited %s at most.", duration);
    } else if (line->good) {
        append(line, ", nobody waited over %s.", duration);
    } else {
        append(line, group->all_at_once ? ", but " : ", so ");
        append_waiting(line, group);
        append(line, " waited up to %s.", duration);
    }
}

/* Writes which servers lost letters. Returns whether there are any. */
static bool conclude_lost(const struct timeline *timeline,
                          struct conclusion *line)
{
    int count = 0;

    *line = (struct conclusion){.good = false};
    for (int i = 0; i < timeline->servers; i++) {
        const struct server *server = &timeline->server[i];
        int lost = letters_lost(timeline, server);

        if (lost > 0)
            append(line, "%s %d at %s",
                   count++ == 0 ? "Letters never printed:" : ",", lost,
                   server->name);
    }
    append(line, ".");
    return count > 0;
}

int conclude(const struct timeline *timeline,
             struct conclusion lines[CONCLUSIONS_MAX])
{
    int count = 0;

    for (int all = 0; all <= 1; all++) {
        struct group group = {timeline, all};

        lines[count].text[0] = '\0';
        if (append_names(&lines[count], &group) > 0)
            conclude_group(&group, &lines[count++]);
    }
    return count + conclude_lost(timeline, &lines[count]);
}
