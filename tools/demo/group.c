/*
 * group.c: finds out which servers behave alike; see group.h. It uses only the
 * record, not the names.
 */
#define _POSIX_C_SOURCE 200809L

#include "group.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- Which are alike -------------------------------------------------------
 */

/* Returns when a client was accepted, from the start on: until then no client
 * has anything to wait for. */
static double accepted(const struct timeline *timeline,
                       const struct client *client)
{
    double time = client->accepted == NEVER ? timeline->now : client->accepted;

    return time < 0 ? 0 : time;
}

static bool are_near(const struct timeline *timeline, double one, double other)
{
    return !is_long(timeline, one < other ? other - one : one - other);
}

static bool clients_alike(const struct timeline *timeline,
                          const struct client *one, const struct client *other)
{
    int sent = one->sent < other->sent ? one->sent : other->sent;

    if (!are_near(timeline, accepted(timeline, one), accepted(timeline, other)))
        return false;
    for (int i = 0; i < sent; i++)
        if (!are_near(timeline, letter_wait(timeline, &one->letters[i]),
                      letter_wait(timeline, &other->letters[i])))
            return false;
    return !timeline->over || one->printed == other->printed;
}

static bool servers_alike(const struct timeline *timeline,
                          const struct server *one, const struct server *other)
{
    if (one->own || other->own || one->at_once != other->at_once)
        return false;
    for (int i = 0; i < timeline->clients; i++)
        if (!clients_alike(timeline, &one->clients[i], &other->clients[i]))
            return false;
    return true;
}

int group_servers(const struct timeline *timeline, bool apart,
                  struct group groups[SERVERS_MAX])
{
    int count = 0;

    for (int i = 0; i < timeline->servers; i++) {
        int at = apart ? count : 0;

        while (at < count &&
               !servers_alike(timeline, &timeline->server[i],
                              group_server(timeline, &groups[at])))
            at++;
        if (at == count)
            groups[count++].count = 0;
        groups[at].servers[groups[at].count++] = i;
    }
    return count;
}

/* Each client is compared with its neighbour, because each begins a
 * little later than the one before it, and the first and the last of
 * many differ more. */
int alike_clients(const struct timeline *timeline, const struct group *group,
                  int first)
{
    int next = first + 1;

    for (; next < timeline->clients; next++)
        for (int i = 0; i < group->count; i++) {
            const struct client *clients =
                timeline->server[group->servers[i]].clients;

            if (!clients_alike(timeline, &clients[next - 1], &clients[next]))
                return next - first;
        }
    return next - first;
}

const struct server *group_server(const struct timeline *timeline,
                                  const struct group *group)
{
    return &timeline->server[group->servers[0]];
}

double group_wait(const struct timeline *timeline, const struct group *group,
                  int first, int count)
{
    double longest = 0;

    for (int i = 0; i < group->count; i++)
        for (int j = first; j < first + count; j++) {
            double wait = client_wait(
                timeline, &timeline->server[group->servers[i]].clients[j]);

            if (wait > longest)
                longest = wait;
        }
    return longest;
}

/* --- What happened, in words -----------------------------------------------
 */

/* Appends as much as fits. */
static void append(char text[GROUP_TEXT_SIZE], const char *format, ...)
{
    size_t used = strlen(text);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text + used, GROUP_TEXT_SIZE - used, format, arguments);
    va_end(arguments);
}

char *group_names(const struct timeline *timeline, const struct group *group,
                  char text[GROUP_TEXT_SIZE])
{
    *text = '\0';
    for (int i = 0; i < group->count; i++)
        append(text, "%s%s", i == 0 ? "" : ", ",
               timeline->server[group->servers[i]].label);
    return text;
}

char *group_at_once(const struct timeline *timeline, const struct group *group,
                    char text[GROUP_TEXT_SIZE])
{
    const struct server *server = group_server(timeline, group);

    *text = '\0';
    if (timeline->clients == 1)
        return text;
    if (server->own && server->accepts == 0)
        append(text, "unknown how many at once");
    else if (server->at_once == 1)
        append(text, "one at a time");
    else if (server->at_once > 1)
        append(text, "%d at once", server->at_once);
    return text;
}

/* Appends which clients had to wait: their letters, or how many they are. */
static void append_waiting(const struct timeline *timeline,
                           const struct group *group,
                           char text[GROUP_TEXT_SIZE])
{
    char letters[CLIENTS_MAX + 1] = "";
    int count = 0;

    for (int i = 0; i < timeline->clients; i++)
        if (is_long(timeline, group_wait(timeline, group, i, 1)))
            letters[count++] = (char)('a' + i);
    if (count > 5 && letters[count - 1] - letters[0] == count - 1)
        append(text, "%c to %c", letters[0], letters[count - 1]);
    else if (count > 5)
        append(text, "%d clients", count);
    else
        for (int i = 0; i < count; i++)
            append(text, "%s%c", i == 0 ? "" : ", ", letters[i]);
}

/* Appends how many letters were never printed. Returns whether there are any.
 */
static bool append_lost(const struct timeline *timeline,
                        const struct group *group, char text[GROUP_TEXT_SIZE])
{
    int lost = 0;

    for (int i = 0; timeline->over && i < group->count; i++)
        lost += letters_lost(timeline, &timeline->server[group->servers[i]]);
    if (lost > 0)
        append(text, "%s%d letter%s never printed.", *text == '\0' ? "" : ", ",
               lost, lost == 1 ? " was" : "s were");
    return lost > 0;
}

bool conclude(const struct timeline *timeline, const struct group *group,
              char text[GROUP_TEXT_SIZE])
{
    double wait = group_wait(timeline, group, 0, timeline->clients);
    int at_once = group_server(timeline, group)->at_once;
    bool good = !is_long(timeline, wait);
    char duration[DURATION_SIZE];

    group_at_once(timeline, group, text);
    if (append_lost(timeline, group, text))
        return false;
    if (wait == 0)
        return true; /* no client has sent anything yet */
    format_duration(wait, duration);
    if (timeline->clients == 1) {
        append(text, "one client alone, which waited up to %s.", duration);
    } else if (good) {
        append(text, ", no client waited over %s.", duration);
    } else {
        append(text, at_once == 0                   ? ", and "
                     : at_once >= timeline->clients ? ", but "
                                                    : ", so ");
        append_waiting(timeline, group, text);
        append(text, " waited up to %s.", duration);
    }
    return good;
}

size_t line_length(const char *text, size_t most)
{
    if (strlen(text) <= most)
        return strlen(text);
    for (size_t length = most; length > 1; length--)
        if (text[length] == ' ' && !isdigit((unsigned char)text[length - 1]))
            return length;
    return most;
}
